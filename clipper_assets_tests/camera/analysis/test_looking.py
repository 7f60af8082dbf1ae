"""Excerpts of tracked faces."""

from collections.abc import Iterator
from typing import cast

import numpy as np

from clipper_assets.camera.analysis.frames import Picture
from clipper_assets.camera.analysis.looking import Looking, SeenFace, excerpt
from clipper_assets.camera.analysis.recording import Recording
from clipper_assets.camera.analysis.tracks import FollowedFace

LEFT, RIGHT = (20.0, 40.0, 40.0, 50.0), (120.0, 40.0, 40.0, 50.0)
NOISE = np.random.default_rng(1).integers(0, 256, (100, 180, 200)).astype(np.uint8)


class Noise:
    """A recording of noise that tells what was read of it."""

    def __init__(self) -> None:
        self.spans: list[tuple[int, int]] = []

    def read(self, first: int, end: int) -> Iterator[tuple[int, Picture]]:
        self.spans.append((first, end))
        return ((number, NOISE[number]) for number in range(first, end))


def face(first: int, end: int, box: tuple[float, float, float, float]) -> FollowedFace:
    return FollowedFace(0, first, np.tile(box, (end - first, 1)), np.zeros((24, 24), np.uint8))


def seen(first: int, end: int, box: tuple[float, float, float, float]) -> SeenFace:
    boxes = np.tile(box, (end - first, 1))
    return SeenFace(boxes, excerpt(NOISE[first:end], boxes))


def test_only_faces_in_view_throughout_have_an_excerpt() -> None:
    look = Looking(cast(Recording, Noise()), [face(0, 50, LEFT), face(20, 60, RIGHT)], [], {})
    assert [*look(0, 30)] == [0]
    assert [*look(20, 50)] == [0, 1]
    assert [*look(40, 60)] == [1]
    assert look(50, 70) == {}
    assert {len(part) for each in look(20, 50).values() for part in (each.lips, each.motions)} == {30}


def test_what_was_kept_is_not_decoded_again() -> None:
    recording = Noise()
    kept = {(10, 40): [seen(10, 40, RIGHT), seen(10, 40, LEFT)]}
    faces = [face(0, 50, LEFT), face(0, 50, RIGHT)]
    look = Looking(cast(Recording, recording), faces, [], kept)
    found = look(15, 35)
    assert recording.spans == []
    fresh = Looking(cast(Recording, recording), faces, [], {})(15, 35)
    assert recording.spans == [(15, 35)]
    for number in (0, 1):
        assert np.array_equal(found[number].lips, fresh[number].lips)
        assert found[number].motions[1:] == fresh[number].motions[1:]


def test_spans_that_are_expected_are_decoded_once_and_in_the_order_of_time() -> None:
    recording = Noise()
    look = Looking(cast(Recording, recording), [face(0, 100, LEFT)], [], {})
    look.expect([(60, 90), (10, 40)])
    assert [*look(65, 80)] == [0]
    assert [*look(10, 40)] == [0]
    assert recording.spans == [(10, 40), (60, 90)]


def test_a_face_that_was_not_seen_in_time_is_decoded() -> None:
    recording = Noise()
    look = Looking(
        cast(Recording, recording), [face(0, 50, LEFT), face(0, 50, RIGHT)], [], {(10, 40): [seen(10, 40, LEFT)]}
    )
    assert [*look(10, 40)] == [0, 1]
    assert recording.spans == [(10, 40)]


def test_a_picture_that_stays_repeats_its_lips_without_motion() -> None:
    boxes = np.tile(LEFT, (4, 1))
    found = excerpt([NOISE[0], NOISE[0], NOISE[1], NOISE[1]], boxes)
    assert found.lips[0] is not found.lips[2]
    assert np.array_equal(found.lips[0], found.lips[1])
    assert {lips.shape for lips in found.lips} == {(112, 112)}
    changes = [abs(each.eyes) > 0 for each in found.motions]
    assert changes == [False, False, True, False]
