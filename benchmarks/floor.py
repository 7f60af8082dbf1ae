"""The floor, which no renderer can go below: the window decoded once and the clip's very frames encoded once."""

from pathlib import Path
from typing import Any

import ffmpeg

from benchmarks.source import FPS, Window
from clipper_assets.clips.rendering.encoders import Encoder
from clipper_assets.media.ffmpeg import run
from clipper_assets.media.frame import Frame


def decode(url: str, window: Window) -> None:
    """Decode picture and sound of a window to nowhere."""
    media = ffmpeg.input(url, ss=f"{window.start_s:.6f}", t=f"{window.duration_s:.6f}")
    run(ffmpeg.get_args(ffmpeg.output(media.video, media.audio, "-", format="null")))


def write_raw(clip: Path, raw: Path) -> None:
    """The frames of a lossless clip as yuv420p without a header, for `encode`."""
    run(ffmpeg.get_args(ffmpeg.output(ffmpeg.input(str(clip)).video, str(raw), format="rawvideo", pix_fmt="yuv420p")))


def read(raw: Path, frame: Frame) -> None:
    """Read the frames and do nothing: what `encode` spends on the file and not on the encoder."""
    run(ffmpeg.get_args(ffmpeg.output(_frames(raw, frame), "-", format="null")))


def encode(raw: Path, frame: Frame, encoder: Encoder, target: Path) -> None:
    """Encode the frames with the renderer's settings."""
    options = {**dict(encoder.options), "profile:v": "high", "g": 2 * FPS}
    run(ffmpeg.get_args(ffmpeg.output(_frames(raw, frame), str(target), vcodec=encoder.name, **options)))


def _frames(raw: Path, frame: Frame) -> Any:
    size = f"{frame.width_px}x{frame.height_px}"
    return ffmpeg.input(str(raw), format="rawvideo", pix_fmt="yuv420p", s=size, r=FPS)
