"""The floor that no renderer can go below: decoding the window once and encoding the clip's frames once."""

from pathlib import Path
from typing import Any, NamedTuple

import ffmpeg

from benchmarks.cost import cpu_seconds
from benchmarks.source import FPS, Window
from clipper_assets.clips.rendering.encoders import Encoder, encoded, encoding_arguments
from clipper_assets.clips.rendering.filtergraph import BT709
from clipper_assets.media.ffmpeg import run
from clipper_assets.media.frame import Frame


class Floor(NamedTuple):
    """CPU-seconds to decode a window, and to encode the clip's frames without reading them."""

    decode_cpu_s: float
    encode_cpu_s: float

    @property
    def cpu_s(self) -> float:
        return self.decode_cpu_s + self.encode_cpu_s


def measure_floor(url: str, window: Window, raw: Path, frame: Frame, encoder: Encoder, target: Path) -> Floor:
    """Decodes the window, encodes the frames of `raw` into `target`, reads them without encoding, and counts each."""
    started = cpu_seconds()
    decode(url, window)
    decoded = cpu_seconds()
    encode(raw, frame, encoder, target)
    encoded = cpu_seconds()
    read(raw, frame)
    return Floor(decoded - started, (encoded - decoded) - (cpu_seconds() - encoded))


def decode(url: str, window: Window) -> None:
    """Decodes the video and audio of a window and discards the result."""
    media = ffmpeg.input(url, ss=f"{window.start_s:.6f}", t=f"{window.duration_s:.6f}")
    run(ffmpeg.get_args(ffmpeg.output(media.video, media.audio, "-", format="null")))


def write_raw(clip: Path, raw: Path) -> None:
    """Writes the frames of a lossless clip as headerless yuv420p, for `encode`; none is repeated or left out."""
    frames = ffmpeg.input(str(clip)).video
    run(ffmpeg.get_args(ffmpeg.output(frames, str(raw), format="rawvideo", pix_fmt="yuv420p", fps_mode="passthrough")))


def encode(raw: Path, frame: Frame, encoder: Encoder, target: Path) -> None:
    """Encodes the frames with the options that the renderer adds to the encoder's."""
    frames = _frames(raw, frame).filter("setparams", **BT709)
    run(encoding_arguments(encoded(frames, str(target), encoder, g=2 * FPS), encoder))


def read(raw: Path, frame: Frame) -> None:
    run(ffmpeg.get_args(ffmpeg.output(_frames(raw, frame), "-", format="null")))


def _frames(raw: Path, frame: Frame) -> Any:
    size = f"{frame.width_px}x{frame.height_px}"
    return ffmpeg.input(str(raw), format="rawvideo", pix_fmt="yuv420p", s=size, r=FPS)
