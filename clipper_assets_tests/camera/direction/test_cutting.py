"""Which people and layouts are shown when: the camera paths of typical scenes, computed from tables without video."""

import pytest

from clipper_assets.camera.direction.crop import shown_boxes
from clipper_assets.camera.direction.director import direct
from clipper_assets.camera.scene import Shot
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
    scene,
    seat,
)

THREE = [*TWO, seat(2, 10, 40, MIDDLE)]
EXCHANGE = [(10.5, 18, 0), (18.2, 20, 1), (20.1, 20.8, 0), (21, 22.5, 1), (22.6, 24, 0), (24.2, 25.6, 1), (26, 39, 0)]


def test_a_single_speaker_gives_one_steady_picture() -> None:
    assert directed(scene(ONE_SHOT, [seat(0, 10, 40, 700)], (11, 20, 0), (21, 33, 0), (34, 39, 0))) == [
        "10.0 speaker 700,517 x1.35: person 0 speaks",
    ]


def test_a_cut_comes_just_before_the_next_speaker_but_not_within_the_last_word() -> None:
    assert directed(scene(ONE_SHOT, TWO, (10.5, 18, 0), (18.1, 25, 1), (26, 39, 0))) == [
        "10.0 speaker 427,517 x1.35: person 0 speaks",
        "18.0 speaker 1493,517 x1.35: person 1 speaks",
        "25.8 speaker 427,517 x1.35: person 0 speaks",
    ]


def test_an_interjection_causes_no_cut() -> None:
    turns = (10.5, 18, 0), (18.2, 18.9, 1), (19.1, 30, 0), (30.5, 30.9, 1), (31, 39, 0)
    assert directed(scene(ONE_SHOT, TWO, *turns)) == ["10.0 speaker 427,517 x1.35: person 0 speaks"]


def test_a_quick_exchange_is_shown_as_a_split() -> None:
    assert directed(scene(ONE_SHOT, TWO, *EXCHANGE)) == [
        "10.0 speaker 427,517 x1.35: person 0 speaks",
        "18.0 split 400,479 x1.89 / 1520,433 x1.89: persons 0 and 1 talk",
        "25.8 speaker 427,517 x1.35: person 0 speaks",
    ]


def test_murmurs_of_assent_are_not_an_exchange() -> None:
    turns = (10.5, 13, 0), (13.2, 13.5, 1), (13.7, 16.5, 0), (16.6, 17, 1), (17.2, 20, 0), (20.1, 20.4, 1), (21, 39, 0)
    assert directed(scene(ONE_SHOT, TWO, *turns)) == ["10.0 speaker 427,517 x1.35: person 0 speaks"]


def test_speaker_layout_cuts_a_quick_exchange_no_faster_than_allowed() -> None:
    assert directed(scene(ONE_SHOT, TWO, *EXCHANGE), Layout.speaker) == [
        "10.0 speaker 427,517 x1.35: person 0 speaks",
        "18.0 speaker 1493,517 x1.35: person 1 speaks",
        "22.5 speaker 427,517 x1.35: person 0 speaks",
        "24.0 speaker 1493,517 x1.35: person 1 speaks",
        "25.8 speaker 427,517 x1.35: person 0 speaks",
    ]


def test_three_people_are_shown_one_after_the_other() -> None:
    assert directed(scene(ONE_SHOT, THREE, (10.5, 18, 0), (18.4, 25, 2), (25.5, 32, 1), (32.2, 39, 0))) == [
        "10.0 speaker 427,517 x1.35: person 0 speaks",
        "18.2 speaker 960,517 x1.35: person 2 speaks",
        "25.3 speaker 1493,517 x1.35: person 1 speaks",
        "32.0 speaker 427,517 x1.35: person 0 speaks",
    ]


def test_a_split_of_three_people_shows_the_two_who_speak_most() -> None:
    assert directed(
        scene(ONE_SHOT, THREE, (10.5, 20, 0), (20.4, 29, 2), (29.5, 33, 1), (33.2, 39, 0)), Layout.split
    ) == [
        "10.0 split 400,467 x2.17 / 960,418 x2.17: persons 0 and 2 talk",
        "29.3 speaker 1493,517 x1.35: person 1 speaks",
        "33.0 split 400,467 x2.17 / 960,418 x2.17: persons 0 and 2 talk",
    ]


def test_the_whole_picture_is_shown_when_the_speaker_leaves_it() -> None:
    tracks = [seat(0, 10, 22, LEFT), seat(1, 10, 40, RIGHT)]
    assert directed(scene(ONE_SHOT, tracks, (11, 22, 0), (22, 29, None), (30, 39, 1))) == [
        "10.0 speaker 427,517 x1.35: person 0 speaks",
        "22.0 fit 960,540 x1.00: nobody in view speaks",
        "29.8 speaker 1493,517 x1.35: person 1 speaks",
    ]


def test_a_briefly_hidden_head_keeps_its_picture() -> None:
    tracks = [seat(0, 10, 22, LEFT), seat(0, 22.8, 40, LEFT), TWO[1]]
    assert directed(scene(ONE_SHOT, tracks, (11, 22, 0), (22.8, 39, 0))) == [
        "10.0 speaker 427,517 x1.35: person 0 speaks"
    ]


def test_a_cut_in_the_source_in_mid_sentence_stays_with_the_speaker() -> None:
    shots = [Shot(10, 20), Shot(20, 27), Shot(27, 40)]
    close = seat(0, 20, 27, MIDDLE, 450, height=300)
    tracks = [seat(0, 10, 20, LEFT), seat(1, 10, 20, RIGHT), close, seat(1, 27, 40, MIDDLE)]
    assert directed(scene(shots, tracks, (10.5, 24, 0), (24.5, 39, 1))) == [
        "10.0 speaker 427,517 x1.35: person 0 speaks",
        "20.0 speaker 960,540 x1.00: person 0 speaks",
        "27.0 speaker 960,517 x1.35: person 1 speaks",
    ]


def test_the_whole_picture_is_shown_when_nobody_is_in_view() -> None:
    assert directed(scene([Shot(10, 20), Shot(20, 40)], [seat(0, 10, 20, LEFT)], (10.5, 39, 0))) == [
        "10.0 speaker 400,517 x1.35: person 0 speaks",
        "20.0 fit 960,540 x1.00: no face in view",
    ]


@pytest.mark.parametrize(("layout", "unmet"), [(Layout.auto, ""), (Layout.screen, "no screen in view; ")])
def test_slides_are_shown_above_the_speaker(layout: Layout, unmet: str) -> None:
    path = direct(WITH_SLIDES, layout)
    assert [(key.time_s, key.layout, key.why) for key in path.keyframes] == [
        (10.0, Layout.speaker, f"{unmet}person 0 speaks"),
        (20.0, Layout.screen, "person 0 speaks"),
        (26.3, Layout.screen, "person 1 speaks"),
    ]
    slides, face = shown_boxes(path, 30.0, FRAMES[Aspect.portrait], (WIDTH_PX, HEIGHT_PX))
    assert slides.left <= SLIDES.left
    assert slides.right >= SLIDES.right
    assert slides.top <= SLIDES.top
    assert slides.bottom >= SLIDES.bottom
    assert face.left < 1500 < face.right
    assert face.top < 800 < face.bottom


def test_the_layout_speaker_leaves_slides_out() -> None:
    assert direct(WITH_SLIDES, Layout.speaker).layouts == [Layout.speaker]


OFF_SCREEN_VOICES = scene(ONE_SHOT, TWO, (10.5, 14, 0), (14, 18, None), (18, 22, 0), (22, 30, None), (30, 39, 1))


def test_a_short_off_screen_voice_changes_nothing_and_a_long_one_shows_everybody() -> None:
    assert directed(OFF_SCREEN_VOICES) == [
        "10.0 speaker 427,517 x1.35: person 0 speaks",
        "22.0 split 400,479 x1.89 / 1520,433 x1.89: nobody in view speaks",
        "29.8 speaker 1493,517 x1.35: person 1 speaks",
    ]
    assert directed(OFF_SCREEN_VOICES, Layout.speaker)[1] == "22.0 fit 960,540 x1.00: nobody in view speaks"


def test_a_listener_alone_in_view_stays_in_the_picture() -> None:
    assert directed(scene(ONE_SHOT, [seat(0, 10, 40, 700)], (10.5, 14, 0), (15, 39, None))) == [
        "10.0 speaker 700,517 x1.35: person 0 speaks",
    ]


def test_a_pause_after_a_cut_in_the_source_stays_with_the_last_speaker() -> None:
    tracks = [seat(0, 10, 20, MIDDLE), seat(0, 20, 40, LEFT), seat(1, 20, 40, RIGHT)]
    assert directed(scene([Shot(10, 20), Shot(20, 40)], tracks, (10.5, 19, 0), (23, 39, 1))) == [
        "10.0 speaker 960,517 x1.35: person 0 speaks",
        "20.0 speaker 427,517 x1.35: nobody in view speaks",
        "22.8 speaker 1493,517 x1.35: person 1 speaks",
    ]


def test_heads_side_by_side_share_a_picture_instead_of_jump_cuts() -> None:
    tracks = [seat(0, 10, 40, 900), seat(1, 10, 40, 1100)]
    assert directed(scene(ONE_SHOT, tracks, (10.5, 20, 0), (20.5, 39, 1))) == [
        "10.0 speaker 1000,519 x1.33: persons 0 and 1 speak",
    ]


def test_heads_above_each_other_in_a_grid_do_not_share_a_picture() -> None:
    tracks = [seat(0, 10, 40, 900, 250), seat(1, 10, 40, 900, 800)]
    path = direct(scene(ONE_SHOT, tracks, (10.5, 20, 0), (20.5, 39, 1)), Layout.auto)
    assert [key.why for key in path.keyframes] == ["person 0 speaks", "person 1 speaks"]


def test_a_split_needs_two_people() -> None:
    assert directed(scene(ONE_SHOT, [seat(0, 10, 40, 700)], (10.5, 20, 0)), Layout.split) == [
        "10.0 speaker 700,517 x1.35: only one person in view, so no split; person 0 speaks",
    ]


def test_a_face_that_appears_briefly_is_ignored() -> None:
    assert directed(scene(ONE_SHOT, [seat(0, 10, 40, 700), seat(1, 15, 15.4, 1500)], (15, 15.4, 1))) == [
        "10.0 speaker 700,517 x1.35: nobody in view speaks",
    ]


THREE_IN_SHORT_TURNS = scene(
    ONE_SHOT,
    THREE,
    *[(10.5, 16, 0), (16.2, 18, 1), (18.2, 20, 2), (20.1, 22, 0), (22.2, 24, 2), (24.1, 25.5, 1), (25.6, 27, 0)],
    (27.2, 39, 1),
)


def test_an_exchange_of_three_people_is_shown_as_a_grid() -> None:
    assert directed(THREE_IN_SHORT_TURNS) == [
        "10.0 speaker 427,517 x1.35: person 0 speaks",
        "16.0 grid 400,441 x3.15 / 960,441 x3.15 / 1520,441 x3.15: persons 0, 1 and 2 talk",
        "27.0 speaker 1493,517 x1.35: person 1 speaks",
    ]


def test_a_grid_of_two_people_is_a_split() -> None:
    assert directed(scene(ONE_SHOT, TWO, (10.5, 20, 0)), Layout.grid) == [
        "10.0 split 400,479 x1.89 / 1520,433 x1.89: only two people in view, so no grid; persons 0 and 1 talk",
    ]
    assert direct(THREE_IN_SHORT_TURNS, Layout.grid).layouts == [Layout.grid]


def test_two_people_who_both_look_as_if_they_speak_are_both_shown() -> None:
    doubtful = scene(ONE_SHOT, THREE, (10.5, 20, 0, (1,)), (20.4, 29, 2), (29.5, 39, 2, (0, 1)))
    assert directed(doubtful) == [
        "10.0 split 400,467 x2.17 / 1520,418 x2.17: persons 0 and 1 both look as if they speak",
        "20.2 speaker 960,517 x1.35: person 2 speaks",
        "29.3 grid 400,441 x3.15 / 960,441 x3.15 / 1520,441 x3.15: persons 0, 1 and 2 all look as if they speak",
    ]


def test_a_doubtful_speaker_is_never_shown_alone_whatever_the_layout() -> None:
    doubtful = scene(ONE_SHOT, TWO, (10.5, 20, 0, (1,)), (20.4, 39, 1))
    assert directed(doubtful, Layout.speaker) == [
        "10.0 fit 960,540 x1.00: persons 0 and 1 both look as if they speak",
        "20.2 speaker 1493,517 x1.35: person 1 speaks",
    ]
    with_slides = scene([Shot(10, 40, SLIDES)], TWO, (10.5, 20, 0, (1,)), (20.4, 39, 1))
    assert direct(with_slides, Layout.auto).layouts == [Layout.fit, Layout.screen]


def test_a_rival_in_the_same_picture_or_out_of_view_changes_nothing() -> None:
    beside = scene(ONE_SHOT, [seat(0, 10, 40, 900), seat(1, 10, 40, 1100)], (10.5, 39, 0, (1,)))
    assert [key.why for key in direct(beside, Layout.auto).keyframes] == ["persons 0 and 1 speak"]
    gone = scene(ONE_SHOT, TWO, (10.5, 39, 0, (7,)))
    assert [key.why for key in direct(gone, Layout.auto).keyframes] == ["person 0 speaks"]


def test_two_of_three_in_doubt_within_their_exchange_stay_in_its_picture() -> None:
    turns = (10.5, 12, 0), (12.2, 14, 1, (0,)), (14.2, 16, 0), (16.2, 18, 1), (18.2, 20, 0), (20.2, 39, 1)
    assert [key.why for key in direct(scene(ONE_SHOT, TWO, *turns), Layout.auto).keyframes] == [
        "persons 0 and 1 talk",
        "person 1 speaks",
    ]
