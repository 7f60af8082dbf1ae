"""What people chose for single shots, applied to camera paths; computed from tables without video."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.camera.direction.choices import SNAP_S, chosen_face, person_at, with_choices
from clipper_assets.camera.direction.crop import views_at
from clipper_assets.camera.direction.director import direct
from clipper_assets.camera.scene import Scene, Shot, Track
from clipper_assets.edits.model import ChosenFace, ShotChoice
from clipper_assets.shows.show import Layout
from clipper_assets_tests.camera.scenes import LEFT, ONE_SHOT, RIGHT, SLIDES, TWO, moved, readable, scene, seat

TALK = scene(ONE_SHOT, TWO, (10.5, 20, 0), (20.2, 30, 1), (30.2, 39, 0))
"""The left person speaks, the right one, and the left one again; the automatic camera cuts at 20.0 and 30.0 s."""
AUTOMATIC = direct(TALK, Layout.auto)


def face(person: int, time_s: float = 25.0, of: Scene = TALK) -> ChosenFace:
    found = chosen_face(of, person, time_s - 0.5, time_s + 0.5)
    assert found
    return found


def choice(start: float, end: float, layout: Layout = Layout.auto, *faces: ChosenFace) -> ShotChoice:
    return ShotChoice(start=start, end=end, layout=layout, faces=faces)


def shown(given: Scene, *choices: ShotChoice) -> list[str]:
    return readable(with_choices(direct(given, Layout.auto), given, choices)[0])


def test_without_choices_the_path_is_automatic() -> None:
    assert with_choices(AUTOMATIC, TALK, []) == (AUTOMATIC, [])


def test_a_listener_is_chosen_for_a_whole_shot() -> None:
    assert shown(TALK) == [
        "10.0 speaker 427,517 x1.35: person 0 speaks",
        "20.0 speaker 1493,517 x1.35: person 1 speaks",
        "30.0 speaker 427,517 x1.35: person 0 speaks",
    ]
    assert shown(TALK, choice(20, 30, Layout.auto, face(0))) == [
        "10.0 speaker 427,517 x1.35: person 0 speaks",
        "20.0 speaker 427,517 x1.35: chosen by a person",
        "30.0 speaker 427,517 x1.35: person 0 speaks",
    ]


def test_after_a_part_of_a_shot_the_automatic_camera_goes_on() -> None:
    assert shown(TALK, choice(23, 26, Layout.speaker, face(0))) == [
        "10.0 speaker 427,517 x1.35: person 0 speaks",
        "20.0 speaker 1493,517 x1.35: person 1 speaks",
        "23.0 speaker 427,517 x1.35: chosen by a person",
        "26.0 speaker 1493,517 x1.35: person 1 speaks",
        "30.0 speaker 427,517 x1.35: person 0 speaks",
    ]


@pytest.mark.parametrize(
    ("layout", "people", "expected"),
    [
        (Layout.split, [0, 1], ["10.0 split"]),
        (Layout.split, [], ["10.0 split"]),
        (Layout.fit, [], ["10.0 fit"]),
        (Layout.center, [], ["10.0 center"]),
        (Layout.speaker, [1], ["10.0 speaker"]),
        (Layout.speaker, [], ["10.0 speaker", "20.0 speaker", "30.0 speaker"]),
    ],
)
def test_layouts(layout: Layout, people: list[int], expected: list[str]) -> None:
    path, unmet = with_choices(AUTOMATIC, TALK, [choice(10, 40, layout, *map(face, people))])
    assert [f"{key.time_s:.1f} {key.layout.value}" for key in path.keyframes] == expected
    assert {key.why for key in path.keyframes} == {"chosen by a person"}
    assert unmet == []


def test_slides_with_the_listener() -> None:
    given = scene(
        [Shot(10, 40, SLIDES)], [seat(0, 10, 40, 1500, 250, 120), seat(1, 10, 40, 1500, 800, 120)], (11, 39, 0)
    )
    automatic = direct(given, Layout.auto)
    path, unmet = with_choices(automatic, given, [choice(10, 40, Layout.screen, face(1, of=given))])
    assert unmet == []
    assert (path.layouts, path.keyframes[0].views[0]) == ([Layout.screen], automatic.keyframes[0].views[0])
    assert path.keyframes[0].views[1] != automatic.keyframes[0].views[1]


def test_a_chosen_person_who_moves_is_followed() -> None:
    given = scene(ONE_SHOT, [moved(TWO[0], 25, 40, 400), TWO[1]], (10, 40, 1))
    assert shown(given, choice(10, 40, Layout.speaker, face(0, 15.0))) == [
        "10.0 speaker 427,517 x1.35: chosen by a person",
        "24.5 speaker 827,517 x1.35 in 1 s: chosen by a person and has moved",
    ]


def test_a_chosen_person_is_found_in_the_next_shot_of_the_source() -> None:
    shots = [Shot(10, 25), Shot(25, 40)]
    tracks = [seat(0, 10, 25, LEFT), seat(1, 10, 25, RIGHT), seat(0, 25, 40, 900), seat(1, 25, 40, 1700)]
    given = scene(shots, tracks, (10, 40, 1))
    assert shown(given, choice(10, 40, Layout.speaker, face(0, 12.0))) == [
        "10.0 speaker 427,517 x1.35: chosen by a person",
        "25.0 speaker 927,517 x1.35: chosen by a person",
    ]


def test_where_no_chosen_face_is_in_view_the_camera_is_automatic() -> None:
    shots = [Shot(10, 25), Shot(25, 40)]
    given = scene(shots, [seat(0, 10, 25, LEFT), seat(1, 10, 40, RIGHT)], (10, 40, 1))
    path, unmet = with_choices(direct(given, Layout.auto), given, [choice(10, 40, Layout.speaker, face(0, 12.0))])
    assert readable(path) == [
        "10.0 speaker 427,517 x1.35: chosen by a person",
        "25.0 speaker 1493,517 x1.35: no chosen face is in view, so the camera is automatic: person 1 speaks",
    ]
    assert unmet == ["from 25.0 to 40.0 s no chosen face is in view, so the camera is automatic"]


def test_a_face_that_nobody_has_any_more() -> None:
    gone = ChosenFace(time=25, x=0.5, y=0.9)
    path, unmet = with_choices(AUTOMATIC, TALK, [choice(20, 30, Layout.speaker, gone)])
    assert [key.views for key in path.keyframes] == [key.views for key in AUTOMATIC.keyframes]
    assert unmet == ["from 20.0 to 30.0 s no chosen face is in view, so the camera is automatic"]


def test_a_layout_that_is_not_possible_is_said() -> None:
    path, unmet = with_choices(AUTOMATIC, TALK, [choice(20, 30, Layout.screen, face(0))])
    assert readable(path)[1] == "20.0 speaker 427,517 x1.35: the layout screen is not possible; chosen by a person"
    assert unmet == ["from 20.0 to 30.0 s the layout screen is not possible"]


def test_people_who_got_other_numbers_are_found() -> None:
    renumbered = replace(TALK, tracks=tuple(Track(7 - t.person, t.times_s, t.boxes_px) for t in TALK.tracks))
    assert person_at(renumbered, face(0)) == 7
    assert person_at(renumbered, face(1)) == 6
    assert shown(renumbered, choice(20, 30, Layout.auto, face(0)))[1].startswith("20.0 speaker 427,")


@pytest.mark.parametrize("scale", [0.7, 1.4])
def test_a_detector_with_other_boxes_finds_the_same_people(scale: float) -> None:
    given = scene(ONE_SHOT, [seat(0, 10, 40, LEFT, 420, 160 * scale), seat(1, 10, 40, RIGHT, 420, 160 * scale)])
    assert [person_at(given, face(person)) for person in (0, 1)] == [0, 1]


def test_the_ends_of_a_choice_move_to_cuts_nearby() -> None:
    path, _ = with_choices(AUTOMATIC, TALK, [choice(20.3, 29.7, Layout.speaker, face(0))])
    assert [key.time_s for key in path.keyframes] == [key.time_s for key in AUTOMATIC.keyframes]


def test_a_short_choice_at_a_cut_stays() -> None:
    path, _ = with_choices(AUTOMATIC, TALK, [choice(19.6, 20.4, Layout.speaker, face(0))])
    assert [round(key.time_s, 1) for key in path.keyframes] == [10.0, 19.6, 20.4, 30.0]


spans = st.tuples(st.floats(0, 50), st.floats(0.5, 30)).map(lambda given: (given[0], given[0] + given[1]))


@given(spans, st.sampled_from(list(Layout)), st.sampled_from([[], [0], [1], [0, 1]]))
def test_outside_of_the_choice_the_path_stays(span: tuple[float, float], layout: Layout, people: list[int]) -> None:
    path, _ = with_choices(AUTOMATIC, TALK, [choice(*span, layout, *map(face, people))])
    times = [key.time_s for key in path.keyframes]
    assert times[0] == TALK.start_s
    assert times == sorted(set(times))
    assert times[-1] < TALK.end_s
    for time_s in (10.0, 15.0, 22.0, 28.0, 33.0, 39.9):
        if not span[0] - SNAP_S <= time_s < span[1] + SNAP_S:
            assert views_at(path, time_s) == views_at(AUTOMATIC, time_s)


def test_three_of_four_people_share_a_grid() -> None:
    four = [seat(person, 10, 40, 240.0 + 480 * person) for person in range(4)]
    given = scene(ONE_SHOT, four, (10, 40, 0))
    faces = [face(person, of=given) for person in (3, 1, 2)]
    path, unmet = with_choices(direct(given, Layout.auto), given, [choice(10, 40, Layout.grid, *faces)])
    assert unmet == []
    (key,) = path.keyframes
    assert (key.layout, len(key.views)) == (Layout.grid, 3)
    for view, seat_x_px in zip(key.views, (720, 1200, 1680), strict=True):
        assert abs(view.center_x_px - seat_x_px) < 120  # the last one is at the edge of the source
