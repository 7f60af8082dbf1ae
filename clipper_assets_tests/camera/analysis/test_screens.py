"""Finding slides and shared screens, and rejecting everything else."""

import numpy as np
import pytest

from clipper_assets.camera.analysis.frames import Picture
from clipper_assets.camera.analysis.screens import screen
from clipper_assets.camera.scene import Boxes
from clipper_assets_tests.support.media import SAMPLE, source_of
from clipper_assets_tests.support.pictures import grey_pictures

NO_FACE: Boxes = np.empty((0, 4))
ROOM = np.random.default_rng(5)


def slide(width: int, height: int, paper: int, ink: int) -> Picture:
    """A slide with eight lines of text."""
    import cv2

    page = np.full((height, width), paper, np.uint8)
    for line in range(8):
        at = (14, round((line + 0.7) * height / 8))
        cv2.putText(
            page, "A loaf of bread is a mistake", at, cv2.FONT_HERSHEY_SIMPLEX, width / 640, ink, 1, cv2.LINE_AA
        )
    return page


def room() -> Picture:
    """A blurred room, the same every time except for camera noise."""
    import cv2

    furniture = cv2.GaussianBlur(np.random.default_rng(2).integers(20, 235, (270, 480)).astype(np.float32), (0, 0), 9)
    furniture = (furniture - furniture.mean()) * 12 + 110
    picture: Picture = np.clip(furniture + ROOM.normal(0, 1, furniture.shape), 0, 255).astype(np.uint8)
    return picture


@pytest.mark.parametrize(("paper", "ink"), [(250, 20), (30, 220)])
def test_a_slide_beside_a_speaker_is_found_to_its_edges(paper: int, ink: int) -> None:
    samples = [room() for _ in range(5)]
    for sample in samples:
        sample[30:230, 20:330] = slide(310, 200, paper, ink)
    box = screen(samples, np.array([[380, 90, 60, 75]], float))
    assert box is not None
    assert box == pytest.approx((20, 30, 310, 200), abs=4)


def test_a_face_in_the_corner_of_a_screen_is_excluded() -> None:
    samples = [slide(480, 270, 245, 30) for _ in range(5)]
    for sample in samples:
        sample[190:265, 385:475] = room()[:75, :90]
    box = screen(samples, np.array([[410, 205, 36, 45]], float))
    assert box is not None
    assert box.left == box.top == 0
    assert box.right <= 400
    assert box.width * box.height > 0.6 * 480 * 270


def test_slides_may_change_but_moving_pictures_are_not_slides() -> None:
    first, second = slide(480, 270, 245, 30), np.flipud(slide(480, 270, 245, 30))
    assert screen([first] * 5 + [second] * 5, NO_FACE) is not None
    assert screen([np.roll(first, 40 * step, axis=1) for step in range(10)], NO_FACE) is None


def test_a_room_noise_a_wall_and_a_poster_are_not_screens() -> None:
    assert screen([room() for _ in range(5)], NO_FACE) is None
    assert screen([np.random.default_rng(1).integers(0, 256, (270, 480)).astype(np.uint8)] * 5, NO_FACE) is None
    assert screen([np.full((270, 480), 200, np.uint8)] * 5, NO_FACE) is None
    walls = [room() for _ in range(5)]
    for wall in walls:
        wall[20:90, 200:300] = slide(100, 70, 240, 20)
    assert screen(walls, NO_FACE) is None


def test_the_sample_has_no_screen() -> None:
    file = SAMPLE / "episode.mp4"
    pictures = list(grey_pictures(f"file:{file}", source_of(file), 5.0, 9.0))[::25]
    assert screen([picture[::2, ::2] for picture in pictures], NO_FACE) is None


def test_a_short_shot_has_no_screen() -> None:
    assert screen([slide(480, 270, 245, 30)] * 2, NO_FACE) is None
    assert screen([], NO_FACE) is None
