"""Finds black bars around the picture in the brightest values that each pixel has anywhere in an upload."""

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""Red, green and blue, 0 to 255, of shape (height, width, 3)."""
Levels = NDArray[np.uint8]
"""The largest of the three, of shape (height, width); a dark blue wall has little luma, but is no bar."""

LIT = 24
"""Levels above this belong to the picture: black bars of analogue tapes reach 12, compression adds a few levels."""
LEAST_LIT_PX = 3
"""Fewer lit pixels in a row or column are specks."""
STRAIGHT, CLEARLY_STRAIGHT = 0.5, 0.9
"""The outermost row of the picture is lit over at least this share of its length, or it is no edge between bar and
picture: then a logo or subtitles are in the bar, or it is the dark background of a scene. The larger share is needed
for a bar without an equal one on the other side, and for one thinner than `THIN`."""
BLURRED_PX = 8
"""Compression blurs the edge by up to a block of 8 pixels."""
THIN = 0.01
EQUAL = 0.02
LEAST_SIDE, LEAST_LIT = 0.25, 0.6
"""The picture has at least this share of each side, and this share of its pixels is lit at some time."""


class Brightest:
    """The brightest level of each pixel in the pictures added."""

    def __init__(self, first: Picture):
        self.levels: Levels = first.max(axis=2)

    def add(self, picture: Picture) -> None:
        np.maximum(self.levels, picture.max(axis=2), out=self.levels)


def inside_bars(levels: Levels) -> tuple[int, int, int, int] | None:
    """Left, top, width and height of the picture inside black bars; None without bars, or where it is not certain."""
    lit = levels > LIT
    height, width = lit.shape
    spans = []
    for sums, across in ((lit.sum(axis=1), lit.sum(axis=0)), (lit.sum(axis=0), lit.sum(axis=1))):
        length = int(np.count_nonzero(across >= LEAST_LIT_PX))
        spans.append(_between_bars(sums, length))
    (top, bottom), (left, right) = spans
    inner = lit[top:bottom, left:right]
    too_small = inner.shape[0] < LEAST_SIDE * height or inner.shape[1] < LEAST_SIDE * width
    if inner.shape == lit.shape or too_small or inner.mean() < LEAST_LIT:
        return None
    return left, top, right - left, bottom - top


def _between_bars(lit: NDArray[np.int64], length: int) -> tuple[int, int]:
    """First row of the picture and the one after its last; `lit` is the number of lit pixels in each row.

    `length` is the number of columns in which anything is lit. For columns, the same the other way round.
    """
    size = len(lit)
    before, after = _bar(lit, length, STRAIGHT), _bar(lit[::-1], length, STRAIGHT)
    if abs(before - after) > max(EQUAL * size, BLURRED_PX) or min(before, after) < THIN * size:
        before, after = _bar(lit, length, CLEARLY_STRAIGHT), _bar(lit[::-1], length, CLEARLY_STRAIGHT)
    return before, size - after


def _bar(lit: NDArray[np.int64], length: int, share: float) -> int:
    """Number of rows of the bar before the picture; 0 without one."""
    any_lit, straight = np.flatnonzero(lit >= LEAST_LIT_PX), np.flatnonzero(lit >= max(share * length, LEAST_LIT_PX))
    if not straight.size or straight[0] - any_lit[0] > BLURRED_PX:
        return 0
    return int(straight[0])
