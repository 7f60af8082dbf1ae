"""Finds black, blank and frozen stretches of a clip in a few small grey pictures per second."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clipper_assets.clips.cuts import Span
from clipper_assets.media.frame import Box

PICTURES_PER_S = 6
"""All encoders put a frame that is not a B-frame at least every four frames, so that only those need decoding."""
SHORT_SIDE_PX = 90
BLACK_LEVEL = 0.10 * 255
BLACK_SHARE = 0.98
"""A picture is black if at least this share of its pixels is at most `BLACK_LEVEL`.

Both are the defaults of ffmpeg's `blackdetect`.
"""
STILL_LEVEL = 4
STILL_SHARE = 3e-4
"""Two small pictures are the same if at most this share of their pixels differs by more than `STILL_LEVEL` of 255.

Measured on stills encoded with x264: keyframes differ by up to 5 levels in three of 14,400 pixels. In the wide shot of
the sample, in which a head is an eighth as wide as the frame, the longest stretch without motion is 0.3 s.
"""
LEAST_DETAIL = 10.0
"""A small picture with less spatial information is blank.

Spatial information is the standard deviation of the Sobel gradient (ITU-T P.910), here in levels of 255.

Measured: a wall with camera noise 2, the sample blurred beyond recognition 17, its emptiest crop 60.
"""

Pictures = NDArray[np.uint8]
"""Grey levels, 0 black to 255 white, of shape (pictures, height, width); `PICTURES_PER_S` a second."""
Mask = NDArray[np.bool_]
"""True for the pixels of a small picture that are examined; shape (height, width)."""


def small_size_px(width_px: int, height_px: int) -> tuple[int, int]:
    """Width and height of the small pictures of a clip."""
    shrink = SHORT_SIDE_PX / min(width_px, height_px)
    return round(width_px * shrink), round(height_px * shrink)


def mask_without(boxes: Sequence[Box], width_px: int, height_px: int) -> Mask:
    """The mask of small pictures that leaves out the caption `boxes`, which are in pixels of the clip.

    Highlighted words must not count as motion, and a black picture with captions on it must still count as black.
    """
    width, height = small_size_px(width_px, height_px)
    x_scale, y_scale = width / width_px, height / height_px
    mask = np.full((height, width), True)
    for box in boxes:
        rows = slice(max(int(box.top * y_scale) - 1, 0), int(box.bottom * y_scale) + 2)
        mask[rows, max(int(box.left * x_scale) - 1, 0) : int(box.right * x_scale) + 2] = False
    return mask


def black_s(pictures: Pictures, mask: Mask) -> float:
    """Length of the longest black stretch in seconds."""
    return _longest_s(_black(pictures, mask))


def blank_s(pictures: Pictures, mask: Mask) -> float:
    """Length in seconds of the longest stretch that has no detail but is not black: one colour, a wall, a blur."""
    return _longest_s(
        np.array([_detail(picture, mask) < LEAST_DETAIL for picture in pictures]) & ~_black(pictures, mask)
    )


def frozen_s(pictures: Pictures, mask: Mask, screens: Sequence[Span]) -> float:
    """Length in seconds of the longest stretch without motion, outside the spans of `screens`, where slides are shown.

    Like ffmpeg's `freezedetect`, it compares each picture with the first of its stretch, so that slow motion counts.
    """
    examined = pictures[:, mask].astype(np.int16)
    longest = first = 0
    for number in range(1, len(examined)):
        on_screen = any(start <= number / PICTURES_PER_S < end for start, end in screens)
        moved = (np.abs(examined[number] - examined[first]) > STILL_LEVEL).mean() > STILL_SHARE
        if moved or on_screen:
            first = number
        longest = max(longest, number - first)
    return longest / PICTURES_PER_S


def _black(pictures: Pictures, mask: Mask) -> NDArray[np.bool_]:
    black: NDArray[np.bool_] = (pictures[:, mask] <= BLACK_LEVEL).mean(axis=1) >= BLACK_SHARE
    return black


def _detail(picture: NDArray[np.uint8], mask: Mask) -> float:
    """Standard deviation of the Sobel gradient over the inner pixels of the mask; 0 if there are none."""
    grey = picture.astype(np.float32)
    smooth_y = grey[:-2] + 2 * grey[1:-1] + grey[2:]
    smooth_x = grey[:, :-2] + 2 * grey[:, 1:-1] + grey[:, 2:]
    gradient = np.hypot(smooth_y[:, 2:] - smooth_y[:, :-2], smooth_x[2:] - smooth_x[:-2])
    inner = mask[1:-1, 1:-1]
    return float(gradient[inner].std()) if inner.any() else 0.0


def _longest_s(flags: NDArray[np.bool_]) -> float:
    """Length in seconds of the longest run of pictures whose flag is set."""
    bounds = np.flatnonzero(np.diff(flags, prepend=False, append=False)).reshape(-1, 2)
    return float((bounds[:, 1] - bounds[:, 0]).max(initial=0)) / PICTURES_PER_S
