"""Stretches of a clip in which nothing is to be seen, from a few small grey pictures per second."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clipper_assets.clips.cuts import Span
from clipper_assets.media.frame import Box

PICTURES_PER_S = 6
"""x264 and NVENC set at most four frames from one that is no B-frame to the next: only those have to be decoded."""
SHORT_SIDE_PX = 90
BLACK_LEVEL = 0.10 * 255
BLACK_SHARE = 0.98
"""A picture is black if so much of it is: both are the defaults of ffmpeg's `blackdetect`."""
STILL_LEVEL = 4
STILL_SHARE = 3e-4
"""A picture is the same as another if no more of its small pixels differ by more than this many levels of 255.

Measured on stills encoded with x264: key frames differ by up to 5 levels in three of 14,400 small pixels. In the wide
shot of the sample, whose heads are an eighth of the frame's width, the longest stretch without motion is 0.3 s.
"""
LEAST_DETAIL = 10.0
"""Spatial information (ITU-T P.910: the standard deviation of the Sobel gradient) of a small picture in levels of 255.

Measured: a wall with camera noise 2, the sample blurred beyond recognition 17, its emptiest crop 60.
"""

Pictures = NDArray[np.uint8]
"""Grey levels, 0 black to 255 white, of shape (pictures, height, width); `PICTURES_PER_S` a second."""
Mask = NDArray[np.bool_]
"""True where a small picture is looked at; shape (height, width)."""


def small_size_px(width_px: int, height_px: int) -> tuple[int, int]:
    """Width and height of the small pictures of a clip."""
    shrink = SHORT_SIDE_PX / min(width_px, height_px)
    return round(width_px * shrink), round(height_px * shrink)


def without(boxes: Sequence[Box], width_px: int, height_px: int) -> Mask:
    """The small picture without what lies under `boxes`, which are in pixels of the clip.

    Words that light up are no motion of the picture, and a black picture with words on it is as black.
    """
    width, height = small_size_px(width_px, height_px)
    x, y = width / width_px, height / height_px
    mask = np.full((height, width), True)
    for box in boxes:
        rows = slice(max(int(box.top * y) - 1, 0), int(box.bottom * y) + 2)
        mask[rows, max(int(box.left * x) - 1, 0) : int(box.right * x) + 2] = False
    return mask


def black_s(pictures: Pictures, mask: Mask) -> float:
    """Seconds of the longest black stretch."""
    return _longest_s(_black(pictures, mask))


def blank_s(pictures: Pictures, mask: Mask) -> float:
    """Seconds of the longest stretch with light but without spatial detail: one colour, a wall, a blur."""
    return _longest_s(
        np.array([_detail(picture, mask) < LEAST_DETAIL for picture in pictures]) & ~_black(pictures, mask)
    )


def frozen_s(pictures: Pictures, mask: Mask, screens: Sequence[Span]) -> float:
    """Seconds of the longest stretch without motion, `screens` left out: slides stand still as they should.

    As ffmpeg's `freezedetect` does, each picture is held against the first of its stretch, so that slow motion counts.
    """
    seen = pictures[:, mask].astype(np.int16)
    longest = first = 0
    for number in range(1, len(seen)):
        on_screen = any(start <= number / PICTURES_PER_S < end for start, end in screens)
        moved = (np.abs(seen[number] - seen[first]) > STILL_LEVEL).mean() > STILL_SHARE
        if moved or on_screen:
            first = number
        longest = max(longest, number - first)
    return longest / PICTURES_PER_S


def _black(pictures: Pictures, mask: Mask) -> NDArray[np.bool_]:
    black: NDArray[np.bool_] = (pictures[:, mask] <= BLACK_LEVEL).mean(axis=1) >= BLACK_SHARE
    return black


def _detail(picture: NDArray[np.uint8], mask: Mask) -> float:
    """Standard deviation of the Sobel gradient over the pixels whose neighbours are all looked at."""
    grey = picture.astype(np.float32)
    smooth_y = grey[:-2] + 2 * grey[1:-1] + grey[2:]
    smooth_x = grey[:, :-2] + 2 * grey[:, 1:-1] + grey[:, 2:]
    gradient = np.hypot(smooth_y[:, 2:] - smooth_y[:, :-2], smooth_x[2:] - smooth_x[:-2])
    whole = mask[1:-1, 1:-1]
    return float(gradient[whole].std()) if whole.any() else 0.0


def _longest_s(flags: NDArray[np.bool_]) -> float:
    """Seconds of the longest run of pictures with a flag."""
    bounds = np.flatnonzero(np.diff(flags, prepend=False, append=False)).reshape(-1, 2)
    return float((bounds[:, 1] - bounds[:, 0]).max(initial=0)) / PICTURES_PER_S
