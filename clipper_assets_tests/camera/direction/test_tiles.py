"""Remote recordings: each participant's tile is a picture of its own."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.camera.direction.alone import contains, grown
from clipper_assets.camera.direction.crop import shown_boxes
from clipper_assets.camera.direction.director import direct
from clipper_assets.camera.direction.path import CameraPath
from clipper_assets.camera.scene import Scene, Shot
from clipper_assets.media.frame import FRAMES, Aspect, Box
from clipper_assets.shows.show import Layout
from clipper_assets_tests.camera.scenes import HEIGHT_PX, WIDTH_PX, directed, in_tile, scene, seat, tiled

FOUR, NINE = tiled(2, 2), tiled(3, 3)


def remote(tiles: tuple[Box, ...], *turns: tuple[float, float, int | None]) -> Scene:
    return scene([Shot(10, 40, None, tiles)], [in_tile(number, tile) for number, tile in enumerate(tiles)], *turns)


def boxes(path: CameraPath, aspect: Aspect) -> list[Box]:
    return [
        box
        for key in path.keyframes
        if key.layout is not Layout.fit
        for box in shown_boxes(path, key.time_s + key.ease_s / 2, FRAMES[aspect], (WIDTH_PX, HEIGHT_PX))
    ]


def is_inside(box: Box, tile: Box) -> bool:
    return contains(grown(tile, 1e-6), box)


def test_the_speakers_tile_is_shown_and_nothing_else() -> None:
    assert directed(remote(FOUR, (10.5, 20, 0), (20.4, 29, 2), (29.5, 39, 3))) == [
        "10.0 speaker 483,273 x2.11: person 0 speaks",
        "20.2 speaker 483,807 x2.11: person 2 speaks",
        "29.3 speaker 1437,807 x2.11: person 3 speaks",
    ]


def test_a_small_tile_is_enlarged_beyond_the_limit_of_other_pictures() -> None:
    assert directed(remote(NINE, (10.5, 20, 4), (20.4, 39, 8))) == [
        "10.0 speaker 960,540 x3.20: person 4 speaks",
        "20.2 speaker 1596,896 x3.20: person 8 speaks",
    ]


def test_heads_close_to_each_other_in_two_tiles_do_not_share_a_picture() -> None:
    upper, lower = tiled(1, 2, gutter_px=0)
    near = [seat(0, 10, 40, upper.center_x, upper.bottom - 110), seat(1, 10, 40, lower.center_x, lower.top + 110)]
    path = direct(scene([Shot(10, 40, None, (upper, lower))], near, (10.5, 20, 0), (20.5, 39, 1)), Layout.auto)
    assert [key.why for key in path.keyframes] == ["person 0 speaks", "person 1 speaks"]
    assert all(any(is_inside(box, tile) for tile in (upper, lower)) for box in boxes(path, Aspect.portrait))


def test_heads_side_by_side_in_one_tile_share_its_picture() -> None:
    left, right = tiled(2, 1)
    couple = [seat(0, 10, 40, left.center_x - 80, 500), seat(1, 10, 40, left.center_x + 80, 500)]
    assert directed(
        scene([Shot(10, 40, None, (left, right))], [*couple, in_tile(2, right, 0.2)], (10.5, 20, 1), (20.5, 39, 2))
    ) == [
        "10.0 speaker 483,617 x1.35: persons 0 and 1 speak",
        "20.3 speaker 1437,614 x1.22: person 2 speaks",
    ]


@pytest.mark.parametrize(
    ("tiles", "layout", "panels"),
    [(tiled(2, 1), Layout.split, 2), (FOUR[:3], Layout.grid, 3), (FOUR, Layout.grid, 4), (NINE, Layout.fit, 1)],
)
def test_up_to_four_tiles_are_shown_at_once_while_nobody_in_view_is_heard(
    tiles: tuple[Box, ...], layout: Layout, panels: int
) -> None:
    first, second = direct(remote(tiles, (10.5, 20, 0), (20.4, 39, None)), Layout.auto).keyframes
    assert (first.layout, first.why) == (Layout.speaker, "person 0 speaks")
    assert (second.layout, len(second.views), second.why) == (layout, panels, "nobody in view speaks")


def test_a_face_outside_all_tiles_is_framed_in_the_whole_picture() -> None:
    tracks = [in_tile(0, FOUR[0]), seat(1, 10, 40, 1437, 807)]
    path = direct(scene([Shot(10, 40, None, FOUR[:3])], tracks, (10.5, 20, 0), (20.4, 39, 1)), Layout.auto)
    assert [key.views[0].within is None for key in path.keyframes] == [False, True]


@st.composite
def remote_scenes(draw: st.DrawFn) -> Scene:
    tiles = tiled(draw(st.integers(1, 4)), draw(st.integers(1, 4)), draw(st.floats(0, 30)))
    tracks = []
    for person, tile in enumerate(tiles):
        height = draw(st.floats(0.1, 0.7)) * min(tile.height, tile.width)
        x, y = (draw(st.floats(0.2, 0.8)) for _ in range(2))
        tracks.append(seat(person, 10, 40, tile.left + x * tile.width, tile.top + y * tile.height, height))
    people = st.one_of(st.none(), st.integers(0, len(tiles) - 1))
    starts = sorted(draw(st.sets(st.integers(10, 37), min_size=1, max_size=8)))
    turns = [(start, start + draw(st.floats(0.5, 1.0)) * 3, draw(people)) for start in starts]
    return scene([Shot(10, 40, None, tiles)], tracks, *turns)


@settings(deadline=None, max_examples=60)
@given(remote_scenes(), st.sampled_from([Layout.auto, Layout.speaker, Layout.split, Layout.grid]))
def test_every_crop_stays_inside_one_tile_in_every_frame(drawn: Scene, layout: Layout) -> None:
    path = direct(drawn, layout)
    for aspect in Aspect:
        assert all(any(is_inside(box, tile) for tile in drawn.shots[0].tiles) for box in boxes(path, aspect))
