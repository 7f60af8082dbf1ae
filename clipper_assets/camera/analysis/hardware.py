"""Chooses a hardware decoder by decoding the first picture of the source with it."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from clipper_assets.media.inputs import open_media

if TYPE_CHECKING:
    from av.codec.hwaccel import HWAccel

log = logging.getLogger(__name__)

DEVICES = {
    "cuda": Path("/dev/nvidiactl"),
    "vaapi": Path("/dev/dri"),
    "qsv": Path("/dev/dri"),
    "videotoolbox": Path("/System/Library/Frameworks/VideoToolbox.framework"),
}
"""Kinds of decoders in the order in which they are tried, and what a machine without one does not have."""


def hardware_decoder(media_source: str, stream: int) -> "HWAccel | None":
    """Settings for `open_media` by which hardware decodes the video of stream number `stream`; None for software."""
    from av.codec.hwaccel import HWAccel, hwdevices_available

    for device, needed in DEVICES.items():
        if needed.exists() and device in hwdevices_available() and _decodes(device, media_source, stream):
            return HWAccel(device, allow_software_fallback=True)
    return None


def _decodes(device: str, media_source: str, stream: int) -> bool:
    """Whether the device decodes the first picture of the stream; if not, the log says why."""
    import av
    from av.codec.hwaccel import HWAccel

    try:
        with open_media(media_source, hwaccel=HWAccel(device, allow_software_fallback=False)) as container:
            next(container.decode(container.streams[stream]))
    except (av.FFmpegError, RuntimeError, NotImplementedError, StopIteration) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__  # an error's text may have a signed URL
        log.info("%s decodes no picture of this source, so software does: %s", device, reason)
        return False
    return True
