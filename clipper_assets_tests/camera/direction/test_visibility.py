import pytest

from clipper_assets.camera.direction.path import CameraPath, Keyframe, View
from clipper_assets.camera.direction.visibility import alone, speaker_shown
from clipper_assets.camera.scene import Scene, Shot, speaking_faces
from clipper_assets.media.frame import FRAMES, Aspect
from clipper_assets.shows.show import Layout
from clipper_assets_tests.camera.scenes import FACE_PX, HEIGHT_PX, LEFT, RIGHT, WIDTH_PX, scene, seat

SOURCE = (WIDTH_PX, HEIGHT_PX)
PORTRAIT = FRAMES[Aspect.portrait]
TALK = scene([Shot(10, 30)], [seat(0, 10, 30, LEFT), seat(1, 10, 30, RIGHT)], (10, 20, 0), (20, 30, 1))
ON_LEFT, ON_RIGHT = View(LEFT, 540), View(RIGHT, 540)


def share(*keyframes: Keyframe, seen: Scene = TALK, grace_s: float = 0.5) -> float | None:
    return speaker_shown(speaking_faces(seen), CameraPath(keyframes), PORTRAIT, SOURCE, grace_s)


def speaker(time_s: float, view: View) -> Keyframe:
    return Keyframe(time_s, Layout.speaker, (view,))


def test_a_camera_on_the_speaker_has_share_1() -> None:
    assert share(speaker(10, ON_LEFT), speaker(20, ON_RIGHT)) == 1


def test_a_camera_on_the_listener_has_share_0() -> None:
    assert share(speaker(10, ON_RIGHT), speaker(20, ON_LEFT)) == 0


def test_a_camera_that_stays_on_one_of_two_has_half() -> None:
    assert share(speaker(10, ON_LEFT), grace_s=0) == 0.5
    assert share(speaker(10, ON_LEFT)) == pytest.approx(50 / 97)


def test_only_a_cut_after_the_grace_time_lowers_the_share() -> None:
    assert share(speaker(10, ON_LEFT), speaker(20.4, ON_RIGHT)) == 1
    late = share(speaker(10, ON_LEFT), speaker(21.5, ON_RIGHT))
    assert late == pytest.approx(1 - 5 / 97)


def test_half_a_face_does_not_count_as_shown() -> None:
    half = View(LEFT + 607.5 / 2 + 10, 540)
    assert share(speaker(10, half), speaker(20, ON_RIGHT)) == pytest.approx(47 / 97)


def test_of_a_face_wider_than_the_crop_as_much_as_fits_in_is_enough() -> None:
    close_up = scene([Shot(10, 20)], [seat(0, 10, 20, 960, 540, 1400)], (10, 20, 0))
    assert share(speaker(10, View(960, 540)), seen=close_up) == 1
    assert share(speaker(10, View(960 + 450, 540)), seen=close_up) == 0


def test_either_panel_of_a_split_counts_and_fit_shows_everything() -> None:
    assert share(Keyframe(10, Layout.split, (View(LEFT, 400, 1.5), View(RIGHT, 400, 1.5)))) == 1
    assert share(Keyframe(10, Layout.fit, (View(960, 540),))) == 1


def test_without_a_speaker_in_view_there_is_no_share() -> None:
    silent = scene([Shot(10, 30)], [seat(0, 10, 30, LEFT)], (12, 20, None))
    assert share(speaker(10, ON_LEFT), seen=silent) is None
    assert share(speaker(10, ON_LEFT), seen=scene([Shot(10, 30)], [])) is None


STACKED = scene([Shot(10, 20)], [seat(0, 10, 20, LEFT, 300), seat(1, 10, 20, LEFT, 840)], (10, 20, 0))


def share_alone(*keyframes: Keyframe, seen: Scene = TALK, aspect: Aspect = Aspect.portrait) -> float | None:
    return alone(seen, CameraPath(keyframes), FRAMES[aspect], SOURCE)


def test_a_picture_of_one_person_is_alone_and_one_of_two_heads_is_not() -> None:
    assert share_alone(speaker(10, ON_LEFT), speaker(20, ON_RIGHT)) == 1
    assert share_alone(speaker(10, View(LEFT, 540)), seen=STACKED) == 0
    assert share_alone(speaker(10, View(LEFT, 300, 2)), seen=STACKED) == 1


def test_only_the_time_with_somebody_else_in_the_picture_lowers_the_share() -> None:
    assert share_alone(speaker(10, View(LEFT, 300, 2)), speaker(16, ON_LEFT), seen=STACKED) == pytest.approx(
        0.6, abs=0.03
    )


def test_each_panel_of_a_split_is_for_one_person_and_the_wide_picture_for_everybody() -> None:
    assert share_alone(Keyframe(10, Layout.split, (View(LEFT, 400, 1.5), View(RIGHT, 400, 1.5)))) == 1
    assert share_alone(Keyframe(10, Layout.split, (View(960, 400), View(RIGHT, 400, 1.5)))) == 0
    assert share_alone(Keyframe(10, Layout.fit, (View(960, 540),))) == 1


def test_slides_are_for_nobody_and_a_low_frame_shows_everything_instead() -> None:
    slides = Keyframe(10, Layout.screen, (View(LEFT, 540), View(LEFT, 840, 4)))
    assert share_alone(slides, seen=STACKED) == 1
    assert share_alone(Keyframe(10, Layout.screen, slides.views[::-1]), seen=STACKED) == 0
    assert share_alone(Keyframe(10, Layout.screen, slides.views[::-1]), seen=STACKED, aspect=Aspect.landscape) == 1


def test_people_who_are_framed_together_are_wanted_together() -> None:
    close = scene([Shot(10, 20)], [seat(0, 10, 20, LEFT), seat(1, 10, 20, LEFT + FACE_PX)], (10, 20, 0))
    assert share_alone(speaker(10, ON_LEFT), seen=close) == 1


def test_a_face_counts_only_while_it_is_in_view() -> None:
    leaves = scene([Shot(10, 20)], [STACKED.tracks[0], seat(1, 10, 14, LEFT, 840)], (10, 20, 0))
    assert share_alone(speaker(10, ON_LEFT), seen=leaves) == pytest.approx(0.56, abs=0.03)
    assert share_alone(speaker(10, ON_LEFT), seen=scene([Shot(10, 30)], [])) is None
