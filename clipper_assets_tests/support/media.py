"""Makes small videos with ffmpeg, and reads the frames and samples of a file."""

import json
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from clipper_assets.camera.direction.path import still
from clipper_assets.captions.lines import CaptionWord
from clipper_assets.captions.styles import load_style
from clipper_assets.clips.cuts import TimeMap
from clipper_assets.clips.plan import ClipPlan, output_fps
from clipper_assets.clips.rendering.encoders import Encoder
from clipper_assets.clips.rendering.render import Rendered, render_clip
from clipper_assets.episodes.probe import probe_upload
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.ffmpeg import run
from clipper_assets.media.frame import FRAMES, Aspect, Box, Frame
from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples
from clipper_assets.shows.show import Layout
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.transcript.words import Word

SAMPLE = Path(__file__).parents[2] / "sample"

FAST = Encoder("libx264", (("preset", "ultrafast"), ("crf", "20")))
"""The fastest encoder, for tests that do not check quality."""

SMALL = Frame(270, 480, Box(16, 67, 221, 245))
"""A portrait clip at a quarter of its width and height, for tests that only check times."""

Picture = NDArray[np.uint8]
"""Grey values of shape (height, width), or colours of shape (height, width, 3)."""


def make(target: Path, *arguments: str) -> Path:
    """Write `target` with ffmpeg and these arguments, and return it."""
    run(["-y", *arguments, f"file:{target}"])
    return target


def lavfi(picture: str, sound: str = "sine=f=440:r=48000") -> list[str]:
    """Arguments for two lavfi inputs, a video and an audio source."""
    return ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound]


def source_of(file: Path) -> RawVideo:
    """The value of `raw_video` for a file."""
    probe = probe_upload(DirectoryStorage(root=str(file.parent)), file.name, 0.1)
    facts = asdict(probe) | {"duration_s": probe.duration_s or 0.0}
    return RawVideo(**facts, episode=file.name, key=file.name, etag="etag", speech_key="", loudness_key="")


def words(text: str, *, each_s: float = 0.4, start_s: float = 0.0) -> tuple[CaptionWord, ...]:
    """The words of `text`, each `each_s` long, without pauses between them."""
    return tuple(
        CaptionWord(word, start_s + number * each_s, start_s + (number + 1) * each_s, sentence=0, speaker=None)
        for number, word in enumerate(text.split())
    )


def plan_of(source: RawVideo, start_s: float = 0.0, frames: int = 50, **changes: Any) -> ClipPlan:
    """A plan of `frames` frames in style `pop` and layout `fit`, without captions."""
    fps = output_fps(source)
    plan: dict[str, Any] = {
        "index": 0,
        "etag": source.etag,
        "start_s": start_s,
        "end_s": start_s + float(frames / fps),
        "fps": fps,
        "frame": FRAMES[Aspect.portrait],
        "cuts": TimeMap.whole(float(frames / fps)),
        "words": (),
        "style": load_style("pop"),
        "hook": None,
        "camera": still(Layout.fit, source, "requested layout"),
    }
    return ClipPlan(**plan | changes)


def render(plan: ClipPlan, file: Path, folder: Path, encoder: Encoder = FAST, *, proxy: bool = False) -> Rendered:
    """Render `plan` from `file` into the new folder `folder`."""
    folder.mkdir()
    return render_clip(plan, source_of(file), f"file:{file}", encoder, folder, lambda _: None, proxy=proxy)


def frames(file: Path, pixels: str = "gray") -> Iterator[tuple[float, Picture]]:
    """Yield the time in seconds and the pixels of every frame."""
    with av.open(f"file:{file}") as container:
        for frame in container.decode(video=0):
            yield float(frame.time or 0.0), frame.to_ndarray(format=pixels).astype(np.uint8, copy=False)


def frame_at(file: Path, time_s: float, pixels: str = "gray") -> Picture:
    """The frame that is shown at `time_s`."""
    return [picture for at_s, picture in frames(file, pixels) if at_s <= time_s + 1e-6][-1]


def samples(file: Path) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """The times in seconds and the values of all samples, mixed to mono."""
    times, values = [], []
    with av.open(f"file:{file}") as container:
        resampler = av.AudioResampler(format="fltp", layout="mono")
        for decoded in container.decode(audio=0):
            for frame in resampler.resample(decoded):
                values.append(frame.to_ndarray()[0])
                times.append(float(frame.time or 0.0) + np.arange(frame.samples) / frame.sample_rate)
    return np.concatenate(times), np.concatenate(values)


def two_microphones(bleed_db: float) -> tuple[list[Samples], list[Word]]:
    """The sample's host and guest, each on a microphone that also records the other `bleed_db` quieter; and the words.

    `channel` of a word is its microphone: 0 for the host, 1 for the guest.
    """
    mixed = _sample_speech()
    words = sample_words()
    voices = []
    for channel in (0, 1):
        voice = np.zeros_like(mixed)
        for turn in {word.segment for word in words if word.channel == channel}:
            spoken = [word for word in words if word.segment == turn]
            first = round((spoken[0].start - 0.2) * SPEECH_RATE_HZ)
            last = round((spoken[-1].end + 0.15) * SPEECH_RATE_HZ)
            voice[max(first, 0) : last] = mixed[max(first, 0) : last]
        voices.append(voice)
    bleed = 10 ** (-bleed_db / 20)
    hiss = np.random.default_rng(7).normal(0, 10 ** (-65 / 20), (2, len(mixed)))
    return [
        (voice + bleed * other + noise).astype(np.float32)
        for voice, other, noise in zip(voices, reversed(voices), hiss, strict=True)
    ], words


def sample_words() -> list[Word]:
    """Every word of the sample episode; `segment` is the sentence, `channel` 0 for the host and 1 for the guest."""
    sentences = json.loads((SAMPLE / "truth.json").read_text())["sentences"]
    return [
        Word(word["word"], word["start"], word["end"], number, channel=int(sentence["speaker"] == "guest"))
        for number, sentence in enumerate(sentences)
        for word in sentence["words"]
    ]


@cache
def _sample_speech() -> Samples:
    speech = speech_of(SAMPLE / "episode.mp4")
    speech.flags.writeable = False
    return speech


def speech_of(file: Path) -> Samples:
    """The audio of a file in the form that engines get: 16 kHz mono."""
    with av.open(f"file:{file}") as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=SPEECH_RATE_HZ)
        blocks = [
            frame.to_ndarray()[0] for decoded in container.decode(audio=0) for frame in resampler.resample(decoded)
        ]
    return np.concatenate(blocks).astype(np.float32)


def microphone_video(target: Path, tracks: Sequence[Samples], *, as_streams: bool, late_s: float = 0.0) -> Path:
    """A small video with each track as an audio channel, or as a stream, the last of which starts `late_s` late."""
    sounds = []
    for number, track in enumerate(tracks):
        skipped_samples = round(late_s * SPEECH_RATE_HZ) if number == len(tracks) - 1 else 0
        raw = target.with_name(f"{target.stem}_{number}.f32")
        raw.write_bytes(track[skipped_samples:].astype("<f4").tobytes())
        sounds += ["-f", "f32le", "-ar", str(SPEECH_RATE_HZ), "-ac", "1", "-i", str(raw)]
    seconds = len(tracks[0]) / SPEECH_RATE_HZ
    picture = ["-f", "lavfi", "-i", f"color=c=gray:s=64x36:r=5:d={seconds}"]
    inputs = range(1, len(tracks) + 1)
    if as_streams:
        mapped = [argument for number in inputs for argument in ("-map", f"{number}:a")]
        mapped += [f"-filter:a:{len(tracks) - 1}", f"asetpts=PTS+{late_s}/TB"]
    else:
        joined = "".join(f"[{number}:a]" for number in inputs)
        mapped = ["-filter_complex", f"{joined}amerge=inputs={len(tracks)}[a]", "-map", "[a]"]
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "pcm_s16le", "-ar", "48000"]
    return make(target, *picture, *sounds, "-map", "0:v", *mapped, *codecs)


def write_flac(target: Path, speech: Samples) -> None:
    """Write speech as FLAC, the format in which `raw_video` stores it."""
    with av.open(str(target), "w") as container:
        stream = container.add_stream("flac", rate=SPEECH_RATE_HZ, layout="mono")
        pcm = (np.clip(speech, -1, 1) * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(pcm[None], format="s16", layout="mono")
        frame.sample_rate = SPEECH_RATE_HZ
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)


def with_sound(video: Path, tracks: Sequence[Samples], target: Path) -> Path:
    """Copy a video and replace its audio by AAC with each track as a channel."""
    inputs = []
    for number, track in enumerate(tracks):
        file = target.with_name(f"{target.stem}_{number}.flac")
        write_flac(file, track)
        inputs += ["-i", str(file)]
    merged = "".join(f"[{number}:a]" for number in range(1, len(tracks) + 1)) + f"amerge=inputs={len(tracks)}[a]"
    sound = ["-filter_complex", merged, "-map", "0:v", "-map", "[a]", "-c:a", "aac", "-b:a", "192k"]
    return make(target, "-i", str(video), *inputs, *sound, "-c:v", "copy")


def picture_bomb(target: Path, side_px: int = 16_000) -> Path:
    """A Matroska file of a few kB with 8 s of sound and a PNG of `side_px` x `side_px` pixels of 64 bits."""
    header = struct.pack(">IIBBBBB", side_px, side_px, 16, 6, 0, 0, 0)
    rows = zlib.compress(bytes(10 * (8 * side_px + 1)))
    chunks = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    picture = target.with_suffix(".png")
    picture.write_bytes(png)
    sound = ["-f", "lavfi", "-i", "sine=r=8000:duration=8"]
    run(["-f", "png_pipe", "-i", str(picture), *sound, "-c:v", "copy", "-f", "matroska", str(target)])
    picture.unlink()
    return target
