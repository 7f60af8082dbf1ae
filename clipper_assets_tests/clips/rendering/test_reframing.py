"""Camera paths in frames and whole pixels: crops, moves, and the commands for ffmpeg."""

from collections.abc import Sequence
from dataclasses import fields, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.camera.direction.panels import PANELS, layout_in
from clipper_assets.camera.direction.path import CameraPath, Keyframe, View
from clipper_assets.clips.rendering.reframing import Stretch, camera_commands, stretches
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.frame import FRAMES, Aspect, Box, Frame
from clipper_assets.shows.show import Layout

FACTS: dict[str, Any] = {field.name: 0 for field in fields(RawVideo)}
SOURCE = RawVideo(**FACTS | {"width_px": 1280, "height_px": 720, "sample_aspect_ratio": 1.0})
PORTRAIT = FRAMES[Aspect.portrait]


def table(camera: CameraPath, source: RawVideo = SOURCE, frame: Frame = PORTRAIT) -> list[Stretch]:
    """The stretches of a clip of four seconds at 25 fps."""
    return stretches(camera, source, frame, Fraction(25), 100)


def test_a_move_accelerates_and_decelerates() -> None:
    path = CameraPath(
        (
            Keyframe(0.0, Layout.speaker, (View(300, 360, 2.0),)),
            Keyframe(0.4, Layout.speaker, (View(900, 360, 2.0),), ease_s=0.8),
        )
    )
    (stretch,) = table(path)
    first = list(stretch.crops)[1]
    moved = [after[0].x - before[0].x for before, after in pairwise(stretch.crops.values())]
    assert (first, sum(moved), len(moved)) == (11, 600, 20)
    assert moved[:10] == sorted(moved[:10])
    assert moved == pytest.approx(moved[::-1], abs=2)
    assert max(moved[0], moved[-1]) < 6 < max(moved) <= 46


def test_the_last_keyframe_of_a_frame_wins_and_later_ones_than_the_clip_are_ignored() -> None:
    views = [(View(200.0 + 100 * number, 360, 2.0),) for number in range(4)]
    times = (0.0, 1.0, 1.01, 4.0)
    path = CameraPath(tuple(Keyframe(time_s, Layout.speaker, view) for time_s, view in zip(times, views, strict=True)))
    (stretch,) = table(path)
    assert {at: crop[0].x for at, crop in stretch.crops.items()} == {0: 100, 25: 300}
    assert (
        camera_commands([stretch], Fraction(25))
        == "0.9800 crop@speaker1_0 w 202, crop@speaker1_0 h 360, crop@speaker1_0 x 300, crop@speaker1_0 y 180;\n"
    )


def test_a_move_that_is_interrupted_jumps_to_the_next_keyframe() -> None:
    path = CameraPath(
        (
            Keyframe(0.0, Layout.speaker, (View(300, 360, 2.0),)),
            Keyframe(0.4, Layout.speaker, (View(900, 360, 2.0),), ease_s=4.0),
            Keyframe(0.8, Layout.speaker, (View(700, 360, 2.0),)),
        )
    )
    (stretch,) = table(path)
    assert max(stretch.crops) == 20
    assert stretch.crops[20][0].x == 600


@settings(deadline=None)
@given(
    size=st.tuples(st.integers(16, 4000), st.integers(16, 4000)),
    aspect=st.sampled_from(list(Aspect)),
    layout=st.sampled_from([Layout.speaker, Layout.split, Layout.grid]),
    moves=st.lists(
        st.tuples(st.floats(-500, 4500), st.floats(-500, 4500), st.floats(1, 3), st.sampled_from([0.0, 0.3])),
        max_size=5,
    ),
)
def test_crops_are_even_and_inside_the_source(
    size: tuple[int, int],
    aspect: Aspect,
    layout: Layout,
    moves: Sequence[tuple[float, float, float, float]],
) -> None:
    source = replace(SOURCE, width_px=size[0], height_px=size[1])
    keys = tuple(
        Keyframe(0.2 * number, layout, (View(x, y, zoom),) * PANELS[layout][-1], ease_s=ease_s)
        for number, (x, y, zoom, ease_s) in enumerate([(0.0, 0.0, 1.0, 0.0), *moves])
    )
    (stretch,) = table(CameraPath(keys), source, FRAMES[aspect])
    assert bool(stretch.crops) == (layout_in(FRAMES[aspect], layout) is layout)
    for at, crops in stretch.crops.items():
        for crop, (_, _, width, height) in zip(crops, stretch.arrangement.places(FRAMES[aspect]), strict=True):
            assert 0 <= at < 100
            assert crop.w % 2 == crop.h % 2 == 0
            assert 0 < crop.w <= size[0] - crop.x <= size[0]
            assert 0 < crop.h <= size[1] - crop.y <= size[1]
            assert abs(crop.w - crop.h * width / height) <= 2 + 2 * width / height


@settings(deadline=None)
@given(
    tile=st.builds(Box, st.floats(0, 900), st.floats(0, 500), st.floats(40, 370), st.floats(40, 210)),
    aspect=st.sampled_from(list(Aspect)),
    view=st.builds(View, st.floats(0, 1280), st.floats(0, 720), st.floats(1, 6)),
    ease_s=st.sampled_from([0.0, 0.3]),
)
def test_whole_pixels_stay_inside_the_box_that_a_view_must_not_leave(
    tile: Box, aspect: Aspect, view: View, ease_s: float
) -> None:
    start, end = View(tile.left, tile.top, 1.0, tile), replace(view, within=tile)
    keys = Keyframe(0.0, Layout.speaker, (start,)), Keyframe(0.2, Layout.speaker, (end,), ease_s)
    (stretch,) = table(CameraPath(keys), frame=FRAMES[aspect])
    for (crop,) in stretch.crops.values():
        assert tile.left - 1e-6 <= crop.x <= crop.x + crop.w <= tile.right + 1e-6
        assert tile.top - 1e-6 <= crop.y <= crop.y + crop.h <= tile.bottom + 1e-6


def test_a_frame_too_low_for_slides_above_a_face_shows_the_whole_source() -> None:
    path = CameraPath((Keyframe(0.0, Layout.screen, (View(400, 300), View(900, 400))),))
    (stretch,) = table(path, frame=FRAMES[Aspect.landscape])
    assert (stretch.layout, stretch.crops) == (Layout.fit, {})
