"""Chooses the H.264 encoder by a test encode, because an encoder that is compiled in may still fail."""

from dataclasses import dataclass
from functools import cache

import ffmpeg

from clipper_assets.media.ffmpeg import FfmpegError, run
from clipper_assets.media.inputs import generated_input


@dataclass(frozen=True)
class Encoder:
    """An ffmpeg video encoder and its options."""

    name: str
    options: tuple[tuple[str, str], ...]


X264 = Encoder(
    "libx264",
    (("preset", "veryfast"), ("crf", "20"), ("maxrate", "12M"), ("bufsize", "24M"), ("threads", "4")),
)
"""Always four threads: each buffers frames, and x264's default of 1.5 threads per core takes gigabytes."""
NVENC = Encoder(
    "h264_nvenc",
    (("preset", "p5"), ("rc", "vbr"), ("cq", "21"), ("b:v", "0"), ("maxrate", "12M"), ("bufsize", "24M")),
)
TEN_FRAMES = generated_input("color=s=1080x1920:d=0.4:r=25")


@cache
def best_encoder() -> Encoder:
    """NVENC if it can encode ten frames on this machine, else x264."""
    try:
        run(ffmpeg.get_args(ffmpeg.output(TEN_FRAMES, "-", vcodec=NVENC.name, format="null")))
    except FfmpegError:
        return X264
    return NVENC
