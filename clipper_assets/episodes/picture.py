"""Prepares the picture of an upload for the camera and for clips: without combs, in one size, without black bars."""

from typing import Any

from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.inputs import Stream

SAME_SHAPE = 0.01
"""Pictures whose aspect ratio differs by less than 1 % from the canvas fill it, which nobody sees."""


def input_options(source: RawVideo) -> dict[str, Any]:
    """ffmpeg's input options for `upright`.

    ffmpeg builds its filters anew when the size of a picture changes, so that `fps`, `trim` and `sendcmd` would start
    again from zero. Filters that rotate or deinterlace do not accept a new size, so uploads that need these are read
    the usual way.
    """
    return {} if source.audio_only or source.rotation_deg or source.field_order else {"reinit_filter:v": 0}


def upright(picture: Stream, source: RawVideo) -> Stream:
    """The pictures of an upload's video stream, each of `source.square_size_px`, in square pixels.

    Interlaced pictures become progressive ones, unless `idet` sees no combs in them; pictures of another shape are
    fitted into the canvas, on black.
    """
    if source.field_order:
        picture = picture.filter("setfield", source.field_order).filter("idet").filter("bwdif", "send_frame", "auto", 1)
    picture = _fitted(picture, *source.canvas_px)
    if source.inner:
        inner = source.inner
        picture = picture.filter("crop", inner.width, inner.height, inner.left, inner.top, exact=1)
    return picture.filter("setsar", 1)


def _fitted(picture: Stream, width: int, height: int) -> Stream:
    """Pictures of any shape, each fitted into `width` x `height` square pixels."""
    if width % 2 or height % 2:  # `pad` needs even sizes; pictures of another shape than the first are stretched
        return picture.filter("scale", width, height)
    same = f"lt(abs(dar*{height}/{width}-1),{SAME_SHAPE})"
    wider = f"gt(dar*{height},{width})"
    return picture.filter(
        "scale",
        f"if({same}+{wider},{width},2*round({height}*dar/2))",
        f"if({same}+not({wider}),{height},2*round({width}/dar/2))",
        eval="frame",
    ).filter("pad", width, height, "(ow-iw)/2", "(oh-ih)/2", eval="frame")
