import io

import numpy as np
from PIL import Image

from clipper_assets.camera.direction.director import direct
from clipper_assets.camera.direction.path import CameraPath
from clipper_assets.camera.direction.plot import camera_plot
from clipper_assets.camera.scene import Scene, Shot
from clipper_assets.media.frame import Box
from clipper_assets.shows.show import Layout
from clipper_assets_tests.camera.scenes import LEFT, RIGHT, scene, seat
from clipper_assets_tests.support.media import Picture

TALK = scene([Shot(10, 40)], [seat(0, 10, 40, LEFT), seat(1, 10, 40, RIGHT)], (10, 25, 0), (25, 40, 1))
SLIDES = scene([Shot(10, 40, Box(60, 60, 1100, 620))], [seat(0, 10, 40, RIGHT)], (10, 40, 0))
SPEAKING = (0xEE, 0x66, 0x77)


def pixels(*scenes: Scene) -> Picture:
    paths = [(clip, direct(talk, Layout.auto)) for clip, talk in enumerate(scenes)]
    png = camera_plot(paths, list(enumerate(scenes)))
    assert png
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def share_of(picture: Picture, colour: tuple[int, int, int]) -> float:
    return float((np.abs(picture.astype(int) - colour) <= 2).all(axis=2).mean())


def test_each_clip_is_a_strip_900_pixels_wide() -> None:
    assert pixels(TALK).shape == (190, 900, 3)
    assert pixels(TALK, SLIDES, TALK).shape == (490, 900, 3)


def test_the_speaker_is_marked_at_the_place_of_the_face() -> None:
    rows, columns = np.nonzero((pixels(TALK)[40:] == SPEAKING).all(axis=2))
    early, late = rows[columns < 450], rows[columns > 520]
    assert early.max() < late.min()


def test_each_layout_has_its_colour() -> None:
    speaker_blue, screen_purple = (180, 201, 221), (221, 173, 201)
    plain, slides = pixels(TALK), pixels(SLIDES)
    assert share_of(plain, speaker_blue) > 0.05
    assert share_of(slides, screen_purple) > 0.2
    assert share_of(plain, screen_purple) == share_of(slides, speaker_blue) == 0


def test_without_scenes_there_is_no_plot() -> None:
    assert camera_plot([(0, CameraPath(()))], []) is None
