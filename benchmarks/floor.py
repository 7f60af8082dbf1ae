"""The floor that no renderer can go below: decoding the window once and encoding the clip's frames once."""

from pathlib import Path
from typing import Any

import ffmpeg

from benchmarks.source import FPS, Window
from clipper_assets.clips.rendering.encoders import Encoder
from clipper_assets.media.ffmpeg import run
from clipper_assets.media.frame import Frame


def decode(url: str, window: Window) -> None:
    """Decodes the video and audio of a window and discards the result."""
    media = ffmpeg.input(url, ss=f"{window.start_s:.6f}", t=f"{window.duration_s:.6f}")
    run(ffmpeg.get_args(ffmpeg.output(media.video, media.audio, "-", format="null")))


def write_raw(clip: Path, raw: Path) -> None:
    """Writes the frames of a lossless clip as headerless yuv420p, for `encode`."""
    run(ffmpeg.get_args(ffmpeg.output(ffmpeg.input(str(clip)).video, str(raw), format="rawvideo", pix_fmt="yuv420p")))


def read(raw: Path, frame: Frame) -> None:
    """Reads the frames and discards them: the part of `encode` that is spent on the file, not on the encoder."""
    run(ffmpeg.get_args(ffmpeg.output(_frames(raw, frame), "-", format="null")))


def encode(raw: Path, frame: Frame, encoder: Encoder, target: Path) -> None:
    """Encodes the frames with the renderer's settings."""
    options = {**dict(encoder.options), "profile:v": "high", "g": 2 * FPS}
    run(ffmpeg.get_args(ffmpeg.output(_frames(raw, frame), str(target), vcodec=encoder.name, **options)))


def _frames(raw: Path, frame: Frame) -> Any:
    size = f"{frame.width_px}x{frame.height_px}"
    return ffmpeg.input(str(raw), format="rawvideo", pix_fmt="yuv420p", s=size, r=FPS)
