"""All face detectors on a picture of the sample."""

import numpy as np
import pytest

from clipper_assets.camera.analysis.faces import Detector, haar, overlap, ultraface, yunet
from clipper_assets.camera.analysis.frames import Picture
from clipper_assets.camera.scene import Boxes
from clipper_assets.models.store import verify
from clipper_assets_tests.camera.sample import MODELS, needs_models, truth
from clipper_assets_tests.support.media import SAMPLE, source_of
from clipper_assets_tests.support.pictures import grey_pictures
from clipper_assets_tests.support.weights import weights


@pytest.fixture(scope="module")
def picture() -> Picture:
    file = SAMPLE / "episode.mp4"
    return next(grey_pictures(f"file:{file}", source_of(file), 0.2, 0.3))


WITH_MODELS = [pytest.param("ultraface", marks=needs_models), pytest.param("yunet", marks=pytest.mark.speech)]


def detector_of(name: str) -> Detector:
    if name == "yunet":
        return yunet(weights("yunet-2023mar"))
    return haar() if name == "haar" else ultraface(verify("ultraface-rfb-320", MODELS))


@pytest.fixture(params=["haar", *WITH_MODELS])
def detector(request: pytest.FixtureRequest) -> Detector:
    return detector_of(request.param)


def true_boxes(width_px: int) -> Boxes:
    """The true boxes of the faces in a picture of the sample that is `width_px` wide."""
    boxes: Boxes = np.array([person["face"] for person in truth()["speakers"].values()]) * width_px / truth()["width"]
    return boxes


def detected(detector: Detector, picture: Picture) -> Boxes:
    boxes = detector.find(picture)
    return boxes[np.argsort(boxes[:, 0])]


def test_both_faces_are_detected_at_their_true_places(detector: Detector, picture: Picture) -> None:
    boxes = detected(detector, picture)
    assert len(boxes) == 2
    for box, true in zip(boxes, true_boxes(960), strict=True):
        assert overlap(box, true[None])[0] > 0.55


def test_small_faces_are_detected(detector: Detector, picture: Picture) -> None:
    import cv2

    small = np.full(picture.shape, 90, np.uint8)
    small[240:420, 400:720] = cv2.resize(picture, (320, 180), interpolation=cv2.INTER_AREA)
    boxes = detected(detector, small)
    assert len(boxes) == 2
    for box, true in zip(boxes, true_boxes(320) + np.array([400, 240, 0, 0]), strict=True):
        assert overlap(box, true[None])[0] > 0.5


@pytest.mark.parametrize("name", WITH_MODELS)
@pytest.mark.parametrize("mirrored", [False, True])
def test_faces_of_a_fifteenth_of_the_height_are_detected_wherever_they_are(
    name: str, picture: Picture, mirrored: bool
) -> None:
    import cv2

    detector = detector_of(name)
    size = (180, 102)
    tiny = cv2.resize(picture[:, ::-1] if mirrored else picture, size, interpolation=cv2.INTER_AREA)
    places = [(left, top) for top in (5, 219, 433) for left in (5, 390, 775)]
    wall = np.full(picture.shape, 90, np.uint8)
    for left, top in places:
        wall[top : top + size[1], left : left + size[0]] = tiny
    boxes = detector.find(wall)
    assert boxes[:, 3].max() < 540 / 12
    for left, top in places:
        inside = (boxes[:, :2] > [left, top]).all(axis=1) & (boxes[:, :2] < [left + size[0], top + size[1]]).all(axis=1)
        assert inside.sum() == 2


def test_no_face_is_detected_in_an_empty_picture(detector: Detector) -> None:
    assert detector.find(np.full((540, 960), 128, np.uint8)).shape == (0, 4)


def test_overlap_is_intersection_over_union() -> None:
    boxes = np.array([[0, 0, 2, 2], [1, 0, 2, 2], [5, 5, 1, 1]], float)
    assert overlap(boxes[0], boxes) == pytest.approx([1, 1 / 3, 0])
