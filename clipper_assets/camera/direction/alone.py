"""Moves and shrinks a crop so that it leaves the faces of other people out."""

from collections.abc import Callable, Iterator, Sequence
from math import hypot, log2

from clipper_assets.media.frame import Box

HAIR, SIDE, BEARD = 0.3, 0.25, 0.1
"""What belongs to a head above, beside and below a detector's box, from hairline to chin: shares of the box's sides."""

ROUNDED_PX = 2.0
"""Distance kept from another face, because a crop is rounded to even pixels when it is rendered."""

Ideal = Callable[[float], Box]
"""The crop, of a given width in pixels, that would be best if there was nobody else."""


def clear_crop(ideal: Ideal, width_px: float, face: Box, others: Sequence[Box], area: Box, least_px: float) -> Box:
    """The crop inside `area` nearest to `ideal(width_px)` that shows all of `face` and nothing of the `others`.

    It is at least `least_px` wide. Whole heads are left out where that is possible, else faces. Where even that is
    impossible, the others that are nearest to the face stay in the picture.
    """
    farthest_first = sorted(others, key=lambda other: -_apart(other, face))
    for count in range(len(others), 0, -1):
        left_out = farthest_first[:count]
        heads, faces = [head(other) for other in left_out], [grown(other, ROUNDED_PX) for other in left_out]
        for own, obstacles in ((head(face), heads), (face, faces)):
            if crop := _nearest_clear(ideal, width_px, own, obstacles, area, least_px):
                return crop
    return moved_inside(ideal(width_px), area)


def free_rooms(area: Box, kept: Box, others: Sequence[Box]) -> Iterator[Box]:
    """Rectangles inside `area` that contain `kept` and nothing of the `others`; the largest ones are among them."""
    lefts = {area.left, *(other.right for other in others if area.left < other.right <= kept.left)}
    rights = {area.right, *(other.left for other in others if kept.right <= other.left < area.right)}
    for left in lefts:
        for right in rights:
            between = [other for other in others if other.left < right and left < other.right]
            above = [other.bottom for other in between if other.bottom <= kept.top]
            below = [other.top for other in between if kept.bottom <= other.top]
            if len(above) + len(below) == len(between):
                top, bottom = max([area.top, *above]), min([area.bottom, *below])
                yield Box(left, top, right - left, bottom - top)


def touches(crop: Box, others: Sequence[Box]) -> bool:
    """Whether any part of the others is in the crop."""
    return any(
        other.left < crop.right and crop.left < other.right and other.top < crop.bottom and crop.top < other.bottom
        for other in others
    )


def contains(crop: Box, face: Box) -> bool:
    return crop.left <= face.left and face.right <= crop.right and crop.top <= face.top and face.bottom <= crop.bottom


def moved_inside(crop: Box, area: Box) -> Box:
    """The crop moved inside an area that is at least as large."""
    left = max(min(crop.left, area.right - crop.width), area.left)
    top = max(min(crop.top, area.bottom - crop.height), area.top)
    return Box(left, top, crop.width, crop.height)


def head(face: Box) -> Box:
    """The box of the whole head, with its hair, around a detector's box."""
    across, up, down = SIDE * face.width, HAIR * face.height, BEARD * face.height
    return Box(face.left - across, face.top - up, face.width + 2 * across, face.height + up + down)


def grown(box: Box, by_px: float) -> Box:
    return Box(box.left - by_px, box.top - by_px, box.width + 2 * by_px, box.height + 2 * by_px)


def _nearest_clear(
    ideal: Ideal, width_px: float, face: Box, others: Sequence[Box], area: Box, least_px: float
) -> Box | None:
    """The clear crop that is enlarged and moved least against the ideal one; None if there is none."""
    best = moved_inside(ideal(width_px), area)
    if not touches(best, others):
        return best
    shape = best.width / best.height
    candidates = []
    for room in free_rooms(area, face, others):
        widest = min(width_px, room.width, room.height * shape)
        narrowest = max(face.width, face.height * shape, min(least_px, width_px))
        for width in {widest, (widest + narrowest) / 2, narrowest} if widest >= narrowest else ():
            wished = ideal(width)
            crop = _holding(moved_inside(wished, room), face, room)
            moved = hypot((crop.left - wished.left) / crop.width, (crop.top - wished.top) / crop.height)
            candidates.append((log2(width_px / width) + moved, crop))
    return min(candidates, default=(0.0, None), key=lambda candidate: candidate[0])[1]


def _holding(crop: Box, face: Box, room: Box) -> Box:
    """The crop moved so that it contains the face, which is in the same room."""
    left = max(min(crop.left, face.left), face.right - crop.width)
    top = max(min(crop.top, face.top), face.bottom - crop.height)
    return moved_inside(Box(left, top, crop.width, crop.height), room)


def _apart(one: Box, other: Box) -> float:
    """The distance in pixels between two boxes; 0 if they touch."""
    across = max(one.left - other.right, other.left - one.right, 0.0)
    down = max(one.top - other.bottom, other.top - one.bottom, 0.0)
    return hypot(across, down)
