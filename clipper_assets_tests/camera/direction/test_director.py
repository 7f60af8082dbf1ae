"""Camera paths from tables, without video: the golden paths of typical scenes, and what holds for any scene."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.camera.direction.crop import crop_size_px, shown_boxes
from clipper_assets.camera.direction.cutting import MIN_SHOT_S
from clipper_assets.camera.direction.director import direct
from clipper_assets.camera.direction.path import PANELS, panel_sizes_px
from clipper_assets.camera.scene import Scene, Shot, Track
from clipper_assets.media.frame import FRAMES, Aspect, Box
from clipper_assets.shows.show import Layout
from clipper_assets_tests.camera.scenes import HEIGHT_PX, LEFT, MIDDLE, RIGHT, WIDTH_PX, moved, scene, script, seat

PORTRAIT = FRAMES[Aspect.portrait]
ONE_SHOT = [Shot(10, 40)]
TWO = [seat(0, 10, 40, LEFT), seat(1, 10, 40, RIGHT)]
THREE = [*TWO, seat(2, 10, 40, MIDDLE)]
EXCHANGE = [(10.5, 18, 0), (18.2, 20, 1), (20.1, 20.8, 0), (21, 22.5, 1), (22.6, 24, 0), (24.2, 25.6, 1), (26, 39, 0)]


def golden(given: Scene, wish: Layout = Layout.auto) -> list[str]:
    return script(direct(given, wish))


def test_a_single_speaker_is_one_steady_picture() -> None:
    assert golden(scene(ONE_SHOT, [seat(0, 10, 40, 700)], (11, 20, 0), (21, 33, 0), (34, 39, 0))) == [
        "10.0 speaker 700,517 x1.35: person 0 speaks",
    ]


def test_a_conversation_is_cut_just_before_who_speaks_next_but_not_into_the_last_word() -> None:
    assert golden(scene(ONE_SHOT, TWO, (10.5, 18, 0), (18.1, 25, 1), (26, 39, 0))) == [
        "10.0 speaker 427,517 x1.35: person 0 speaks",
        "18.0 speaker 1493,517 x1.35: person 1 speaks",
        "25.8 speaker 427,517 x1.35: person 0 speaks",
    ]


def test_an_interjection_is_not_cut_to() -> None:
    said = (10.5, 18, 0), (18.2, 18.9, 1), (19.1, 30, 0), (30.5, 30.9, 1), (31, 39, 0)
    assert golden(scene(ONE_SHOT, TWO, *said)) == ["10.0 speaker 427,517 x1.35: person 0 speaks"]


def test_a_quick_exchange_is_a_split() -> None:
    assert golden(scene(ONE_SHOT, TWO, *EXCHANGE)) == [
        "10.0 speaker 427,517 x1.35: person 0 speaks",
        "18.0 split 400,479 x1.89 / 1520,433 x1.89: persons 0 and 1 talk",
        "25.8 speaker 427,517 x1.35: person 0 speaks",
    ]


def test_murmurs_of_assent_are_no_exchange() -> None:
    said = (10.5, 13, 0), (13.2, 13.5, 1), (13.7, 16.5, 0), (16.6, 17, 1), (17.2, 20, 0), (20.1, 20.4, 1), (21, 39, 0)
    assert golden(scene(ONE_SHOT, TWO, *said)) == ["10.0 speaker 427,517 x1.35: person 0 speaks"]


def test_a_quick_exchange_as_speaker_is_cut_no_faster_than_the_eye_takes_in() -> None:
    assert golden(scene(ONE_SHOT, TWO, *EXCHANGE), Layout.speaker) == [
        "10.0 speaker 427,517 x1.35: person 0 speaks",
        "18.0 speaker 1493,517 x1.35: person 1 speaks",
        "22.5 speaker 427,517 x1.35: person 0 speaks",
        "24.0 speaker 1493,517 x1.35: person 1 speaks",
        "25.8 speaker 427,517 x1.35: person 0 speaks",
    ]


def test_three_people_are_shown_in_turn() -> None:
    assert golden(scene(ONE_SHOT, THREE, (10.5, 18, 0), (18.4, 25, 2), (25.5, 32, 1), (32.2, 39, 0))) == [
        "10.0 speaker 427,517 x1.35: person 0 speaks",
        "18.2 speaker 960,517 x1.35: person 2 speaks",
        "25.3 speaker 1493,517 x1.35: person 1 speaks",
        "32.0 speaker 427,517 x1.35: person 0 speaks",
    ]


def test_a_split_of_three_is_of_the_two_who_say_most() -> None:
    assert golden(scene(ONE_SHOT, THREE, (10.5, 20, 0), (20.4, 29, 2), (29.5, 33, 1), (33.2, 39, 0)), Layout.split) == [
        "10.0 split 400,467 x2.17 / 960,418 x2.17: persons 0 and 2 talk",
        "29.3 speaker 1493,517 x1.35: person 1 speaks",
        "33.0 split 400,467 x2.17 / 960,418 x2.17: persons 0 and 2 talk",
    ]


def test_who_moves_for_good_is_followed_by_one_slow_move() -> None:
    assert golden(scene(ONE_SHOT, [moved(seat(0, 10, 40, 700), 20, 40, 400)], (11, 39, 0))) == [
        "10.0 speaker 700,517 x1.35: person 0 speaks",
        "19.5 speaker 1100,517 x1.35 in 1 s: person 0 speaks and has moved",
    ]


def test_who_comes_back_at_once_is_not_followed() -> None:
    assert golden(scene(ONE_SHOT, [moved(seat(0, 10, 40, 700), 20, 20.6, 400)], (11, 39, 0))) == [
        "10.0 speaker 700,517 x1.35: person 0 speaks",
    ]


def test_a_head_that_sways_is_not_followed() -> None:
    still = seat(0, 10, 40, 700)
    sway = 60 * np.sin(still.times_s * 2)
    swaying = Track(0, still.times_s, still.boxes_px + np.outer(sway, [1, 0, 0, 0]))
    assert len(direct(scene(ONE_SHOT, [swaying], (11, 39, 0)), Layout.auto).keyframes) == 1


def test_a_person_who_is_cut_back_to_is_seen_as_before() -> None:
    drifting = moved(seat(0, 10, 40, LEFT), 25, 40, 30)
    path = direct(scene(ONE_SHOT, [drifting, TWO[1]], (10.5, 18, 0), (18.2, 25, 1), (26, 39, 0)), Layout.auto)
    assert path.keyframes[0].views == path.keyframes[2].views


def test_a_speaker_whose_head_leaves_the_picture_is_looked_for_in_all_of_it() -> None:
    tracks = [seat(0, 10, 22, LEFT), seat(1, 10, 40, RIGHT)]
    assert golden(scene(ONE_SHOT, tracks, (11, 22, 0), (22, 29, None), (30, 39, 1))) == [
        "10.0 speaker 427,517 x1.35: person 0 speaks",
        "22.0 fit 960,540 x1.00: nobody in view is heard",
        "29.8 speaker 1493,517 x1.35: person 1 speaks",
    ]


def test_a_head_that_is_hidden_for_a_moment_is_waited_for() -> None:
    tracks = [seat(0, 10, 22, LEFT), seat(0, 22.8, 40, LEFT), TWO[1]]
    assert golden(scene(ONE_SHOT, tracks, (11, 22, 0), (22.8, 39, 0))) == [
        "10.0 speaker 427,517 x1.35: person 0 speaks"
    ]


def test_a_cut_of_the_source_in_mid_sentence_is_a_cut_to_the_same_speaker() -> None:
    shots = [Shot(10, 20), Shot(20, 27), Shot(27, 40)]
    close = seat(0, 20, 27, MIDDLE, 450, height=300)
    tracks = [seat(0, 10, 20, LEFT), seat(1, 10, 20, RIGHT), close, seat(1, 27, 40, MIDDLE)]
    assert golden(scene(shots, tracks, (10.5, 24, 0), (24.5, 39, 1))) == [
        "10.0 speaker 427,517 x1.35: person 0 speaks",
        "20.0 speaker 960,540 x1.00: person 0 speaks",
        "27.0 speaker 960,517 x1.35: person 1 speaks",
    ]


def test_a_cut_that_is_none_moves_nothing() -> None:
    shots = [Shot(10, 20), Shot(20, 40)]
    path = direct(scene(shots, [seat(0, 10, 20, 700), seat(0, 20, 40, 720)], (10.5, 39, 0)), Layout.auto)
    first, second = path.keyframes
    assert second.time_s == 20
    assert first.views == second.views


def test_where_nobody_is_in_view_everything_is_shown() -> None:
    assert golden(scene([Shot(10, 20), Shot(20, 40)], [seat(0, 10, 20, LEFT)], (10.5, 39, 0))) == [
        "10.0 speaker 400,517 x1.35: person 0 speaks",
        "20.0 fit 960,540 x1.00: no face in view",
    ]


SLIDES = Box(60, 100, 1100, 620)
SHARED = scene(
    [Shot(10, 20), Shot(20, 40, SLIDES)],
    [seat(0, 10, 20, LEFT), seat(1, 10, 20, RIGHT), seat(0, 20, 40, 1500, 200, 120), seat(1, 20, 40, 1500, 800, 120)],
    (10.5, 26, 0),
    (26.5, 39, 1),
)


@pytest.mark.parametrize(("wish", "unmet"), [(Layout.auto, ""), (Layout.screen, "no screen in view; ")])
def test_slides_are_shown_above_who_speaks(wish: Layout, unmet: str) -> None:
    path = direct(SHARED, wish)
    assert [(key.time_s, key.layout, key.why) for key in path.keyframes] == [
        (10.0, Layout.speaker, f"{unmet}person 0 speaks"),
        (20.0, Layout.screen, "person 0 speaks"),
        (26.3, Layout.screen, "person 1 speaks"),
    ]
    slides, face = shown_boxes(path, 30.0, PORTRAIT, (WIDTH_PX, HEIGHT_PX))
    assert slides.left <= SLIDES.left
    assert slides.right >= SLIDES.right
    assert slides.top <= SLIDES.top
    assert slides.bottom >= SLIDES.bottom
    assert face.left < 1500 < face.right
    assert face.top < 800 < face.bottom


def test_slides_are_left_out_for_who_wants_the_speaker() -> None:
    assert direct(SHARED, Layout.speaker).layouts == [Layout.speaker]


UNHEARD = scene(ONE_SHOT, TWO, (10.5, 14, 0), (14, 18, None), (18, 22, 0), (22, 30, None), (30, 39, 1))


def test_a_voice_from_outside_is_held_through_or_else_everybody_is_shown() -> None:
    assert golden(UNHEARD) == [
        "10.0 speaker 427,517 x1.35: person 0 speaks",
        "22.0 split 400,479 x1.89 / 1520,433 x1.89: nobody in view is heard",
        "29.8 speaker 1493,517 x1.35: person 1 speaks",
    ]
    assert golden(UNHEARD, Layout.speaker)[1] == "22.0 fit 960,540 x1.00: nobody in view is heard"


def test_who_listens_alone_is_held() -> None:
    assert golden(scene(ONE_SHOT, [seat(0, 10, 40, 700)], (10.5, 14, 0), (15, 39, None))) == [
        "10.0 speaker 700,517 x1.35: person 0 speaks",
    ]


def test_a_pause_after_a_cut_of_the_source_keeps_to_who_spoke_last() -> None:
    tracks = [seat(0, 10, 20, MIDDLE), seat(0, 20, 40, LEFT), seat(1, 20, 40, RIGHT)]
    assert golden(scene([Shot(10, 20), Shot(20, 40)], tracks, (10.5, 19, 0), (23, 39, 1))) == [
        "10.0 speaker 960,517 x1.35: person 0 speaks",
        "20.0 speaker 427,517 x1.35: nobody in view is heard",
        "22.8 speaker 1493,517 x1.35: person 1 speaks",
    ]


def test_heads_side_by_side_share_a_picture_instead_of_jump_cuts() -> None:
    tracks = [seat(0, 10, 40, 900), seat(1, 10, 40, 1100)]
    assert golden(scene(ONE_SHOT, tracks, (10.5, 20, 0), (20.5, 39, 1))) == [
        "10.0 speaker 1000,519 x1.33: persons 0 and 1 speak",
    ]


def test_heads_above_each_other_in_a_grid_do_not() -> None:
    tracks = [seat(0, 10, 40, 900, 250), seat(1, 10, 40, 900, 800)]
    path = direct(scene(ONE_SHOT, tracks, (10.5, 20, 0), (20.5, 39, 1)), Layout.auto)
    assert [key.why for key in path.keyframes] == ["person 0 speaks", "person 1 speaks"]


def test_a_split_needs_two() -> None:
    assert golden(scene(ONE_SHOT, [seat(0, 10, 40, 700)], (10.5, 20, 0)), Layout.split) == [
        "10.0 speaker 700,517 x1.35: nobody to share a split with; person 0 speaks",
    ]


def test_a_face_that_flashes_up_is_nobody() -> None:
    assert golden(scene(ONE_SHOT, [seat(0, 10, 40, 700), seat(1, 15, 15.4, 1500)], (15, 15.4, 1))) == [
        "10.0 speaker 700,517 x1.35: nobody in view is heard",
    ]


@pytest.mark.parametrize("wish", [Layout.fit, Layout.center])
def test_fit_and_center_are_as_asked(wish: Layout) -> None:
    assert golden(SHARED, wish) == [f"10.0 {wish.value} 960,540 x1.00: as asked"]


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
def test_any_scene_has_a_path_that_can_be_shown(given: Scene, wish: Layout) -> None:
    path = direct(given, wish)
    assert path == direct(given, wish)
    keyframes = path.keyframes
    cuts = {shot.start_s for shot in given.shots}
    assert keyframes[0].time_s == given.start_s
    assert keyframes[0].ease_s == 0
    for before, after in pairwise(keyframes):
        assert before.time_s < after.time_s
        if after.time_s not in cuts:
            assert after.time_s - before.time_s >= MIN_SHOT_S - 1e-9
        if after.ease_s:
            assert after.layout == before.layout
    for key in keyframes:
        assert key.layout != Layout.auto
        assert len(key.views) == PANELS[key.layout]
        assert key.why
        later = [cut for cut in [*cuts, *(other.time_s for other in keyframes), given.end_s] if cut > key.time_s]
        assert key.time_s + key.ease_s <= min(later)
        assert not (key.ease_s and key.time_s in cuts)
        for view, panel in zip(key.views, panel_sizes_px(key.layout, PORTRAIT), strict=True):
            width, height = crop_size_px(panel, (WIDTH_PX, HEIGHT_PX), view.zoom)
            assert view.zoom >= 1
            assert width / 2 - 1 <= view.center_x_px <= WIDTH_PX - width / 2 + 1
            assert height / 2 - 1 <= view.center_y_px <= HEIGHT_PX - height / 2 + 1
    if wish not in {Layout.fit, Layout.center}:
        assert cuts <= {key.time_s for key in keyframes}


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 4), st.floats(0.2, 8), st.integers(0, 2)), min_size=1, max_size=12))
def test_whoever_speaks_for_long_is_shown_within_a_moment(said: list[tuple[float, float, int]]) -> None:
    turns = []
    at = 10.0
    for pause, length, person in said:
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
