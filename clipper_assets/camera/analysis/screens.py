"""Finds slides and shared screens in a shot: unlike rooms, they are large, still and drawn sharply on one tone."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clipper_assets.camera.analysis.frames import Picture
from clipper_assets.camera.scene import Boxes
from clipper_assets.media.frame import Box

SAMPLE = 1 / 2
"""Scale of the sampled pictures, one a second, relative to the pictures in which faces are detected."""
LEAST_SAMPLES = 3
STILL = 4.0
"""Largest change of a still pixel from one second to the next, in grey levels."""
MOST_CHANGES = 0.25
"""Share of the seconds in which a still pixel may change more, for another slide or a pointer."""
TONES, TONE = 3, 4
"""How many of the most frequent tones are tried as background, and the grey levels that tell two tones apart."""
LEAST_TONE = 0.4
"""Least share of the screen's pixels that have the background tone."""
SHARP, SOFT = 40, 8
"""Least step between neighbouring pixels, in grey levels, of a drawn edge, and of any edge seen through a lens."""
LEAST_SHARP = 0.5
"""Least share of sharp pixels among all pixels on edges."""
BLOCK_PX, INKED = 10, 0.03
"""Side of a block in pixels, and the least share of sharp pixels in a block with writing or drawing."""
LEAST_INKED = 0.12
"""Least share of blocks with writing or drawing."""
LEAST_AREA = 0.15
"""Least share of the picture; smaller things, such as a poster on a wall, are not the subject of a shot."""


def screen(samples: Sequence[Picture], faces: Boxes, tiles: Sequence[Box] = ()) -> Box | None:
    """The rectangle of slides or a shared screen in one shot; None if there is none or the shot is too short to tell.

    `samples` are pictures of the shot, one second apart; `faces` of shape (n, 4), `tiles` of participants and the
    result are in their pixels. The rectangle contains no part of a face or a tile.
    """
    if len(samples) < LEAST_SAMPLES:
        return None
    stack = np.stack(samples).astype(np.int16)
    still = (np.abs(np.diff(stack, axis=0)) > STILL).mean(axis=0) <= MOST_CHANGES
    picture = stack[-1]
    steps = _steps(picture)
    for tone in _tones(picture[still]):
        toned = (np.abs(picture - tone) < TONE) & still
        candidate = _largest(toned)
        for tile in tiles:
            candidate = _beside(candidate, tile)
        for face in faces:
            candidate = _beside(candidate, _with_margin(face))
        if candidate.width * candidate.height < LEAST_AREA * picture.size:
            continue
        area = slice(int(candidate.top), int(candidate.bottom)), slice(int(candidate.left), int(candidate.right))
        sharp = (steps[area] > SHARP) & still[area]
        drawn = sharp.sum() >= LEAST_SHARP * (steps[area] > SOFT).sum() and _inked(sharp) >= LEAST_INKED
        if drawn and toned[area].mean() >= LEAST_TONE and still[area].mean() >= 1 - MOST_CHANGES:
            return candidate
    return None


def _steps(picture: NDArray[np.int16]) -> NDArray[np.int16]:
    """The larger difference of each pixel to its right and lower neighbours."""
    across = np.abs(np.diff(picture, axis=1, append=picture[:, -1:]))
    down = np.abs(np.diff(picture, axis=0, append=picture[-1:]))
    return np.maximum(across, down)


def _tones(pixels: NDArray[np.int16]) -> list[int]:
    """The most frequent tones, each at least `TONE` grey levels from the others."""
    counts = np.bincount(pixels, minlength=256)
    tones = []
    for _ in range(TONES):
        tones.append(int(np.argmax(counts)))
        counts[max(tones[-1] - TONE, 0) : tones[-1] + TONE + 1] = 0
    return tones


def _largest(mask: NDArray[np.bool_]) -> Box:
    """The bounding box of the mask's largest connected part."""
    import cv2

    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    left, top, width, height, _ = max(stats[1:].tolist(), key=lambda part: part[4], default=(0, 0, 0, 0, 0))
    return Box(left, top, width, height)


def _with_margin(face: NDArray[np.float64]) -> Box:
    """A face with a margin of half its width, in whole pixels."""
    left, top, width, height = (round(value) for value in face)
    margin = width // 2
    return Box(left - margin, top - margin, width + 2 * margin, height + 2 * margin)


def _beside(area: Box, other: Box) -> Box:
    """The largest part of `area` to one side of another box; all of it if they are apart."""
    if other.left >= area.right or other.right <= area.left or other.top >= area.bottom or other.bottom <= area.top:
        return area
    parts = [
        area._replace(width=other.left - area.left),
        area._replace(left=other.right, width=area.right - other.right),
        area._replace(height=other.top - area.top),
        area._replace(top=other.bottom, height=area.bottom - other.bottom),
    ]
    return max(parts, key=lambda part: max(part.width, 0) * max(part.height, 0))


def _inked(sharp: NDArray[np.bool_]) -> float:
    """The share of blocks with writing or drawing; incomplete blocks at the right and bottom are ignored."""
    rows, columns = (size // BLOCK_PX for size in sharp.shape)
    blocks = sharp[: rows * BLOCK_PX, : columns * BLOCK_PX].reshape(rows, BLOCK_PX, columns, BLOCK_PX)
    return float((blocks.mean(axis=(1, 3)) > INKED).mean())
