"""Finds the tiles of a remote recording in a shot: equal rectangles that stay, side by side or between gutters.

A false tile harms more than a missed one, because crops stay inside tiles. So a layout needs independent evidence:
straight edges along whole sides, edges that stay, equal sizes, and faces inside.
"""

import math
from collections.abc import Sequence
from itertools import product

import numpy as np

from clipper_assets.camera.analysis.frames import Picture
from clipper_assets.camera.analysis.rectangles import EQUAL_PX, TONE, Area, Layout, layouts, whole_layout
from clipper_assets.camera.analysis.seams import Stack
from clipper_assets.camera.scene import Boxes
from clipper_assets.media.frame import Box

LEAST_SAMPLES, MOST_SAMPLES = 2, 12
"""Fewest and most samples that are compared; more add nothing but cost."""
LIVE, NOISE = 0.002, 4
"""Least share of pixels that change from one sample to the next in a camera's picture, and by how many grey levels."""
LIVE_SHARE = 0.15
"""Least share of the samples with such a change; more than the changes of slides, which may show faces."""
BORDER_PX, BORDER = 3, 0.7
"""Widest border that marks the active speaker, in pixels of the samples, and least share of a side in its tone."""
MOSTLY = 0.9
"""Least share of a ragged part inside the tile that it belongs to."""


def tiles(samples: Sequence[Picture], faces: Boxes) -> tuple[Box, ...]:
    """The tiles of the participants in one shot, row by row; empty if the picture is one camera's.

    `samples` are pictures of the shot, one second apart; `faces` of shape (n, 4) and the result are in their pixels.
    A tile without a camera (initials on one tone) counts, a shared screen does not. The boxes contain no gutter and no
    border. They may lack a pixel at each side.
    """
    if len(samples) < LEAST_SAMPLES or not len(faces):
        return ()
    every = math.ceil(len(samples) / MOST_SAMPLES)
    stack = np.stack(samples[::every]).astype(np.int16)
    possible = [_participants(layout, stack, faces) for layout in layouts(stack, faces)]
    best = max(possible, key=lambda areas: (len(areas), -sum(area.pixels for area in areas)), default=[])
    inside = [_without_border(area, stack) for area in best or _participants(whole_layout(stack, faces), stack, faces)]
    height = min((area.bottom - area.top for area in inside), default=1)
    inside.sort(key=lambda area: (round(area.top / height * 2), area.left))
    return tuple(Box(area.left, area.top, *area.size) for area in inside)


def _participants(layout: Layout, stack: Stack, faces: Boxes) -> list[Area]:
    """The areas of participants: cameras with a face, and all others of the same size.

    A camera with a size of its own counts beside other tiles. Alone it counts only beside a larger rectangle without
    a camera (a shared screen), and with two sides inside the picture: a pillar in a room makes one such side.
    """
    cameras = [area for area in layout.rectangles if any(area.holds(face) for face in faces) and _is_live(area, stack)]
    equals = {camera: [area for area in layout.rectangles if _equal(area, camera)] for camera in cameras}
    chosen = list(dict.fromkeys(area for areas in equals.values() if len(areas) > 1 for area in areas))
    chosen = _completed(chosen, [*layout.rectangles, *layout.ragged])
    screen = max((area.pixels for area in layout.rectangles if area not in cameras), default=0)
    alone = [camera for camera in cameras if camera.pixels < screen and sum(camera.inner(stack.shape[1:])) >= 2]
    return [*chosen, *(each for each in (cameras if chosen else alone) if not any(map(each.shared, chosen)))]


def _completed(tiles: list[Area], parts: Sequence[Area]) -> list[Area]:
    """The tiles, and those of which dark clothes or furniture hide a side: where a row and a column of tiles cross."""
    completed = list(tiles)
    for row, column in product(tiles, tiles):
        cell = Area(column.left, row.top, column.right, row.bottom)
        hidden = any(cell.shared(part) >= max(MOSTLY * part.pixels, cell.pixels / 2) for part in parts)
        if hidden and not any(cell.shared(tile) for tile in completed):
            completed.append(cell)
    return completed


def _equal(area: Area, other: Area) -> bool:
    return all(abs(side - another) <= EQUAL_PX for side, another in zip(area.size, other.size, strict=True))


def _is_live(area: Area, stack: Stack) -> bool:
    """Whether the picture moves in some of the time: even who listens motionless speaks or nods at times."""
    changes = (np.abs(np.diff(area.of(stack), axis=0)) > NOISE).mean(axis=(1, 2)) >= LIVE
    return bool(changes.mean() >= LIVE_SHARE)


def _without_border(area: Area, stack: Stack) -> Area:
    """The area without the pixel at each side that may be a mixture, and without the border of an active speaker."""
    left, top, right, bottom = area
    pixels = area.of(stack)
    down, across = pixels, pixels.swapaxes(1, 2)
    return Area(
        left + _border_px(across),
        top + _border_px(down),
        right - _border_px(across[:, ::-1]),
        bottom - _border_px(down[:, ::-1]),
    )


def _border_px(rows: Stack) -> int:
    """How many rows at the top are a border: each has one tone in one of the samples, and the row after it has not."""
    width = 1
    for number in range(BORDER_PX):
        tone = np.median(rows[:, number], axis=1)[:, None]
        toned = (np.abs(rows[:, number] - tone) <= TONE).mean(axis=1)
        inner = (np.abs(rows[:, number + 2] - tone) > 3 * TONE).mean(axis=1)
        if (np.minimum(toned, inner) >= BORDER).any():
            width = number + 2
    return width
