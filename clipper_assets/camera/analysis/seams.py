"""Finds seams: straight edges between two pictures that were put side by side."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Stack = NDArray[np.int16]
"""Grey values of pictures of one shot, of shape (pictures, height, width)."""

NEAR_PX = 0
"""Farthest distance of a seam from where equal tiles put it: rounding, and half of a gutter too thin for one tone."""
BESIDE_PX = 5
"""Width of the stripes to the left and right of a seam with whose steps it is compared."""
STAYS = 2 / 3
"""Least share of the samples with a step in the same pixel."""
STEP, STEP_RATIO = 5, 2.5
"""Least step in grey levels, and its least ratio to the mean step beside it.

Edges of 16x16 blocks, which lie at half and at a third of many widths, are steps of at most 3.
"""
LEAST_STEPS, LEAST_STEPS_ON_AVERAGE = 0.45, 0.6
"""Least share of pixels with a step along each seam, and along all seams of a layout.

There is no step where both sides have the same tone by chance, such as walls of one colour behind two participants.
"""
SOME_STEPS = 0.2
"""Share of pixels with a step above which a neighbouring pixel belongs to the seam too."""


SAME_SHARE = 0.05
"""Neighbouring pixels with nearly as many steps are the same seam; its middle is taken."""


class Seam(NamedTuple):
    """A vertical seam, one to three pixels wide: its first pixel, the first one after it, and where it has a step."""

    first: int
    after: int
    steps: NDArray[np.bool_]


def seam(stack: Stack, near_x: float) -> Seam | None:
    """The most visible seam through the whole height near `near_x`; None at the picture's sides."""
    reach = NEAR_PX + 1 + BESIDE_PX
    first = round(near_x) - reach
    if first < 0 or first + 2 * reach > stack.shape[2]:
        return None
    pixels = stack[:, :, first : first + 2 * reach]
    steps = np.abs(np.diff(pixels, axis=2))
    beside = np.concatenate([steps[:, :, : BESIDE_PX - 1], steps[:, :, 1 - BESIDE_PX :]], axis=2).mean(axis=2)
    least = np.maximum(STEP, STEP_RATIO * beside)[:, :, None]
    # A pixel that is a mixture of both pictures makes two small steps out of a large one.
    wide = np.maximum(np.abs(pixels[:, :, 2:] - pixels[:, :, :-2]), np.maximum(steps[:, :, 1:], steps[:, :, :-1]))
    stays = (wide > least).mean(axis=0) >= STAYS
    shares = stays.mean(axis=0)[reach - 2 - NEAR_PX : reach + NEAR_PX]
    best = np.flatnonzero(shares >= shares.max() - SAME_SHARE)
    center = reach - 1 - NEAR_PX + int(best[len(best) // 2])
    stepped = ((steps > least).mean(axis=0) >= STAYS).mean(axis=0) >= SOME_STEPS
    wider = stepped[center - 2], stepped[center + 1]
    return Seam(first + center - int(wider[0]), first + center + 1 + int(wider[1]), stays[:, center - 1])


def between_seams(stack: Stack, left: int, right: int, count: int) -> tuple[list[tuple[int, int]], list[Seam]] | None:
    """Left and right of each of `count` equal columns from `left` to `right`, and the seams between them.

    None if a seam is missing.
    """
    seams = [seam(stack, left + number * (right - left) / count) for number in range(1, count)]
    visible = [found for found in seams if found and found.steps.mean() >= LEAST_STEPS]
    if len(visible) < len(seams):
        return None
    starts, ends = [left, *(found.after for found in visible)], [*(found.first for found in visible), right]
    return list(zip(starts, ends, strict=True)), visible


def are_visible(seams: Sequence[Seam]) -> bool:
    """Whether all seams of a layout together are visible along enough of their length."""
    return not seams or float(np.concatenate([each.steps for each in seams]).mean()) >= LEAST_STEPS_ON_AVERAGE
