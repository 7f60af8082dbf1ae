"""Generates source videos of any length for the benchmark: 1080p30 at 8 Mbit/s with grain."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from clipper_assets.episodes.probe import probe_upload
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.ffmpeg import run
from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.transcript.words import Word, words_table

SAMPLE = Path(__file__).parent.parent / "sample"
FPS = 30
PICTURE = f"scale=1920:1080:flags=bicubic,framerate={FPS},noise=alls=7:allf=t:all_seed=1"
"""Blends 25 fps to 30, and adds noise like that of a camera in a dim room, so that no two frames are equal."""
RATE = ["-preset", "veryfast", "-b:v", "8M", "-maxrate", "12M", "-bufsize", "16M", "-pix_fmt", "yuv420p"]


@dataclass(frozen=True)
class Episode:
    """A source of `minutes` minutes: the sample in a loop of `loop_s` seconds."""

    file: Path
    source: RawVideo
    words: pa.Table
    speech: Path
    loop_s: float

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


@dataclass(frozen=True)
class Window:
    """The start and end of a clip in the episode, in seconds."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


def make_episode(folder: Path, minutes: int) -> Episode:
    """Returns the episode of that length in `folder`; creates it if missing (minutes for the first, then seconds).

    Video packets are repeated without encoding; the audio is encoded in one piece, so that no joint has a gap. Raises
    FfmpegError if ffmpeg fails.
    """
    truth = json.loads((SAMPLE / "truth.json").read_text())
    loop_s, duration_s = truth["duration"], 60.0 * minutes
    picture, sound = folder / "loop.mp4", folder / "loop.wav"
    if not picture.exists():
        _make(picture, "-i", str(SAMPLE / "episode.mp4"), "-an", "-vf", PICTURE, "-c:v", "libx264", *RATE)
    if not sound.exists():
        audio = ["-ar", "48000", "-af", f"apad,atrim=end={loop_s}"]
        _make(sound, "-i", str(SAMPLE / "episode.mp4"), "-vn", *audio)
    file, speech = folder / f"episode_{minutes}min.mp4", folder / f"speech_{minutes}min.npy"
    if not file.exists():
        inputs = [argument for loop in (picture, sound) for argument in ("-stream_loop", "-1", "-i", str(loop))]
        codecs = ["-c:v", "copy", "-c:a", "aac", "-b:a", "192k", "-movflags", "+faststart"]
        _make(file, *inputs, *codecs, "-t", f"{duration_s}")
    if not speech.exists():
        _write_speech(sound, speech, duration_s)
    return Episode(file, _source(file), _words(truth, loop_s, duration_s), speech, loop_s)


def windows(episode: Episode, seconds: float, phases_s: tuple[float, ...]) -> list[Window]:
    """Returns one window per phase of the sample, spread evenly from the middle of the episode to its end.

    Thus the windows of a short and a long episode show the same frames at different times.
    """
    spans = []
    for number, phase_s in enumerate(phases_s):
        latest = int((episode.source.duration_s - phase_s - seconds) // episode.loop_s)
        loop = round(latest * (1 + number / max(len(phases_s) - 1, 1)) / 2)
        start_s = loop * episode.loop_s + phase_s
        spans.append(Window(start_s, start_s + seconds))
    return spans


def _write_speech(loop: Path, speech: Path, duration_s: float) -> None:
    raw = loop.with_suffix(".s16")
    _make(raw, "-i", str(loop), "-ac", "1", "-ar", str(SPEECH_RATE_HZ), "-f", "s16le")
    once = np.fromfile(raw, np.int16).astype(np.float32) / 32768
    raw.unlink()
    np.save(speech, np.resize(once, round(duration_s * SPEECH_RATE_HZ)))


def _make(file: Path, *arguments: str) -> None:
    """Writes `file` with ffmpeg, atomically: it exists complete or not at all."""
    part = file.with_name(f"part_{file.name}")
    run([*arguments, str(part)])
    part.replace(file)


def _source(file: Path) -> RawVideo:
    probe = probe_upload(DirectoryStorage(root=str(file.parent)), file.name, 1.0)
    facts = asdict(probe) | {"duration_s": probe.duration_s or 0.0}
    return RawVideo(**facts, episode=file.name, key=file.name, etag="", speech_key="", loudness_key="")


def _words(truth: Any, loop_s: float, duration_s: float) -> pa.Table:
    """Returns the words of the sample in a loop, without speakers, which the camera has to find."""
    spoken_words, sentence_of = [], []
    sentences = [
        [(word["word"], loop * loop_s + word["start"], loop * loop_s + word["end"]) for word in sentence["words"]]
        for loop in range(int(duration_s // loop_s) + 1)
        for sentence in truth["sentences"]
    ]
    for number, sentence in enumerate(sentences):
        if sentence[-1][2] > duration_s:
            break
        spoken_words += [Word(*word, segment=number) for word in sentence]
        sentence_of += [number] * len(sentence)
    return words_table("benchmark", spoken_words, sentence_of, "en", {})
