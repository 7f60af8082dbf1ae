import numpy as np
import pytest

from clipper_assets.clips.gates.picture import (
    PICTURES_PER_S,
    Pictures,
    black_s,
    blank_s,
    frozen_s,
    small_size_px,
    without,
)
from clipper_assets.media.frame import FRAMES, Box, Frame

EVERYTHING = without([], 1080, 1920)


def still(seconds: float) -> Pictures:
    """A picture full of detail that does not move."""
    picture = np.random.default_rng(1).integers(30, 226, (160, 90), dtype=np.uint8)
    return np.repeat(picture[None], round(seconds * PICTURES_PER_S), axis=0)


def talking_head(seconds: float) -> Pictures:
    """The same with a mouth of two by four small pixels that opens and shuts."""
    pictures = still(seconds)
    pictures[::2, 80:82, 40:44] = 20
    pictures[1::2, 80:82, 40:44] = 60
    return pictures


def test_a_mouth_that_moves_is_enough_and_noise_is_not() -> None:
    assert frozen_s(talking_head(10), EVERYTHING, []) < 0.5
    noise = np.random.default_rng(2).integers(-2, 3, still(10).shape)
    assert frozen_s((still(10) + noise).astype(np.uint8), EVERYTHING, []) == pytest.approx(10, abs=0.2)


def test_a_slow_fade_is_motion() -> None:
    fading = np.clip(still(10) * np.linspace(1, 0.5, 60)[:, None, None], 0, 255).astype(np.uint8)
    assert frozen_s(fading, EVERYTHING, []) < 1


def test_the_longest_stretch_is_the_one_between_two_motions() -> None:
    pictures = np.concatenate([talking_head(2), still(4), talking_head(1), still(3)])
    assert frozen_s(pictures, EVERYTHING, []) == pytest.approx(4, abs=0.2)
    assert frozen_s(pictures, EVERYTHING, [(1.9, 6.1)]) == pytest.approx(3, abs=0.2)


def test_black_and_blank_are_told_apart() -> None:
    black, wall = np.zeros_like(still(2)), np.full_like(still(3), 140)
    pictures = np.concatenate([still(1), black, still(1), wall])
    assert (black_s(pictures, EVERYTHING), blank_s(pictures, EVERYTHING)) == (2, 3)
    assert (black_s(still(3), EVERYTHING), blank_s(still(3), EVERYTHING)) == (0, 0)


def test_a_dark_room_with_a_lit_face_is_neither_black_nor_blank() -> None:
    room = still(3) // 16
    room[:, 60:90, 30:60] = still(3)[:, 60:90, 30:60]
    assert (black_s(room, EVERYTHING), blank_s(room, EVERYTHING)) == (0, 0)


def test_what_lies_under_captions_is_not_looked_at() -> None:
    box = Box(140, 1000, 800, 200)
    mask = without([box], 1080, 1920)
    lit = np.zeros_like(still(2))
    lit[::2, 84:100, 12:78] = 255
    assert black_s(lit, EVERYTHING) < 1
    assert black_s(lit, mask) == 2
    assert frozen_s(lit, mask, []) == pytest.approx(2, abs=0.2)


@pytest.mark.parametrize("frame", FRAMES.values())
def test_small_pictures_keep_the_shape_of_the_clip(frame: Frame) -> None:
    width, height = small_size_px(frame.width_px, frame.height_px)
    assert min(width, height) == 90
    assert width / height == pytest.approx(frame.width_px / frame.height_px, rel=0.01)
