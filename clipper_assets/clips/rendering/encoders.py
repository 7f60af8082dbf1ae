"""Chooses the H.264 encoder by a test encode, because an encoder that is compiled in may still fail."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import ffmpeg

from clipper_assets.media.ffmpeg import FfmpegError, run
from clipper_assets.media.inputs import Stream, generated_input

log = logging.getLogger(__name__)

LARGEST_RATE = (("maxrate", "11M"), ("bufsize", "11M"))
"""Keeps clips of ten seconds and more below 12 Mbit/s: over `t` seconds, the average exceeds `maxrate` by at most
`bufsize / t`."""
HARDWARE_RATE = (("b:v", "8M"), *LARGEST_RATE, ("bf", "3"))
"""The gates decode only frames that are not B-frames, and need six a second, hence at most three B-frames in a row."""


@dataclass(frozen=True)
class Encoder:
    """An ffmpeg video encoder and its options.

    Attributes:
        filters: Filters with their arguments that turn frames in yuv420p into those that the encoder takes.
        device: ffmpeg's global options that open the device for such filters.
    """

    name: str
    options: tuple[tuple[str, str], ...]
    filters: tuple[tuple[str, ...], ...] = ()
    device: tuple[str, ...] = ()

    @property
    def is_hardware(self) -> bool:
        """Whether it is a circuit with a driver, which may fail on a clip or damage it."""
        return self.name != X264.name


X264_TOOLS = {
    "cabac": "1",
    "no-deblock": "0",
    "8x8dct": "1",
    "partitions": "i8x8",
    "bframes": "1",
    "weightb": "0",
    "b-adapt": "0",
    "aq-mode": "3",
    "aq-strength": "0.2",
    "deadzone-inter": "10",
    "deadzone-intra": "6",
}
"""What is added to the preset `ultrafast`, as x264 names it; its full-pixel motion search without lookahead stays.

Measured with `benchmarks/encoders.py`: better than `veryfast` with crf 20 by VMAF and XPSNR, for 0.3 to 0.4
of its CPU-seconds and 1.1 to 1.4 times the bytes; slides take twice the bytes, at 0.5 Mbit/s. The preset alone looks
blocky, since it does not deblock. Smaller dead zones than usual (21 and 11) keep small coefficients, so that a higher
crf gives the same quality with fewer bytes.
Adaptive quantization with a bias to dark scenes keeps dark gradients from banding.
"""
X264 = Encoder(
    "libx264",
    (
        ("preset", "ultrafast"),
        ("crf", "23.2"),
        ("x264-params", ":".join(f"{name}={value}" for name, value in X264_TOOLS.items())),
        *LARGEST_RATE,
        ("threads", "1"),
    ),
)
"""One thread: with more of them and a highest rate, x264 makes different bytes of the same frames from run to run. One
also buffers fewest frames; x264's default of 1.5 threads per core takes gigabytes."""
NVENC = Encoder("h264_nvenc", (("preset", "p5"), ("rc", "vbr"), ("cq", "21"), ("b:v", "0"), *LARGEST_RATE))
VIDEOTOOLBOX = Encoder("h264_videotoolbox", HARDWARE_RATE)
"""Its mode of constant quality has no highest rate, so it has a mean rate."""
QSV = Encoder("h264_qsv", (("preset", "medium"), ("global_quality", "21"), *HARDWARE_RATE))
"""Quality with a highest rate (QVBR): ffmpeg selects that mode if `global_quality` and `maxrate` are given."""
VAAPI = Encoder(
    "h264_vaapi",
    (("rc_mode", "QVBR"), ("global_quality", "21"), *HARDWARE_RATE),
    filters=(("format", "nv12"), ("hwupload",)),
    device=("-init_hw_device", "vaapi"),
)
HARDWARE = (NVENC, VIDEOTOOLBOX, QSV, VAAPI)
"""Tried in this order: separate cards first, and Intel's own interface before the general one to the same circuit."""
TEN_FRAMES = generated_input("color=s=1080x1920:d=0.4:r=25,format=yuv420p")


@cache
def best_encoder() -> Encoder:
    """The first hardware encoder that encodes ten frames on this machine with its options, else x264."""
    return next((encoder for encoder in HARDWARE if _works(encoder)), X264)


def encoded(picture: Stream, file: str, encoder: Encoder, **options: Any) -> Stream:
    """The output `file` with `picture`, in yuv420p, encoded in the High profile and with other ffmpeg options."""
    for filter_ in encoder.filters:
        picture = picture.filter(*filter_)
    return ffmpeg.output(
        picture, file, vcodec=encoder.name, **dict((*encoder.options, ("profile:v", "high"))), **options
    )


def encoding_arguments(output: Stream, encoder: Encoder) -> Sequence[str]:
    """ffmpeg's arguments for an output, or several, of which one is `encoded`."""
    return [*encoder.device, *ffmpeg.get_args(output)]


def _works(encoder: Encoder) -> bool:
    try:
        run(encoding_arguments(encoded(TEN_FRAMES, "-", encoder, format="null"), encoder))
    except FfmpegError as error:
        log.debug("%s does not work here: %s", encoder.name, error)
        return False
    return True
