"""What counts as a face that is found, and as a wrong box."""

import numpy as np

from benchmarks.detectors import Result
from clipper_assets_tests.support.face_examples import Example

PICTURE = np.zeros((540, 960), np.uint8)
FACES = np.array([[100.0, 100.0, 40.0, 50.0], [500.0, 100.0, 200.0, 250.0]])


def test_a_face_is_found_by_a_box_that_overlaps_and_other_boxes_are_wrong() -> None:
    result = Result()
    example = Example("beside a large face", PICTURE, FACES, 1 / 11)
    result.add(example, FACES[1:] + 1, 0.5)
    result.add(example, np.array([[102.0, 102.0, 40.0, 50.0], [800.0, 400.0, 40.0, 50.0]]), 0.25)
    result.add(example, np.zeros((0, 4)), 0.25)
    assert result.found == {("beside a large face", 1 / 11): [False, True, False]}
    assert result.elsewhere == {"beside a large face": 1}
    assert len(result.overlaps) == 2
    assert result.cpu_s == {"small faces": [0.5, 0.25, 0.25]}


def test_every_box_in_a_picture_without_faces_is_wrong() -> None:
    result = Result()
    result.add(Example("no face", PICTURE, np.zeros((0, 4))), FACES, 0.5)
    assert (result.found, result.elsewhere, result.overlaps) == ({}, {"no face": 2}, [])
    assert result.cpu_s == {"no face": [0.5]}
