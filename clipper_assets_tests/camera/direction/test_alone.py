"""The crop of a person leaves the other people out wherever the picture allows."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clipper_assets.camera.direction.alone import contains, free_rooms, grown, touches
from clipper_assets.camera.direction.composition import MOST_ENLARGED_ALONE, PORTRAIT, Composer
from clipper_assets.camera.direction.crop import crop_box, crop_size_px, size_px
from clipper_assets.camera.direction.panels import panels_px
from clipper_assets.media.frame import FRAMES, Aspect, Box
from clipper_assets.shows.show import Layout

SOURCE = (1920, 1080)
WHOLE = Box(0, 0, *SOURCE)
COMPOSER = Composer(SOURCE)
PANELS = [(Layout.speaker, 0, 1), (Layout.split, 0, 2), (Layout.split, 1, 2), (Layout.grid, 1, 3), (Layout.grid, 2, 4)]


def face(x: float, y: float, height: float) -> Box:
    return Box(x - 0.375 * height, y - height / 2, 0.75 * height, height)


def composed(layout: Layout, panel: int, count: int, seen: Box, others: Sequence[Box], aspect: Aspect) -> Box:
    view = COMPOSER.faces(layout, panel, [seen], others, count=count)
    return crop_box(view, size_px(panels_px(layout, count, FRAMES[aspect])[panel]), SOURCE)


def a_clear_crop_exists(panel_px: Box, seen: Box, others: Sequence[Box]) -> bool:
    """Whether any crop of the panel's shape on a coarse grid shows the face and nothing of the others."""
    largest, _ = crop_size_px(size_px(panel_px), SOURCE)
    shape = panel_px.height / panel_px.width
    least = max(seen.width, seen.height / shape, panel_px.width / MOST_ENLARGED_ALONE)
    for width in np.linspace(least, largest, 8) if least <= largest else ():
        height = width * shape
        lefts = np.linspace(max(seen.right - width, 0), min(seen.left, SOURCE[0] - width), 12)
        tops = np.linspace(max(seen.bottom - height, 0), min(seen.top, SOURCE[1] - height), 12)
        crops = [Box(left, top, width, height) for left in lefts for top in tops]
        if any(contains(crop, seen) and not touches(crop, others) for crop in crops):
            return True
    return False


def test_the_crop_moves_aside_rather_than_show_half_a_neighbour() -> None:
    seen, neighbour = face(900, 450, 300), face(1180, 450, 300)
    crop = composed(Layout.speaker, 0, 1, seen, [neighbour], Aspect.portrait)
    assert contains(crop, seen)
    assert crop.right <= neighbour.left
    assert crop.width == pytest.approx(607, abs=1)


def test_the_crop_shrinks_where_it_has_neighbours_on_both_sides() -> None:
    seen, neighbours = face(960, 450, 200), [face(x, 450, 200) for x in (540, 700, 1220, 1380)]
    crop = composed(Layout.speaker, 0, 1, seen, neighbours, Aspect.portrait)
    assert contains(crop, seen)
    assert not touches(crop, neighbours)


def test_a_neighbour_whose_head_covers_the_face_stays_in_the_picture_and_nobody_else() -> None:
    seen, near, far = face(900, 450, 200), face(960, 470, 200), face(1150, 450, 200)
    crop = composed(Layout.speaker, 0, 1, seen, [near, far], Aspect.portrait)
    assert contains(crop, seen)
    assert not touches(crop, [far])


def test_wider_frames_leave_neighbours_out_too() -> None:
    seen, neighbours = face(960, 450, 160), [face(660, 450, 160), face(1260, 450, 160)]
    for aspect in Aspect:
        crop = composed(Layout.speaker, 0, 1, seen, neighbours, aspect)
        assert contains(crop, seen), aspect
        assert not touches(crop, neighbours), aspect


def test_the_largest_free_rooms_end_at_the_others() -> None:
    kept, others = Box(400, 400, 100, 100), [Box(600, 0, 100, 1080), Box(0, 700, 1920, 100)]
    rooms = list(free_rooms(WHOLE, kept, others))
    assert max(rooms, key=lambda room: room.width * room.height) == Box(0, 0, 600, 700)
    assert all(contains(room, kept) and not touches(room, others) for room in rooms)


@st.composite
def seats(draw: st.DrawFn) -> list[Box]:
    """Two to nine faces that do not touch."""
    height = st.floats(60, 320)
    faces = [
        face(draw(st.floats(130, 1790)), draw(st.floats(170, 910)), draw(height))
        for _ in range(draw(st.integers(2, 9)))
    ]
    apart = [seen for number, seen in enumerate(faces) if not touches(seen, faces[:number])]
    assume(len(apart) > 1)
    return apart


@settings(deadline=None, max_examples=80)
@given(seats(), st.sampled_from(PANELS))
def test_others_are_left_out_wherever_a_crop_without_them_exists(
    faces: list[Box], panel: tuple[Layout, int, int]
) -> None:
    seen, *others = faces
    crop = composed(*panel, seen, others, Aspect.portrait)
    assert contains(grown(WHOLE, 1), crop)
    assert contains(grown(crop, 1), seen)
    if a_clear_crop_exists(
        panels_px(panel[0], panel[2], PORTRAIT)[panel[1]], seen, [grown(other, 3) for other in others]
    ):
        assert not touches(crop, others)
