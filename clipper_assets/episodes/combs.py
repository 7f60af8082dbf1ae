"""Finds combs, the traces of interlaced video, in successive pictures, by the method of ffmpeg's `idet` filter."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

TALLEST_PX = 1088
"""Interlaced video has at most 1080 lines, which some codecs pad to 1088."""
MOVED = 12
"""Grey levels by which a pixel differs from the picture before or after where something moves."""
LEAST_MOVED = 5e-4
"""Share of a picture's pixels that must move, so that there could be combs."""
COMBED, WHOLE = 1.6, 1.5
"""How much nearer the lines between are to one field than to the other in a combed picture, and how much nearer they
are to their own picture than to its neighbours in a whole one.

Measured: interlaced test cards and pans have 1.7 to 2.8 and at most 1.4, progressive ones at most 1.6 and at least 1.6.
`idet` has 1.04 and 1.5, but it compares still parts, too.
"""
FEWEST, LEAST_COMBED, SAME_ORDER = 3, 0.1, 0.8
"""An upload is interlaced if three pictures and a tenth of those in which something moves are combed, and eight tenths
of the combed ones are in the same order: wrong guesses are in either order."""
EVERY_COLUMN = 4

Grey = NDArray[np.int16]
"""Grey levels of shape (height, width)."""


@dataclass
class Combs:
    """Numbers of pictures with motion: combed with the top field first (`tff`), the bottom one (`bff`), or whole.

    `flagged` tells whether a picture is marked as interlaced.
    """

    tff: int = 0
    bff: int = 0
    whole: int = 0
    flagged: bool = False

    def add(self, pictures: Sequence["VideoFrame"]) -> None:
        """Count the successive pictures of a stretch, all of one size, except for the first and the last."""
        self.flagged |= any(picture.interlaced_frame for picture in pictures)
        thin = [picture.to_ndarray(format="gray")[:, ::EVERY_COLUMN].astype(np.int16) for picture in pictures]
        for before, picture, after in zip(thin, thin[1:], thin[2:], strict=False):
            kind = kind_of(before, picture, after)
            if kind:
                setattr(self, kind, getattr(self, kind) + 1)

    @property
    def field_order(self) -> str | None:
        """`tff` or `bff` for interlaced video, None for progressive video."""
        combed = self.tff + self.bff
        order = "tff" if self.tff >= self.bff else "bff"
        if not combed + self.whole:
            return order if self.flagged else None
        interlaced = combed >= LEAST_COMBED * (combed + self.whole) and getattr(self, order) >= SAME_ORDER * combed
        return order if combed >= FEWEST and interlaced else None


def kind_of(before: Grey, picture: Grey, after: Grey) -> str | None:
    """`tff` or `bff` for a combed picture, `whole` for another one; None where nothing moves or it is not clear."""
    moved = (np.abs(picture - before) > MOVED) | (np.abs(picture - after) > MOVED)
    inside = moved[:-2] | moved[1:-1] | moved[2:]
    if inside.mean() < LEAST_MOVED:
        return None
    around = picture[:-2] + picture[2:]
    own, earlier, later = (
        np.where(inside, np.abs(around - 2 * other[1:-1]), 0).sum(axis=1, dtype=np.int64)
        for other in (picture, before, after)
    )
    # Rows 1, 3, ... of the picture come first here. In a field that is earlier, they are nearer to the picture before.
    top_first = int(earlier[::2].sum() + later[1::2].sum()), int(earlier[1::2].sum() + later[::2].sum())
    near, far = min(top_first), max(top_first)
    if near > WHOLE * int(own.sum()):
        return "whole"
    return ("tff" if near == top_first[0] else "bff") if far > COMBED * near else None
