"""Tracking faces through shots by scripted looks."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.camera.analysis.tracks import FollowedFace, Found, follow

Seen = Callable[[int], list[tuple[float, float, float, float]]]
EVERY = 5


def followed(seen: Seen, pictures: int, *, every: int = EVERY, cuts: Sequence[int] = (0,)) -> list[FollowedFace]:
    """The tracks of a window in which one in `every` pictures shows the boxes `seen(number)`."""
    numbers = {*range(0, pictures, every), *cuts}
    looks = {number: found(*seen(number), grey=number) for number in numbers}
    return follow(looks, cuts, pictures)


def found(*boxes: tuple[float, float, float, float], grey: int = 0) -> Found:
    return Found(np.array(boxes, float).reshape(-1, 4), [np.full((24, 24), grey % 256, np.uint8) for _ in boxes])


def test_a_face_in_view_throughout_is_one_track() -> None:
    (face,) = followed(lambda number: [(100 + number, 40, 40, 50)], 53)
    assert (face.first, face.end, len(face.boxes)) == (0, 53, 53)
    # Smoothing makes the box lag a little, but it moves as steadily as the face.
    assert np.abs(face.boxes[:, 0] - (100 + np.arange(53))).max() < 0.3 * 40
    assert np.abs(np.diff(face.boxes[:, 0])).max() < 1.6
    assert face.portrait.mean() == pytest.approx(np.arange(0, 53, EVERY).mean(), abs=0.5)


def test_detector_jitter_is_smoothed() -> None:
    jitter = np.random.default_rng(1).normal(0, 4, 60)
    (face,) = followed(lambda number: [(100 + jitter[number // EVERY], 40, 40, 50)], 300)
    assert np.std(face.boxes[:, 0]) < np.std(jitter) * 0.65


def test_between_rare_looks_a_face_is_in_between() -> None:
    (face,) = followed(lambda number: [(100 + 0.5 * number, 40, 40, 50)], 101, every=25)
    assert np.abs(face.boxes[:, 0] - (100 + 0.5 * np.arange(101))).max() < 2


def test_a_track_ends_at_a_cut() -> None:
    faces = followed(lambda _: [(100, 40, 40, 50)], 63, cuts=(0, 33))
    assert [(face.shot, face.first, face.end) for face in faces] == [(0, 0, 33), (1, 33, 63)]


def test_looks_before_and_after_the_window_tell_where_a_face_is_inside_it() -> None:
    looks = {-50: found((100, 40, 40, 50)), 150: found((120, 40, 40, 50))}
    (face,) = follow(looks, [0], 100)
    assert (face.first, face.end) == (0, 100)
    assert face.boxes[[0, -1], 0] == pytest.approx([105, 115], abs=0.3)


def test_a_track_bridges_a_short_gap_but_not_a_long_one() -> None:
    def seen(gap: int) -> Seen:
        return lambda number: [] if 40 <= number < 40 + gap else [(100, 40, 40, 50)]

    (whole,) = followed(seen(15), 100)
    assert (whole.first, whole.end) == (0, 100)
    before, after = followed(seen(30), 100)
    assert (before.end, after.first) == (36, 70)


def test_two_faces_that_approach_each_other_keep_their_tracks() -> None:
    faces = followed(lambda number: [(200 - number, 42, 40, 50), (20 + number, 40, 40, 50)], 60)
    left, right = sorted(faces, key=lambda face: face.boxes[0, 0])
    assert left.boxes[-1, 0] == pytest.approx(20 + 55, abs=8)
    assert right.boxes[-1, 0] == pytest.approx(200 - 55, abs=8)


@pytest.mark.parametrize("every", [EVERY, 25])
def test_a_face_found_only_briefly_or_rarely_is_discarded(every: int) -> None:
    assert followed(lambda number: [(100, 40, 40, 50)] if number == 50 else [], 75, every=every) == []
    assert followed(lambda number: [(100, 40, 40, 50)] if number % (4 * every) == 0 else [], 12 * every) == []


@given(st.lists(st.integers(15, 60), min_size=1, max_size=4), st.integers(1, 9))
def test_faces_that_stay_are_tracked_through_every_shot(lengths: list[int], count: int) -> None:
    boxes = [(100.0 * number, 40.0, 40.0, 50.0) for number in range(count)]
    cuts = [0, *np.cumsum(lengths).tolist()]
    faces = followed(lambda _: boxes, cuts[-1], cuts=cuts[:-1])
    assert len(faces) == len(lengths) * count
    for face in faces:
        assert (face.first, face.end) == (cuts[face.shot], cuts[face.shot + 1])
        assert (face.boxes == face.boxes[0]).all()


def test_an_empty_window_has_no_tracks() -> None:
    assert follow({}, [0], 0) == []
