"""Make the sample episode: episode.mp4, its exact truth.json and its captions episode.srt.

    apt-get install flite
    python -m pip install av numpy pillow scikit-image matplotlib "opencv-python-headless<5"
    python sample/make_sample.py [FOLDER]

Everything is seeded: the same versions of the tools make the same files. It takes about four minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from faces import PORTRAITS, TILE_HEIGHT, TILE_WIDTH, Bytes, Person, Pose
from PIL import Image, ImageDraw, ImageFilter
from voices import GUEST, HOST, OUT_RATE, VOICES, Span, Talk, captions, make_talk, srt

FPS = 25
WIDTH, HEIGHT = 2 * TILE_WIDTH, TILE_HEIGHT
LEFT = {HOST: 0, GUEST: TILE_WIDTH}
DESK = 634  # the desk's far edge
MICROPHONES = ((470, 545), (810, 545))  # the middles of their heads

Floats = npt.NDArray[np.float64]

# How each phone holds the mouth: how far open, how wide (below 0: rounded).
SHUT, NARROW = (-0.4, 0.0), (0.16, 0.05)
PHONES: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("m", "b", "p"), SHUT),
    **dict.fromkeys(("f", "v"), (0.05, 0.05)),
    **dict.fromkeys(("s", "z", "t", "d", "n", "dh", "th", "l", "ng", "k", "g"), NARROW),
    **dict.fromkeys(("ch", "jh", "sh", "zh", "r", "er", "axr"), (0.22, -0.15)),
    **dict.fromkeys(("w", "uw", "uh"), (0.25, -0.3)),
    **dict.fromkeys(("ow", "ao", "oy"), (0.6, -0.22)),
    **dict.fromkeys(("aa", "aw", "ay"), (0.95, 0.0)),
    **dict.fromkeys(("ae", "ah", "eh"), (0.75, 0.06)),
    **dict.fromkeys(("ey", "ih", "ax", "hh"), (0.42, 0.06)),
    **dict.fromkeys(("iy", "y"), (0.3, 0.12)),
}
REACH = {HOST: (0.85, -0.08), GUEST: (1.2, 0.0)}  # the widest opening, and the width added while it is open
BLINK = (0.5, 1.0, 1.0, 0.6, 0.25)  # a blink, frame by frame


def poses(talk: Talk, speaker: str, frames: int, seed: int) -> list[Pose]:
    """Move a person through the talk: the mouth follows the person's own phones and loudness, the rest is chance."""
    random = np.random.default_rng(seed)
    mouth = _mouth(talk, talk.phones[speaker], frames)
    most, widen = REACH[speaker]
    opening = mouth[:, 0] * np.where(mouth[:, 0] > 0, most, 1.0)
    if not PORTRAITS[speaker].teeth:
        opening = np.maximum(opening, 0)
    width = mouth[:, 1] + widen * np.clip(mouth[:, 0], 0, 1)
    blink = np.zeros(frames + len(BLINK))
    at = random.uniform(1, 3)
    while at * FPS < frames:
        blink[int(at * FPS) : int(at * FPS) + len(BLINK)] = BLINK
        at += random.uniform(2.4, 5.6)
    time = np.arange(frames) / FPS

    def wander(size: float) -> Floats:
        slow, fast = random.uniform(0.06, 0.1), random.uniform(0.17, 0.26)
        turns = random.uniform(0, 2 * np.pi, 2)
        waves = 0.7 * np.sin(2 * np.pi * slow * time + turns[0]) + 0.3 * np.sin(2 * np.pi * fast * time + turns[1])
        return np.asarray(size * waves)

    lively = _smooth(np.clip(mouth[:, 0], 0, 1), 6.0)
    x, y, tilt = wander(2.4), wander(1.0) + 5 * lively, wander(0.35)
    tilt += 0.6 * lively * np.sin(2 * np.pi * 0.4 * time)
    return [
        Pose(float(opening[n]), float(width[n]), float(blink[n]), (float(x[n]), float(y[n])), float(tilt[n]))
        for n in range(frames)
    ]


def _mouth(talk: Talk, phones: list[Span], frames: int) -> Floats:
    """Return the opening and the width of the mouth in the middle of each frame."""
    rate = 200
    track = np.zeros((frames * rate // FPS, 2))
    for phone in phones:
        if phone.text != "pau":
            track[round(phone.start * rate) : round(phone.end * rate)] = PHONES[phone.text]
    step = OUT_RATE // rate
    power = (talk.sound[: len(track) * step].reshape(-1, step) ** 2).mean(axis=1)
    loudness = np.sqrt(_smooth(power, 4.0))
    loudness /= np.percentile(loudness[track.any(axis=1)], 80)
    track[:, 0] *= np.where(track[:, 0] > 0, 0.55 + 0.45 * np.clip(loudness, 0, 1.2), 1.0)
    smooth = np.stack([_smooth(column, 0.026 * rate) for column in track.T], axis=1)
    return smooth[(np.arange(frames) * rate + rate // 2) // FPS]


def _smooth(values: Floats, sigma: float) -> Floats:
    reach = int(3 * sigma) + 1
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return np.convolve(values, taps / taps.sum(), mode="same")


def backdrops() -> dict[str, Bytes]:
    """A wall with soft lamps behind each person, with a little dither against banding."""
    random = np.random.default_rng(11)
    colours = {HOST: ((62, 84, 92), (226, 168, 104)), GUEST: ((84, 76, 98), (236, 150, 118))}
    made = {}
    y, x = np.mgrid[0:TILE_HEIGHT, 0:TILE_WIDTH]
    for speaker, (wall, lamp) in colours.items():
        glow = np.exp(-(((x - 320) / 330) ** 2) - ((y - 300) / 380) ** 2)[..., None]
        tile = np.array(wall) * (0.42 + 0.75 * glow)
        for _ in range(9):
            cx, cy, radius = random.uniform(0, TILE_WIDTH), random.uniform(20, 520), random.uniform(16, 46)
            disc = np.clip((radius - np.hypot(x - cx, y - cy)) / 9 + 0.5, 0, 1)[..., None]
            tile += np.array(lamp) * disc * random.uniform(0.05, 0.16)
        tile += random.uniform(-0.5, 0.5, tile.shape)
        made[speaker] = np.clip(tile, 0, 255).astype(np.uint8)
    return made


def foreground() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Draw what stands before the people (desk, microphones, the line between the halves): colours and opacity."""
    scale = 2
    layer = Image.new("RGBA", (WIDTH * scale, HEIGHT * scale))
    draw = ImageDraw.Draw(layer)

    def box(x: float, y: float, x2: float, y2: float) -> tuple[float, float, float, float]:
        return x * scale, y * scale, x2 * scale, y2 * scale

    draw.rectangle(box(TILE_WIDTH - 3, 0, TILE_WIDTH + 3, HEIGHT), fill=(18, 20, 24, 255))
    for row in range(DESK, HEIGHT):
        shade = 1 - 0.55 * (row - DESK) / (HEIGHT - DESK)
        draw.rectangle(box(0, row, WIDTH, row + 1), fill=(int(96 * shade), int(66 * shade), int(46 * shade), 255))
    draw.rectangle(box(0, DESK, WIDTH, DESK + 3), fill=(138, 98, 70, 255))
    for x, y in MICROPHONES:
        draw.ellipse(box(x - 62, 668, x + 62, 694), fill=(16, 17, 19, 255))
        draw.rectangle(box(x - 5, y, x + 5, 682), fill=(38, 40, 44, 255))
        draw.rounded_rectangle(box(x - 34, y - 62, x + 34, y + 62), radius=34 * scale, fill=(30, 32, 36, 255))
        draw.rounded_rectangle(box(x - 29, y - 57, x + 29, y + 8), radius=29 * scale, fill=(74, 78, 84, 255))
        for line in range(-50, 6, 7):
            inset = max(0.0, 29 - (29**2 - max(0.0, -28.0 - line) ** 2) ** 0.5)
            draw.line(box(x - 29 + inset, y + line, x + 29 - inset, y + line), fill=(44, 47, 52, 255), width=2 * scale)
        draw.rectangle(box(x - 34, y + 8, x + 34, y + 14), fill=(176, 142, 84, 255))
        draw.rounded_rectangle(box(x - 25, y - 46, x - 18, y + 50), radius=3 * scale, fill=(92, 96, 102, 255))
    small = layer.filter(ImageFilter.GaussianBlur(0.7)).resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    pixels = np.asarray(small, np.float32)
    return pixels[..., :3], pixels[..., 3:] / np.float32(255)


def film(talk: Talk, people: dict[str, Person], path: Path) -> None:
    """Draw and encode the episode."""
    frames = round(talk.seconds * FPS)
    acts = {speaker: poses(talk, speaker, frames, seed) for seed, speaker in enumerate(people)}
    behind = backdrops()
    colours, opacity = foreground()
    rows = slice(int(np.nonzero(opacity[:, : TILE_WIDTH - 4].any(axis=(1, 2)))[0][0]), HEIGHT)
    middle = slice(TILE_WIDTH - 4, TILE_WIDTH + 4)
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    with av.open(str(path), "w", options={"movflags": "+faststart", "fflags": "+bitexact"}) as out:
        video = out.add_stream("libx264", rate=FPS, options={"crf": "28", "preset": "slow", "threads": "2"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.codec_context.gop_size = 5 * FPS
        video.codec_context.colorspace, video.codec_context.color_range = 1, 1  # BT.709, limited
        video.codec_context.color_primaries, video.codec_context.color_trc = 1, 1
        audio = out.add_stream("aac", rate=OUT_RATE, layout="stereo")
        audio.bit_rate = 96_000
        samples = OUT_RATE // FPS
        for number in range(frames):
            for speaker, person in people.items():
                left = LEFT[speaker]
                picture[:, left : left + TILE_WIDTH] = person.draw(acts[speaker][number], behind[speaker])
            for part in (np.s_[rows, :], np.s_[: rows.start, middle]):
                mixed = picture[part] + (colours[part] - picture[part]) * opacity[part]
                picture[part] = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            out.mux(video.encode(frame))
            heard = np.tile(talk.sound[number * samples : (number + 1) * samples].astype(np.float32), (2, 1))
            sound = av.AudioFrame.from_ndarray(heard, format="fltp", layout="stereo")
            sound.sample_rate, sound.pts, sound.time_base = OUT_RATE, number * samples, Fraction(1, OUT_RATE)
            out.mux(audio.encode(sound))
        out.mux(video.encode(None))
        out.mux(audio.encode(None))


def truth(talk: Talk, people: dict[str, Person]) -> dict[str, object]:
    speakers = {}
    for speaker, person in people.items():
        x, y, width, height = person.face
        speakers[speaker] = {"voice": VOICES[speaker], "face": [LEFT[speaker] + x, y, width, height]}
    sentences = [
        {
            "speaker": sentence.speaker,
            "text": sentence.text,
            "start": round(sentence.start, 4),
            "end": round(sentence.end, 4),
            "words": [
                {"word": word.text, "start": round(word.start, 4), "end": round(word.end, 4)} for word in sentence.words
            ],
        }
        for sentence in talk.sentences
    ]
    return {
        "duration": round(talk.seconds, 4),
        "fps": FPS,
        "width": WIDTH,
        "height": HEIGHT,
        "speakers": speakers,
        "sentences": sentences,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    talk = make_talk()
    people = {speaker: Person(PORTRAITS[speaker]) for speaker in (HOST, GUEST)}
    (folder / "truth.json").write_text(json.dumps(truth(talk, people), indent=1) + "\n", encoding="utf-8")
    (folder / "episode.srt").write_text(srt(captions(talk.sentences)), encoding="utf-8")
    film(talk, people, folder / "episode.mp4")
    print(f"{folder / 'episode.mp4'}: {talk.seconds:.2f} s, {len(talk.sentences)} sentences")


if __name__ == "__main__":
    main()
