"""How the camera moves, and what holds for the path of every scene; computed from tables without video."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.camera.direction.crop import crop_size_px, shown_boxes, size_px
from clipper_assets.camera.direction.cutting import MIN_SHOT_S
from clipper_assets.camera.direction.director import direct
from clipper_assets.camera.direction.panels import PANELS, panels_px
from clipper_assets.camera.scene import Scene, Shot, Track
from clipper_assets.media.frame import FRAMES, Aspect
from clipper_assets.shows.show import Layout
from clipper_assets_tests.camera.scenes import (
    HEIGHT_PX,
    LEFT,
    MIDDLE,
    ONE_SHOT,
    RIGHT,
    SLIDES,
    TWO,
    WIDTH_PX,
    WITH_SLIDES,
    directed,
    moved,
    scene,
    seat,
)

PORTRAIT = FRAMES[Aspect.portrait]


def test_a_person_who_moves_for_good_is_followed_in_one_slow_move() -> None:
    assert directed(scene(ONE_SHOT, [moved(seat(0, 10, 40, 700), 20, 40, 400)], (11, 39, 0))) == [
        "10.0 speaker 700,517 x1.35: person 0 speaks",
        "19.5 speaker 1100,517 x1.35 in 1 s: person 0 speaks and has moved",
    ]


def test_a_person_who_comes_back_at_once_is_not_followed() -> None:
    assert directed(scene(ONE_SHOT, [moved(seat(0, 10, 40, 700), 20, 20.6, 400)], (11, 39, 0))) == [
        "10.0 speaker 700,517 x1.35: person 0 speaks",
    ]


def test_a_swaying_head_is_not_followed() -> None:
    still = seat(0, 10, 40, 700)
    sway = 60 * np.sin(still.times_s * 2)
    swaying = Track(0, still.times_s, still.boxes_px + np.outer(sway, [1, 0, 0, 0]))
    assert len(direct(scene(ONE_SHOT, [swaying], (11, 39, 0)), Layout.auto).keyframes) == 1


def test_a_cut_back_to_a_person_shows_the_same_picture() -> None:
    drifting = moved(seat(0, 10, 40, LEFT), 25, 40, 30)
    path = direct(scene(ONE_SHOT, [drifting, TWO[1]], (10.5, 18, 0), (18.2, 25, 1), (26, 39, 0)), Layout.auto)
    assert path.keyframes[0].views == path.keyframes[2].views


def test_a_false_cut_in_the_source_moves_nothing() -> None:
    shots = [Shot(10, 20), Shot(20, 40)]
    path = direct(scene(shots, [seat(0, 10, 20, 700), seat(0, 20, 40, 720)], (10.5, 39, 0)), Layout.auto)
    first, second = path.keyframes
    assert second.time_s == 20
    assert first.views == second.views


@pytest.mark.parametrize("layout", [Layout.fit, Layout.center])
def test_fit_and_center_are_one_keyframe(layout: Layout) -> None:
    assert directed(WITH_SLIDES, layout) == [f"10.0 {layout.value} 960,540 x1.00: requested layout"]


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Shots of all lengths, up to three people who come and go, and turns of anybody or nobody."""
    start = draw(st.floats(0, 1000))
    lengths = draw(st.lists(st.floats(0.3, 20), min_size=1, max_size=4))
    edges = [start, *(start + length for length in np.cumsum(lengths).tolist())]
    boxes = st.one_of(st.none(), st.just(SLIDES))
    shots = [Shot(begin, end, draw(boxes)) for begin, end in pairwise(edges)]
    tracks = []
    for shot in shots:
        for person in draw(st.sets(st.integers(0, 2))):
            begin = draw(st.floats(0, 1)) * (shot.end_s - shot.start_s) / 2 + shot.start_s
            spot = draw(st.floats(60, WIDTH_PX - 60)), draw(st.floats(80, HEIGHT_PX - 80)), draw(st.floats(30, 500))
            track = seat(person, begin, shot.end_s, *spot)
            if len(track.times_s):
                by_px = draw(st.floats(-300, 300))
                tracks.append(moved(track, begin + draw(st.floats(0, 10)), begin + draw(st.floats(0, 20)), by_px))
    turns = []
    at = start
    while at < edges[-1]:
        at += draw(st.floats(0, 3))
        end = at + draw(st.floats(0.1, 8))
        turns.append((at, end, draw(st.one_of(st.none(), st.integers(0, 2)))))
        at = end
    return scene(shots, tracks, *turns)


@settings(deadline=None)
@given(scenes(), st.sampled_from(Layout))
def test_every_scene_has_a_valid_path(drawn: Scene, layout: Layout) -> None:
    path = direct(drawn, layout)
    assert path == direct(drawn, layout)
    keyframes = path.keyframes
    cuts = {shot.start_s for shot in drawn.shots}
    assert keyframes[0].time_s == drawn.start_s
    assert keyframes[0].ease_s == 0
    for before, after in pairwise(keyframes):
        assert before.time_s < after.time_s
        if after.time_s not in cuts:
            assert after.time_s - before.time_s >= MIN_SHOT_S - 1e-9
        if after.ease_s:
            assert after.layout == before.layout
    for key in keyframes:
        assert key.layout != Layout.auto
        assert len(key.views) in PANELS[key.layout]
        assert key.why
        later = [cut for cut in [*cuts, *(other.time_s for other in keyframes), drawn.end_s] if cut > key.time_s]
        assert key.time_s + key.ease_s <= min(later)
        assert not (key.ease_s and key.time_s in cuts)
        for view, panel in zip(key.views, panels_px(key.layout, len(key.views), PORTRAIT), strict=True):
            width, height = crop_size_px(size_px(panel), (WIDTH_PX, HEIGHT_PX), view.zoom)
            assert view.zoom >= 1
            assert width / 2 - 1 <= view.center_x_px <= WIDTH_PX - width / 2 + 1
            assert height / 2 - 1 <= view.center_y_px <= HEIGHT_PX - height / 2 + 1
    if layout not in {Layout.fit, Layout.center}:
        assert cuts <= {key.time_s for key in keyframes}


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 4), st.floats(0.2, 8), st.integers(0, 2)), min_size=1, max_size=12))
def test_a_person_who_speaks_for_long_is_shown_soon(speech: list[tuple[float, float, int]]) -> None:
    turns = []
    at = 10.0
    for pause, length, person in speech:
        turns.append((at + pause, at + pause + length, person))
        at += pause + length
    end = at + 2 * MIN_SHOT_S
    places = {0: LEFT, 1: MIDDLE, 2: RIGHT}
    path = direct(
        scene([Shot(10, end)], [seat(person, 10, end, x) for person, x in places.items()], *turns), Layout.auto
    )
    for start_s, end_s, person in turns:
        for time_s in np.arange(start_s + MIN_SHOT_S, end_s - 0.01, 0.5):
            boxes = shown_boxes(path, float(time_s), PORTRAIT, (WIDTH_PX, HEIGHT_PX))
            assert any(box.left < places[person] < box.right for box in boxes)
