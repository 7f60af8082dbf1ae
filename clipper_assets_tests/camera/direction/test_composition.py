import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.camera.direction.composition import EYE_LINE, EYES, Composer
from clipper_assets.camera.direction.crop import crop_box, size_px
from clipper_assets.camera.direction.panels import PANELS, panels_px
from clipper_assets.camera.direction.path import View
from clipper_assets.media.frame import FRAMES, Aspect, Box
from clipper_assets.shows.show import Layout

SOURCE = (1920, 1080)
COMPOSER = Composer(SOURCE)
PORTRAIT = FRAMES[Aspect.portrait]
CAPTIONS_TOP_PX, CAPTIONS_BOTTOM_PX = 950, 1250


def face(x: float, y: float, height: float) -> Box:
    width = 0.75 * height
    return Box(x - width / 2, y - height / 2, width, height)


def in_clip(box: Box, view: View, layout: Layout, panel: int) -> Box:
    """The place of a box of the source in a portrait clip, in pixels of the clip."""
    place = panels_px(layout, PANELS[layout][0], PORTRAIT)[panel]
    crop = crop_box(view, size_px(place), SOURCE)
    scale = place.width / crop.width
    left, top = place.left + (box.left - crop.left) * scale, place.top + (box.top - crop.top) * scale
    return Box(left, top, box.width * scale, box.height * scale)


def shown(layout: Layout, panel: int, seen: Box, *others: Box) -> Box:
    """The place of a face in a portrait clip that was composed for it."""
    return in_clip(seen, COMPOSER.faces(layout, panel, [seen], others), layout, panel)


@pytest.mark.parametrize("height", [120, 160, 200])
def test_eyes_lie_on_the_upper_third_and_the_chin_above_the_captions(height: float) -> None:
    seen = shown(Layout.speaker, 0, face(900, 500, height))
    assert seen.center_x == pytest.approx(PORTRAIT.width_px / 2, abs=2)
    assert seen.top + EYES * seen.height == pytest.approx(EYE_LINE * PORTRAIT.height_px, abs=3)
    assert seen.bottom < CAPTIONS_TOP_PX


def test_near_and_far_faces_are_shown_at_the_same_size() -> None:
    near, far = (shown(Layout.speaker, 0, face(900, 350, height)).height for height in (200, 150))
    assert near == pytest.approx(far, rel=0.01)


def test_a_small_face_is_not_enlarged_into_a_blur() -> None:
    view = COMPOSER.faces(Layout.speaker, 0, [face(900, 500, 30)], [])
    assert 1080 / crop_box(view, (1080, 1920), SOURCE).width == pytest.approx(3, abs=0.01)
    assert Composer((1280, 720)).faces(Layout.speaker, 0, [face(600, 300, 30)], []).zoom < view.zoom


def test_a_face_that_fills_the_source_is_not_enlarged() -> None:
    assert COMPOSER.faces(Layout.speaker, 0, [face(900, 500, 500)], []) == View(900, 540)


def test_a_person_has_look_room_towards_a_neighbour() -> None:
    alone, left, right, between = (
        shown(Layout.speaker, 0, face(900, 500, 160), *(face(x, 500, 160) for x in others)).center_x
        for others in ([], [1500], [300], [300, 1500])
    )
    assert left < alone - 50
    assert right > alone + 50
    assert between == alone


def test_each_panel_of_a_split_shows_only_one_person() -> None:
    one, other = face(700, 400, 160), face(1100, 450, 150)
    for panel, (seen, left_out) in enumerate([(one, other), (other, one)]):
        size = size_px(panels_px(Layout.split, 2, PORTRAIT)[panel])
        crop = crop_box(COMPOSER.faces(Layout.split, panel, [seen], [left_out]), size, SOURCE)
        assert crop.right <= left_out.left or crop.left >= left_out.right


@pytest.mark.parametrize("aspect", [Aspect.portrait, Aspect.feed, Aspect.square])
def test_a_near_face_in_half_of_the_picture_is_whole_in_every_upright_frame(aspect: Aspect) -> None:
    seen, half = face(480, 670, 528), Box(0, 0, 960, 1080)
    view = COMPOSER.faces(Layout.split, 0, [seen], [], tile=half)
    crop = crop_box(view, size_px(panels_px(Layout.split, 2, FRAMES[aspect])[0]), SOURCE)
    assert crop.left <= seen.left
    assert seen.right <= crop.right


def test_a_face_in_the_lower_panel_is_below_the_captions() -> None:
    seen = shown(Layout.split, 1, face(700, 500, 160), face(1500, 500, 160))
    assert seen.top >= CAPTIONS_BOTTOM_PX - 3
    assert seen.bottom < PORTRAIT.height_px


def test_several_faces_are_all_in_the_picture() -> None:
    faces = [face(900, 500, 160), face(1080, 530, 150)]
    view = COMPOSER.faces(Layout.speaker, 0, faces, [])
    for seen in faces:
        placed = in_clip(seen, view, Layout.speaker, 0)
        assert placed.left >= 0
        assert placed.right <= PORTRAIT.width_px


boxes = st.tuples(st.floats(0, 1920), st.floats(0, 1080), st.floats(20, 600)).map(lambda drawn: face(*drawn))
panels = st.sampled_from([(Layout.speaker, 0), (Layout.split, 0), (Layout.split, 1), (Layout.screen, 1)])


@settings(deadline=None)
@given(panels, boxes, st.lists(boxes, max_size=3))
def test_every_face_whose_centre_is_in_the_source_is_shown(
    panel: tuple[Layout, int], seen: Box, others: list[Box]
) -> None:
    layout, number = panel
    placed = in_clip(seen, COMPOSER.faces(layout, number, [seen], others), layout, number)
    place = panels_px(layout, PANELS[layout][0], PORTRAIT)[number]
    assert -1 <= placed.center_x - place.left <= place.width + 1
    assert -1 <= placed.center_y - place.top <= place.height + 1
