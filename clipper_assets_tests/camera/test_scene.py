import pytest

from clipper_assets.camera.scene import Shot, Turn, scene_of, speaking_faces
from clipper_assets.media.frame import Box
from clipper_assets_tests.camera.scenes import LEFT, RIGHT, scene, seat

SLIDES = Box(60, 60, 1100, 620)
TALK = scene(
    [Shot(10, 14), Shot(14, 20, SLIDES)],
    [seat(0, 10, 14, LEFT), seat(1, 14, 20, RIGHT)],
    (10, 13, 0),
    (13.5, 18, 1),
    (19, 20, None),
)


def test_speaking_faces_are_sorted_by_time() -> None:
    talk = scene([Shot(10, 11)], [seat(1, 10, 11, RIGHT), seat(0, 10, 11, LEFT)], (10, 10.4, 0), (10.4, 11, 1))
    faces = speaking_faces(talk)
    assert [(face.time_s, face.person) for face in faces] == [(10.0, 0), (10.2, 0), (10.4, 1), (10.6, 1), (10.8, 1)]
    assert faces[0].box == (LEFT - 60, 320, 120, 160)


def test_an_off_screen_voice_has_no_speaking_face() -> None:
    assert speaking_faces(scene([Shot(10, 11)], [seat(0, 10, 11, LEFT)], (10, 11, None))) == []


def test_a_window_inside_a_scene_gets_the_shots_faces_and_turns_of_its_time() -> None:
    part = scene_of([TALK], 12.0, 16.0)
    assert part is not None
    assert (part.start_s, part.end_s) == (12.0, 16.0)
    assert part.shots == (Shot(12, 14), Shot(14, 16, SLIDES))
    assert [(track.person, track.times_s[0], len(track.times_s)) for track in part.tracks] == [
        (0, 12.0, 10),
        (1, 14.0, 10),
    ]
    assert part.turns == (Turn(12, 13, 0), Turn(13.5, 16, 1))
    later = scene_of([part, TALK], 15.0, 20.0)
    assert later is not None
    assert later.turns == (Turn(15, 18, 1), Turn(19, 20, None))


def test_the_analysed_window_gets_the_whole_scene() -> None:
    assert scene_of([TALK], 10, 20) is TALK


@pytest.mark.parametrize("window", [(9.9, 20.0), (10.0, 20.1), (30.0, 40.0)])
def test_a_window_that_extends_beyond_every_scene_gets_none(window: tuple[float, float]) -> None:
    assert scene_of([TALK], *window) is None
