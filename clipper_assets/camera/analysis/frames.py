"""The small grey pictures in which the camera looks for faces, made from decoded frames."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clipper_assets.episodes.picture import SAME_SHAPE
from clipper_assets.episodes.source import RawVideo

if TYPE_CHECKING:
    from av import VideoFrame

WIDEST_PX = 960
BYTE_BITS = 8
FULL_RANGE = np.clip((np.arange(256) - 16) * 255 / 219, 0, 255).round().astype(np.uint8)
"""Grey values from 0 to 255 for those of video, where 16 is black and 235 white (ITU-R BT.709)."""

Picture = NDArray[np.uint8]
"""Grey values of shape (height, width)."""


def picture_size_px(source: RawVideo) -> tuple[int, int]:
    """Width and height of the small pictures: the source's shape, longer side at most `WIDEST_PX`, both even."""
    width_px, height_px = source.square_size_px
    shrink = min(1.0, WIDEST_PX / max(width_px, height_px))
    return max(round(width_px * shrink / 2) * 2, 2), max(round(height_px * shrink / 2) * 2, 2)


def small_picture(frame: "VideoFrame", source: RawVideo) -> Picture:
    """The small picture of a decoded frame, prepared as `episodes.picture.upright` prepares it for clips.

    It is upright, in square pixels, fitted into the source's canvas and without its black bars. Of interlaced frames
    only every second row is used, which leaves no combs.
    """
    import cv2

    levels = _levels(frame)
    if source.field_order:
        levels = levels[::2]
    levels = np.rot90(levels, round(source.rotation_deg / 90))
    to_picture = picture_size_px(source)[0] / source.square_size_px[0]
    width, height = (max(round(side * to_picture), 1) for side in source.canvas_px)
    aspect = frame.width / frame.height
    aspect = (1 / aspect if source.rotation_deg % 180 else aspect) * source.sample_aspect_ratio
    if abs(aspect * height / width - 1) < SAME_SHAPE:
        canvas = _resized(levels, width, height)
    else:
        fitted_width, fitted_height = min(width, round(height * aspect)), min(height, round(width / aspect))
        left, top = (width - fitted_width) // 2, (height - fitted_height) // 2
        canvas = np.zeros((height, width), np.uint8)
        fitted = _resized(levels, fitted_width, fitted_height)
        canvas[top : top + fitted_height, left : left + fitted_width] = fitted
    if source.inner:
        left, top, width, height = (
            round(side * to_picture)
            for side in (source.inner.left, source.inner.top, source.inner.width, source.inner.height)
        )
        canvas = canvas[top : top + height, left : left + width]
    picture = _resized(canvas, *picture_size_px(source))
    return (
        cv2.LUT(picture, FULL_RANGE).astype(np.uint8, copy=False)
        if _has_bytes(frame) and not _has_full_range(frame)
        else picture
    )


def _has_bytes(frame: "VideoFrame") -> bool:
    """Whether the first plane of the frame holds its grey values as bytes."""
    layout = frame.format
    return layout.is_planar and not layout.is_rgb and layout.components[0].bits == BYTE_BITS


def _has_full_range(frame: "VideoFrame") -> bool:
    from av.video.reformatter import ColorRange

    return frame.color_range == ColorRange.JPEG or frame.format.name.startswith(("yuvj", "gray"))


def _levels(frame: "VideoFrame") -> Picture:
    """The grey values of a frame; without a copy if its first plane has them as bytes."""
    if _has_bytes(frame):
        plane = frame.planes[0]
        rows: Picture = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        return rows[: frame.height, : frame.width]
    return frame.to_ndarray(format="gray").astype(np.uint8, copy=False)


def _resized(picture: Picture, width: int, height: int) -> Picture:
    import cv2

    if picture.shape == (height, width):
        return picture
    shrinks = picture.shape[1] > width
    resized = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return resized.astype(np.uint8, copy=False)
