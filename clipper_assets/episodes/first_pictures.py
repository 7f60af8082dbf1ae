"""Reads the properties of an upload's video from its first pictures."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from clipper_assets.media.inputs import MAX_PIXELS
from clipper_assets.runtime.errors import UploadRefusedError

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

HDR_TRANSFERS = {16, 18}  # SMPTE ST 2084 (PQ) and ARIB STD-B67 (HLG), numbered as in ITU-T H.273
UNEVEN = 0.02  # a stream with frames more than 2 % off the mean spacing has a variable frame rate
PROBED_FRAMES = 120
NO_PICTURE: dict[str, Any] = {
    "width_px": 0,
    "height_px": 0,
    "rotation_deg": 0,
    "sample_aspect_ratio": 1.0,
    "fps": 0.0,
    "variable_fps": False,
    "hdr": False,
    "video_codec": "",
    "pixel_format": "",
    "video_stream": None,
}


def picture(container: "InputContainer", video: "VideoStream", key: str) -> dict[str, Any]:
    """The fields of `Probe` about the video."""
    times: list[float] = []
    rotation = width = height = 0
    if video.codec_context is not None:  # frames may be larger than the container declares
        video.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    for frame in _until_damage(container.decode(video)):
        if not times:
            rotation, width, height = frame.rotation, frame.width, frame.height
        if frame.time is not None:
            times.append(frame.time)
        if len(times) >= PROBED_FRAMES:
            break
    if not times:
        raise UploadRefusedError(f"{key} has a video stream without a single readable frame; upload an intact video")
    turned = rotation % 180 != 0
    aspect = video.sample_aspect_ratio or Fraction(1)
    return {
        "width_px": height if turned else width,
        "height_px": width if turned else height,
        "rotation_deg": rotation,
        "sample_aspect_ratio": float(1 / aspect if turned else aspect),
        "fps": float(video.average_rate or video.guessed_rate or 25),
        "variable_fps": _uneven(times),
        "hdr": video.codec_context.color_trc in HDR_TRANSFERS,
        "video_codec": video.codec_context.name,
        "pixel_format": video.codec_context.pix_fmt or "unknown",
        "video_stream": video.index,
    }


def _until_damage(frames: Iterator["VideoFrame"]) -> Iterator["VideoFrame"]:
    """The frames before damaged data. Raises its error if there are none."""
    import av

    first = None
    try:
        for frame in frames:
            first = frame
            yield frame
    except (av.InvalidDataError, av.EOFError):
        if first is None:
            raise


def _uneven(times: list[float]) -> bool:
    """Whether frame times, in seconds, deviate from even spacing by more than rounding to milliseconds explains."""
    if len(times) < 3:
        return False
    steps = [later - earlier for earlier, later in pairwise(times)]
    mean = (times[-1] - times[0]) / len(steps)
    return any(abs(step - mean) > max(UNEVEN * mean, 0.0011) for step in steps)
