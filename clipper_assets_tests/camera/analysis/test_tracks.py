"""Tracking faces through synthetic shots with a scripted detector."""

from collections.abc import Callable

import numpy as np
import pytest

from clipper_assets.camera.analysis.faces import Detector
from clipper_assets.camera.analysis.frames import Picture
from clipper_assets.camera.analysis.tracks import Follower
from clipper_assets.camera.scene import Boxes
from clipper_assets_tests.camera.analysis.test_shots import room

EVERY = 5


def follow(pictures: list[Picture], seen: Callable[[int], list[tuple[float, float, float, float]]]) -> Follower:
    """Track faces with a detector that finds the boxes `seen(number)` in picture `number`."""

    def find(picture: Picture) -> Boxes:
        number = next(number for number, given in enumerate(pictures) if given is picture)
        return np.array(seen(number), float).reshape(-1, 4)

    follower = Follower(Detector(find, EVERY))
    follower.watch(pictures)
    return follower


def shot(number: int, length: int) -> list[Picture]:
    return [room(number).copy() for _ in range(length)]


def test_a_face_in_view_throughout_is_one_track() -> None:
    (face,) = follow(shot(0, 53), lambda number: [(100 + number, 40, 40, 50)]).faces
    assert (face.first, face.end) == (0, 53)
    assert {len(values) for values in (face.boxes, face.motions, face.lips)} == {53}
    boxes = np.array(face.boxes)
    # Smoothing makes the box lag a little, but it moves as steadily as the face.
    assert np.abs(boxes[:, 0] - (100 + np.arange(53))).max() < 0.3 * 40
    assert np.abs(np.diff(boxes[:, 0])).max() < 1.6
    assert all(lips.shape == (112, 112) for lips in face.lips)


def test_detector_jitter_is_smoothed() -> None:
    jitter = np.random.default_rng(1).normal(0, 4, 60)
    (face,) = follow(shot(0, 300), lambda number: [(100 + jitter[number // EVERY], 40, 40, 50)]).faces
    assert np.std([box[0] for box in face.boxes]) < np.std(jitter) * 0.65


def test_a_track_ends_at_a_cut() -> None:
    follower = follow(shot(0, 33) + shot(1, 30), lambda _: [(100, 40, 40, 50)])
    assert follower.cuts == [0, 33]
    assert [(face.shot, face.first, face.end) for face in follower.faces] == [(0, 0, 33), (1, 33, 63)]


def test_a_track_bridges_a_short_gap_but_not_a_long_one() -> None:
    def seen(gap: int) -> Callable[[int], list[tuple[float, float, float, float]]]:
        return lambda number: [] if 40 <= number < 40 + gap else [(100, 40, 40, 50)]

    (whole,) = follow(shot(0, 100), seen(15)).faces
    assert (whole.first, whole.end) == (0, 100)
    before, after = follow(shot(0, 100), seen(30)).faces
    assert (before.end, after.first) == (36, 70)


def test_two_faces_that_approach_each_other_keep_their_tracks() -> None:
    follower = follow(shot(0, 60), lambda number: [(200 - number, 42, 40, 50), (20 + number, 40, 40, 50)])
    left, right = sorted(follower.faces, key=lambda face: face.boxes[0][0])
    assert left.boxes[-1][0] == pytest.approx(20 + 55, abs=8)
    assert right.boxes[-1][0] == pytest.approx(200 - 55, abs=8)


def test_a_face_detected_only_briefly_or_rarely_is_discarded() -> None:
    assert follow(shot(0, 60), lambda number: [(100, 40, 40, 50)] if number == 20 else []).faces == []
    assert follow(shot(0, 60), lambda number: [(100, 40, 40, 50)] if number % 20 == 0 else []).faces == []


def test_an_empty_window_has_no_tracks() -> None:
    follower = follow([], lambda _: [])
    assert (follower.pictures, follower.cuts, follower.faces) == (0, [0], [])
