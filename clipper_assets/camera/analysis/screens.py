"""Finds slides and shared screens in a shot: large, still, and drawn sharply on one tone, which rooms are not."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clipper_assets.camera.analysis.frames import Picture
from clipper_assets.camera.scene import Boxes
from clipper_assets.media.frame import Box

SAMPLE = 1 / 2
"""Size of the pictures that are looked at, one a second, against those that faces are found in."""
LEAST_SAMPLES = 3
STILL = 4.0
"""Grey levels that a pixel changes by at most from one second to the next."""
MOST_CHANGES = 0.25
"""Of the seconds, in which it may change more: another slide, a pointer."""
TONES, TONE = 3, 4
"""So many of the most frequent tones may be what is drawn on; less than so many grey levels away is the same tone."""
LEAST_TONE = 0.4
"""Of the screen's pixels have it."""
SHARP, SOFT = 40, 8
"""Grey levels between neighbouring pixels: at an edge that was drawn, and at what a lens makes of one at least."""
LEAST_SHARP = 0.5
"""Of the pixels that are not flat."""
BLOCK_PX, INKED = 10, 0.03
"""Of a block's pixels so many are sharp where something is written or drawn."""
LEAST_INKED = 0.12
"""Of the blocks."""
LEAST_AREA = 0.15
"""Of the picture; smaller things on a wall are not what a shot is about."""


def screen(samples: Sequence[Picture], faces: Boxes) -> Box | None:
    """The rectangle of slides or a shared screen in one shot, None where there surely is none.

    `samples` are pictures of the shot, a second apart; boxes (n, 4) and the result are in their pixels. No part of a
    face is in it.
    """
    if len(samples) < LEAST_SAMPLES:
        return None
    stack = np.stack(samples).astype(np.int16)
    still = (np.abs(np.diff(stack, axis=0)) > STILL).mean(axis=0) <= MOST_CHANGES
    picture = stack[-1]
    steps = _steps(picture)
    for tone in _tones(picture[still]):
        toned = (np.abs(picture - tone) < TONE) & still
        found = _largest(toned)
        for face in faces:
            found = _beside(found, face)
        if found.width * found.height < LEAST_AREA * picture.size:
            continue
        area = slice(int(found.top), int(found.bottom)), slice(int(found.left), int(found.right))
        sharp = (steps[area] > SHARP) & still[area]
        drawn = sharp.sum() >= LEAST_SHARP * (steps[area] > SOFT).sum() and _inked(sharp) >= LEAST_INKED
        if drawn and toned[area].mean() >= LEAST_TONE and still[area].mean() >= 1 - MOST_CHANGES:
            return found
    return None


def _steps(picture: NDArray[np.int16]) -> NDArray[np.int16]:
    """The larger difference of each pixel to its right and lower neighbours."""
    across = np.abs(np.diff(picture, axis=1, append=picture[:, -1:]))
    down = np.abs(np.diff(picture, axis=0, append=picture[-1:]))
    return np.maximum(across, down)


def _tones(pixels: NDArray[np.int16]) -> list[int]:
    """The most frequent tones, no two of them the same."""
    counts = np.bincount(pixels, minlength=256)
    found = []
    for _ in range(TONES):
        found.append(int(np.argmax(counts)))
        counts[max(found[-1] - TONE, 0) : found[-1] + TONE + 1] = 0
    return found


def _largest(mask: NDArray[np.bool_]) -> Box:
    """Around the largest connected part of a mask."""
    import cv2

    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    left, top, width, height, _ = max(stats[1:].tolist(), key=lambda part: part[4], default=(0, 0, 0, 0, 0))
    return Box(left, top, width, height)


def _beside(found: Box, face: NDArray[np.float64]) -> Box:
    """The largest part of a rectangle to one side of a face and half its width around it; all of it, if it is apart."""
    left, top, width, height = (round(value) for value in face)
    margin = width // 2
    left, right, top, bottom = left - margin, left + width + margin, top - margin, top + height + margin
    if left >= found.right or right <= found.left or top >= found.bottom or bottom <= found.top:
        return found
    parts = [
        found._replace(width=left - found.left),
        found._replace(left=right, width=found.right - right),
        found._replace(height=top - found.top),
        found._replace(top=bottom, height=found.bottom - bottom),
    ]
    return max(parts, key=lambda part: max(part.width, 0) * max(part.height, 0))


def _inked(sharp: NDArray[np.bool_]) -> float:
    """The share of the blocks that something is drawn in; what is left over at the right and below is not looked at."""
    rows, columns = (size // BLOCK_PX for size in sharp.shape)
    blocks = sharp[: rows * BLOCK_PX, : columns * BLOCK_PX].reshape(rows, BLOCK_PX, columns, BLOCK_PX)
    return float((blocks.mean(axis=(1, 3)) > INKED).mean())
