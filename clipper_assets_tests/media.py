"""Small videos made by ffmpeg for a test, and what is seen and heard in a file."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from clipper_assets.clips.captions.lines import CaptionWord
from clipper_assets.clips.captions.styles import load_style
from clipper_assets.clips.framing.camera import Layout, still_camera
from clipper_assets.clips.plan import ClipPlan, output_fps
from clipper_assets.clips.rendering.encoders import Encoder
from clipper_assets.clips.rendering.render import Rendered, render_clip
from clipper_assets.episodes.ffmpeg import run
from clipper_assets.episodes.probe import probe_upload
from clipper_assets.episodes.source import RawVideo
from clipper_assets.episodes.storage import DirectoryStorage

FAST = Encoder("libx264", (("preset", "ultrafast"), ("crf", "20")))
"""For tests that look at pictures and times, not at quality."""

Picture = NDArray[np.uint8]
"""Grey values of shape (height, width), or colours of shape (height, width, 3)."""


def make(target: Path, *arguments: str) -> Path:
    """`target`, made by ffmpeg of `arguments`."""
    run(["-y", *arguments, f"file:{target}"])
    return target


def lavfi(picture: str, sound: str = "sine=f=440:r=48000") -> list[str]:
    """Two inputs, a picture and a sound, from ffmpeg's own sources."""
    return ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound]


def source_of(file: Path) -> RawVideo:
    """The value of `raw_video` for a file."""
    probe = probe_upload(DirectoryStorage(root=str(file.parent)), file.name, 0.1)
    facts = asdict(probe) | {"duration_s": probe.duration_s or 0.0}
    return RawVideo(**facts, episode=file.name, key=file.name, etag="etag", speech_key="", loudness_key="")


def words(text: str, *, each_s: float = 0.4, start_s: float = 0.0) -> tuple[CaptionWord, ...]:
    """The words of `text`, end to end."""
    return tuple(
        CaptionWord(word, start_s + number * each_s, start_s + (number + 1) * each_s, sentence=0, speaker=None)
        for number, word in enumerate(text.split())
    )


def plan_of(source: RawVideo, start_s: float = 0.0, frames: int = 50, **changes: Any) -> ClipPlan:
    """A plan of `frames` frames in style `pop`, laid out as `fit`, without captions."""
    fps = output_fps(source)
    plan: dict[str, Any] = {
        "index": 0,
        "etag": source.etag,
        "start_s": start_s,
        "end_s": start_s + float(frames / fps),
        "fps": fps,
        "words": (),
        "style": load_style("pop"),
        "camera": still_camera(Layout.fit, source),
        "gain_db": 0.0,
    }
    return ClipPlan(**plan | changes)


def render(plan: ClipPlan, file: Path, folder: Path, encoder: Encoder = FAST) -> Rendered:
    """The clip of `plan`, from `file`, in the new folder `folder`."""
    folder.mkdir()
    return render_clip(plan, source_of(file), f"file:{file}", encoder, folder, lambda _: None)


def frames(file: Path, pixels: str = "gray") -> Iterator[tuple[float, Picture]]:
    """Seconds and pixels of every frame."""
    with av.open(f"file:{file}") as container:
        for frame in container.decode(video=0):
            yield float(frame.time or 0.0), frame.to_ndarray(format=pixels).astype(np.uint8, copy=False)


def frame_at(file: Path, time_s: float, pixels: str = "gray") -> Picture:
    """The frame that is shown at `time_s`."""
    return [picture for at_s, picture in frames(file, pixels) if at_s <= time_s + 1e-6][-1]


def samples(file: Path) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Seconds and values of all samples, channels averaged."""
    times, values = [], []
    with av.open(f"file:{file}") as container:
        resampler = av.AudioResampler(format="fltp", layout="mono")
        for decoded in container.decode(audio=0):
            for frame in resampler.resample(decoded):
                values.append(frame.to_ndarray()[0])
                times.append(float(frame.time or 0.0) + np.arange(frame.samples) / frame.sample_rate)
    return np.concatenate(times), np.concatenate(values)
