"""Finds equal rectangles in a shot that may be the tiles of a remote recording: between gutters, or side by side."""

from collections.abc import Iterator, Sequence
from itertools import combinations, product
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from clipper_assets.camera.analysis.seams import Stack, are_visible, between_seams
from clipper_assets.camera.scene import Boxes

STAYS = 2 / 3
"""Least share of the samples in which a gutter is seen; one sample may show the layout while it changes."""
TONE = 6
"""Largest deviation of a gutter from its tone, in grey levels; encoding noise beside bright tiles reaches 4."""
SHARP, SHARP_PX = 10, 3
"""Least difference from the gutter's tone at the side of a tile, in grey levels, and within how many pixels.

The light on a plain wall changes by less in so few pixels.
"""
MOVING = 255.0
"""Stands for the difference of a pixel that does not stay, and so is no background."""
PLAIN = 0.98
"""Least share of a row or column of the picture that has one tone and stays, to be taken for a gutter or margin."""
MOST_TONES = 4
LEAST_SIDE = 1 / 12
"""Least side of a tile as a share of the picture's; faces in smaller ones are too small for a clip."""
STRAIGHT = 0.6
"""Least share of a rectangle's side that stands out from the gutter, on three of its sides.

The outline of a person in front of one tone touches its box along a third of three sides at most; dark clothes at the
bottom of a tile can hide one side.
"""
EQUAL_PX = 4
"""Largest difference between the sides of equal tiles, in pixels of the samples: two, where a seam is widest."""
NARROWEST, WIDEST = 0.4, 2.6
"""Width of a tile in heights: from a telephone held upright to a wide screen."""
MOST_IN_LINE = 6
"""Most touching tiles in a row or column."""
FACE_INSIDE = 0.85
"""Least share of a face's box inside its tile; boxes of faces at the edge of a tile reach a little beyond it."""

Value = TypeVar("Value", bound=np.generic)


class Area(NamedTuple):
    """Whole pixels of the samples from `left` and `top` up to, but without, `right` and `bottom`."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> tuple[int, int]:
        return self.right - self.left, self.bottom - self.top

    def of(self, pictures: NDArray[Value]) -> NDArray[Value]:
        """This part of pictures of shape (..., height, width)."""
        return pictures[..., self.top : self.bottom, self.left : self.right]

    def part(self, left: int, top: int, right: int, bottom: int) -> "Area":
        """The area with these sides, which count from the left and the top of this one."""
        return Area(self.left + left, self.top + top, self.left + right, self.top + bottom)

    def inner(self, shape: tuple[int, ...]) -> tuple[bool, bool, bool, bool]:
        """Which sides (left, top, right, bottom) are inside a picture of this height and width, not at its side."""
        height, width = shape
        return self.left > 0, self.top > 0, self.right < width, self.bottom < height

    @property
    def pixels(self) -> int:
        return (self.right - self.left) * (self.bottom - self.top)

    def shared(self, other: "Area") -> int:
        """How many pixels are in both areas."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(across, 0) * max(down, 0)

    def holds(self, face: NDArray[np.float64]) -> bool:
        """Whether nearly all of a face's box is inside."""
        left, top, width, height = face
        across = min(left + width, self.right) - max(left, self.left)
        down = min(top + height, self.bottom) - max(top, self.top)
        return bool(max(across, 0.0) * max(down, 0.0) >= FACE_INSIDE * width * height)


class Layout(NamedTuple):
    """What a background leaves of the picture: rectangles, and large parts with another outline."""

    rectangles: list[Area]
    ragged: list[Area]


def layouts(stack: Stack, faces: Boxes) -> Iterator[Layout]:
    """A layout for each possible tone of the background. Touching tiles are split."""
    middle, stays = _lasting(stack)
    for tone in _tones(middle, stays):
        layout = Layout([], [])
        for area, part in _parts(np.where(stays, np.abs(middle - tone), MOVING)):
            inner = area.inner(middle.shape)
            if touching := _touching(area, part, stack, faces):
                layout.rectangles.extend(touching)
            else:
                (layout.rectangles if _is_rectangle(part, inner) else layout.ragged).append(area)
        yield layout


def whole_layout(stack: Stack, faces: Boxes) -> Layout:
    """The layout if there is no background, except for margins of one tone around the whole."""
    rows, columns = (np.flatnonzero(~plain) for plain, _ in _plain_lines(*_lasting(stack)))
    if not len(rows) or not len(columns):
        return Layout([], [])
    whole = Area(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    return Layout(_touching(whole, np.full(whole.size[::-1], MOVING), stack, faces), [])


def _lasting(stack: Stack) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The median of the samples, and which of its pixels stay."""
    middle = np.median(stack, axis=0)
    return middle, (np.abs(stack - middle) <= TONE).mean(axis=0) >= STAYS


def _plain_lines(
    middle: NDArray[np.float64], stays: NDArray[np.bool_]
) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.float64]]]:
    """For the rows, then for the columns: which have one tone from side to side and stay, and the tone of each."""
    for lines, still in [(middle, stays), (middle.T, stays.T)]:
        tones = np.median(lines, axis=1)
        yield ((np.abs(lines - tones[:, None]) <= TONE) & still).mean(axis=1) >= PLAIN, tones


def _tones(middle: NDArray[np.float64], stays: NDArray[np.bool_]) -> list[float]:
    """Possible tones of the background: of rows and columns with one tone, and the most frequent one."""
    tones = [float(tone) for plain, own in _plain_lines(middle, stays) for tone in own[plain]]
    tones.append(float(np.argmax(np.bincount(middle[stays].astype(np.intp), minlength=256))))
    distinct: list[float] = []
    while tones and len(distinct) < MOST_TONES:
        distinct.append(max(tones, key=lambda tone: sum(abs(tone - other) <= TONE for other in tones)))
        tones = [tone for tone in tones if abs(tone - distinct[-1]) > TONE]
    return distinct


def _parts(differences: NDArray[np.float64]) -> list[tuple[Area, NDArray[np.float64]]]:
    """The connected parts that differ from the background and are large enough for a tile.

    Each is a bounding box, and the differences in it; 0 in other parts.
    """
    import cv2

    stands_out = (differences > TONE).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(stands_out, connectivity=4)
    height, width = stands_out.shape
    parts = []
    for label, (left, top, across, down, _) in enumerate(stats.tolist()):
        if label > 0 and across >= LEAST_SIDE * width and down >= LEAST_SIDE * height:
            area = Area(left, top, left + across, top + down)
            parts.append((area, np.where(area.of(labels) == label, area.of(differences), 0.0)))
    return parts


def _is_rectangle(part: NDArray[np.float64], inner: Sequence[bool]) -> bool:
    """Whether a part differs sharply from the background along the sides of its bounding box.

    `inner` says which of the sides (left, top, right, bottom) can tell: not those at the picture's side. One of three
    or four may be hidden.
    """
    sharp = part >= SHARP
    sides = [sharp[:, :SHARP_PX], sharp[:SHARP_PX].T, sharp[:, -SHARP_PX:], sharp[-SHARP_PX:].T]
    straight = [float(side.any(axis=1).mean()) >= STRAIGHT for side, tells in zip(sides, inner, strict=True) if tells]
    return sum(straight) >= min(len(straight), max(2, len(straight) - 1))


def _touching(area: Area, part: NDArray[np.float64], stack: Stack, faces: Boxes) -> list[Area]:
    """The equal tiles that touch each other in an area, as many as possible; empty if there are none.

    `part` is how far each pixel of the area differs from the background. At least two tiles have a face, no face lies
    across a seam, and no tile has one face above another.
    """
    height, width = stack.shape[1:]
    inside = [face for face in faces if area.holds(face)]
    most = [
        min(MOST_IN_LINE, int(side / (LEAST_SIDE * whole)))
        for side, whole in zip(area.size, (width, height), strict=True)
    ]
    for columns, rows in sorted(product(*(range(1, count + 1) for count in most)), key=np.prod, reverse=True):
        shape = area.size[0] / columns / (area.size[1] / rows)
        if columns * rows < 2 or not NARROWEST <= shape <= WIDEST:
            continue
        cells = [area.part(*cell) for cell in _cells(area.of(stack), part, columns, rows)]
        owners = [[face for face in inside if cell.holds(face)] for cell in cells]
        if sum(map(len, owners)) == len(inside) and sum(map(bool, owners)) >= 2 and not any(map(_stacked, owners)):
            return cells
    return []


def _cells(stack: Stack, part: NDArray[np.float64], columns: int, rows: int) -> list[Area]:
    """The equal cells of an area in `rows` rows, the fullest of which has `columns`; empty if a seam is missing.

    Rows with fewer cells may lie anywhere, as in a last row that is centered. Rows with as many cells share seams.
    """
    height, width = part.shape
    bands = between_seams(stack.swapaxes(1, 2), 0, height, rows)
    alike: dict[tuple[int, int, int], list[tuple[int, int]]] = {}
    for top, bottom in bands[0] if bands else []:
        shown = np.flatnonzero(part[top:bottom].any(axis=0))
        left, right = (int(shown[0]), int(shown[-1]) + 1) if len(shown) else (0, 0)
        count = round((right - left) / (width / columns))
        if not count or abs((right - left) / count - width / columns) > EQUAL_PX:
            return []
        if not _is_rectangle(part[top:bottom, left:right], (left > 0, False, right < width, False)):
            return []
        alike.setdefault((left, right, count), []).append((top, bottom))
    cells, seams = [], bands[1] if bands else []
    for (left, right, count), rows_alike in alike.items():
        lines = stack[:, np.concatenate([np.arange(top, bottom) for top, bottom in rows_alike])]
        parts = between_seams(lines, left, right, count)
        if parts is None:
            return []
        cells += [Area(start, top, end, bottom) for top, bottom in rows_alike for start, end in parts[0]]
        seams = [*seams, *parts[1]]
    return cells if are_visible(seams) else []


def _stacked(faces: Sequence[NDArray[np.float64]]) -> bool:
    """Whether one of the faces is above another, as never in front of one camera."""
    return any(
        abs(one[1] - other[1]) > max(abs(one[0] - other[0]), one[3], other[3]) for one, other in combinations(faces, 2)
    )
