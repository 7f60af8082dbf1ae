import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.camera.direction.crop import crop_box, eased, shown_boxes, views_at
from clipper_assets.camera.direction.path import CameraPath, Keyframe, View
from clipper_assets.media.frame import FRAMES, Aspect, Box
from clipper_assets.shows.show import Layout

SOURCE = (1920, 1080)
PATH = CameraPath(
    (
        Keyframe(10, Layout.speaker, (View(500, 540),)),
        Keyframe(14, Layout.speaker, (View(900, 560, 2),), ease_s=1),
        Keyframe(20, Layout.fit, (View(960, 540),)),
        Keyframe(25, Layout.split, (View(600, 540, 1.5), View(1300, 540, 1.5))),
    )
)


def test_zoom_1_is_the_largest_crop_of_the_panels_shape() -> None:
    assert crop_box(View(960, 540), (1080, 1920), SOURCE) == Box(656.25, 0, 607.5, 1080)
    assert crop_box(View(960, 540), (1080, 540), SOURCE) == Box(0, 60, 1920, 960)


def test_a_crop_at_the_edge_is_moved_inside() -> None:
    assert crop_box(View(0, 2000, 2), (1080, 1920), SOURCE) == Box(0, 540, 303.75, 540)


@settings(deadline=None)
@given(
    st.floats(-500, 3000),
    st.floats(-500, 3000),
    st.floats(0.2, 5),
    st.tuples(st.integers(100, 2000), st.integers(100, 2000)),
    st.tuples(st.integers(100, 4000), st.integers(100, 4000)),
)
def test_every_crop_is_inside_the_source_and_has_the_panels_shape(
    x: float, y: float, zoom: float, panel: tuple[int, int], source: tuple[int, int]
) -> None:
    box = crop_box(View(x, y, zoom), panel, source)
    assert box.left >= 0
    assert box.top >= 0
    assert box.right <= source[0] + 1e-6
    assert box.bottom <= source[1] + 1e-6
    assert box.width / box.height == pytest.approx(panel[0] / panel[1])


def test_a_view_holds_until_the_next_keyframe() -> None:
    for time_s in (0, 10, 13.9):
        assert views_at(PATH, time_s) == (Layout.speaker, (View(500, 540),))
    assert views_at(PATH, 15) == views_at(PATH, 19.9) == (Layout.speaker, (View(900, 560, 2),))
    assert views_at(PATH, 20)[0] == Layout.fit


def test_a_move_begins_and_ends_slowly() -> None:
    assert views_at(PATH, 14) == (Layout.speaker, (View(500, 540),))
    assert views_at(PATH, 14.5) == (Layout.speaker, (View(700, 550, 1.5),))
    assert eased(0) == 0
    assert eased(1) == 1
    assert eased(0.05) < 0.01
    assert eased(0.95) > 0.99


def test_a_move_between_layouts_is_treated_as_a_cut() -> None:
    path = CameraPath((*PATH.keyframes, Keyframe(30, Layout.speaker, (View(500, 540),), ease_s=1)))
    assert views_at(path, 30.5) == (Layout.speaker, (View(500, 540),))


def test_a_layout_shows_a_box_for_each_panel_and_fit_shows_everything() -> None:
    portrait = FRAMES[Aspect.portrait]
    assert shown_boxes(PATH, 22, portrait, SOURCE) == [Box(0, 0, 1920, 1080)]
    upper, lower = shown_boxes(PATH, 26, portrait, SOURCE)
    assert (upper.center_x, lower.center_x) == (600, 1300)
