"""Generates source videos of any size, bit rate and length for the benchmark, with grain, from the sample."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.repeat import Span, repeat
from clipper_assets.episodes.probe import probe_upload
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.ffmpeg import run
from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.transcript.words import Word, words_table

SAMPLE = Path(__file__).parent.parent / "sample"
FPS = 30
TICK_S = Fraction(8, 15)
"""The shortest time of whole frames, both of 30 fps video (16) and of AAC at 48 kHz (25): loops are multiples of it."""
NOISE = f"framerate={FPS},noise=alls=7:allf=t:all_seed=1"
"""Blends 25 fps to 30, and adds noise like that of a camera in a dim room, so that no two frames are equal."""
PHASE_S = 4.0
"""The windows begin this long after the start of a loop, so that all show the same frames after the same key frame. It
is the mean distance to a key frame, because these are at most 8.3 s apart."""
KEPT_S = 20.0
"""How much can be decoded before and after a window, and at both ends of an episode, whose last ten seconds the probe
reads."""


@dataclass(frozen=True)
class Footage:
    """The first `ticks` ticks of the sample in a size and at a bit rate, with a key frame every `gop` frames."""

    width_px: int
    height_px: int
    mbit_s: int
    ticks: int
    gop: int = 250

    @property
    def name(self) -> str:
        return f"{self.height_px}p_{self.mbit_s}Mbit_{self.ticks}_gop{self.gop}"

    @property
    def loop_s(self) -> Fraction:
        return self.ticks * TICK_S


FULL_HD = Footage(1920, 1080, 8, 90)
HIGH_RATE, UHD = Footage(1920, 1080, 50, 36), Footage(3840, 2160, 25, 36)
"""Shorter loops, because they are encoded once for windows of ten seconds."""
MANY_KEYS = Footage(1920, 1080, 8, 36, gop=30)
"""As of a camera or a phone, which make one or two key frames a second."""


@dataclass(frozen=True)
class Window:
    """The start and end of a clip in the episode, in seconds."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Episode:
    """A source that repeats its footage, and the window in its middle."""

    file: Path
    source: RawVideo
    words: pa.Table
    speech: Path
    window: Window
    named_words: pa.Table
    """The same words with their speakers, as diarization names them."""

    @property
    def index_mb(self) -> float:
        """Size of the mp4's index (its `moov` box), which every reader needs and which grows with the length."""
        with self.file.open("rb") as stream:
            while header := stream.read(8):
                size, kind = int.from_bytes(header[:4]), header[4:]
                size = int.from_bytes(stream.read(8)) if (large := size == 1) else size
                if kind == b"moov":
                    return size / 1e6
                stream.seek(size - (16 if large else 8), 1)
        raise ValueError(f"{self.file} has no moov box")

    def load_speech(self) -> Samples:
        """Loads the speech of the whole episode, memory-mapped, so that unused parts take no memory."""
        samples: Samples = np.load(self.speech, mmap_mode="r")
        return samples


def make_episode(folder: Path, footage: Footage, minutes: int, window_s: float, *, whole: bool = False) -> Episode:
    """Returns an episode of that length in `folder` with a window of `window_s` seconds; creates missing files.

    Unless `whole`, only its ends and the surroundings of the window can be decoded; the rest are holes in the file.
    Raises FfmpegError if ffmpeg fails.
    """
    picture, sound = _loops(folder, footage)
    duration_s, window = 60.0 * minutes, _window(footage, 60.0 * minutes, window_s)
    kept = [(0.0, KEPT_S), (window.start_s - KEPT_S, window.end_s + KEPT_S), (duration_s - KEPT_S, duration_s)]
    if whole:
        kept = [(0.0, duration_s)]
    name = f"{footage.name}_{minutes}min_{'whole' if whole else f'{window_s:g}s'}"
    file, speech = folder / f"{name}.mp4", folder / f"{name}.npy"
    if not file.exists():
        with _part(file) as part:
            repeat(picture, sound, part, footage.loop_s, duration_s, kept)
    if not speech.exists():
        with _part(speech) as part:
            _write_speech(sound, part, footage.loop_s, duration_s, kept)
    words, named_words = (_words(footage.loop_s, duration_s, named=named) for named in (False, True))
    return Episode(file, _source(file), words, speech, window, named_words)


def _window(footage: Footage, duration_s: float, seconds: float) -> Window:
    """Returns the window of the loop in the middle."""
    latest = int((duration_s - PHASE_S - seconds) // footage.loop_s)
    start_s = float(round(latest / 2) * footage.loop_s) + PHASE_S
    return Window(start_s, start_s + seconds)


def _loops(folder: Path, footage: Footage) -> tuple[Path, Path]:
    """Returns the picture of the loop, and its sound twice, so that a decoder can start before the second."""
    picture, sound = folder / f"{footage.name}_loop.mp4", folder / f"{footage.name}_loop.m4a"
    sample = ["-i", str(SAMPLE / "episode.mp4")]
    mbit_s = footage.mbit_s
    if not picture.exists():
        graph = f"scale={footage.width_px}:{footage.height_px}:flags=bicubic,{NOISE}"
        bits = ["-b:v", f"{mbit_s}M", "-maxrate", f"{1.5 * mbit_s}M", "-bufsize", f"{2 * mbit_s}M"]
        encoder = ["-c:v", "libx264", "-preset", "superfast", "-g", str(footage.gop), *bits, "-pix_fmt", "yuv420p"]
        frames = round(footage.loop_s * FPS)
        with _part(picture) as part:
            run([*sample, "-an", "-vf", graph, "-frames:v", str(frames), *encoder, str(part)])
    if not sound.exists():
        samples = round(footage.loop_s * 48000)
        graph = f"aresample=48000,apad,atrim=end_sample={samples},aloop=loop=1:size={samples}"
        with _part(sound) as part:
            run([*sample, "-vn", "-af", graph, "-c:a", "aac", "-b:a", "192k", str(part)])
    return picture, sound


@contextmanager
def _part(file: Path) -> Iterator[Path]:
    """Gives a name to write to, and renames it to `file` at the end: `file` exists complete or not at all."""
    part = file.with_name(f"part_{file.name}")
    yield part
    part.replace(file)


def _write_speech(sound: Path, speech: Path, loop_s: Fraction, duration_s: float, kept: Sequence[Span]) -> None:
    """Writes the mono samples of the kept spans; the others are zeros, which take no space."""
    raw = speech.with_suffix(".s16")
    run(["-i", str(sound), "-ac", "1", "-ar", str(SPEECH_RATE_HZ), "-f", "s16le", str(raw)])
    samples = round(loop_s * SPEECH_RATE_HZ)
    once = np.fromfile(raw, np.int16)[samples : 2 * samples].astype(np.float32) / 32768
    raw.unlink()
    shape = (round(duration_s * SPEECH_RATE_HZ),)
    with speech.open("wb") as file:  # np.lib.format appends no suffix to the name
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
        offset = file.tell()
    whole = np.memmap(speech, np.float32, "r+", offset, shape)
    for start_s, end_s in kept:
        first, end = (min(max(round(at_s * SPEECH_RATE_HZ), 0), shape[0]) for at_s in (start_s, end_s))
        whole[first:end] = once[np.arange(first, end) % samples]


def _source(file: Path) -> RawVideo:
    probe = probe_upload(DirectoryStorage(root=str(file.parent)), file.name, 1.0)
    facts = asdict(probe) | {"duration_s": probe.duration_s or 0.0}
    return RawVideo(**facts, episode=file.name, key=file.name, etag="", speech_key="", loudness_key="")


def _words(loop_s: Fraction, duration_s: float, *, named: bool) -> pa.Table:
    """Returns the words of the sentences that a loop has whole; without speakers unless they are `named`."""
    truth = json.loads((SAMPLE / "truth.json").read_text())
    loops = [float(number * loop_s) for number in range(ceil(duration_s / loop_s))]
    sentences = [
        (start_s, sentence)
        for start_s in loops
        for sentence in truth["sentences"]
        if sentence["words"][-1]["end"] <= loop_s and start_s + sentence["words"][-1]["end"] <= duration_s
    ]
    spoken_words = [
        Word(
            word["word"],
            start_s + word["start"],
            start_s + word["end"],
            segment=number,
            speaker=sentence["speaker"] if named else None,
        )
        for number, (start_s, sentence) in enumerate(sentences)
        for word in sentence["words"]
    ]
    sentence_of = [word.segment for word in spoken_words]
    return words_table("benchmark", spoken_words, sentence_of, "en", {})
