import numpy as np
import pytest

from clipper_assets.clips.gates.picture import (
    PICTURES_PER_S,
    Pictures,
    black_s,
    blank_s,
    frozen_s,
    mask_without,
    small_size_px,
)
from clipper_assets.media.frame import FRAMES, Box, Frame

WHOLE_PICTURE = mask_without([], 1080, 1920)


def still(seconds: float) -> Pictures:
    """A still picture full of detail."""
    picture = np.random.default_rng(1).integers(30, 226, (160, 90), dtype=np.uint8)
    return np.repeat(picture[None], round(seconds * PICTURES_PER_S), axis=0)


def talking_head(seconds: float) -> Pictures:
    """The still picture with a mouth of two by four pixels that opens and closes."""
    pictures = still(seconds)
    pictures[::2, 80:82, 40:44] = 20
    pictures[1::2, 80:82, 40:44] = 60
    return pictures


def test_a_moving_mouth_counts_as_motion_and_noise_does_not() -> None:
    assert frozen_s(talking_head(10), WHOLE_PICTURE, []) < 0.5
    noise = np.random.default_rng(2).integers(-2, 3, still(10).shape)
    assert frozen_s((still(10) + noise).astype(np.uint8), WHOLE_PICTURE, []) == pytest.approx(10, abs=0.2)


def test_a_slow_fade_counts_as_motion() -> None:
    fading = np.clip(still(10) * np.linspace(1, 0.5, 60)[:, None, None], 0, 255).astype(np.uint8)
    assert frozen_s(fading, WHOLE_PICTURE, []) < 1


def test_the_longest_frozen_stretch_outside_screens_is_measured() -> None:
    pictures = np.concatenate([talking_head(2), still(4), talking_head(1), still(3)])
    assert frozen_s(pictures, WHOLE_PICTURE, []) == pytest.approx(4, abs=0.2)
    assert frozen_s(pictures, WHOLE_PICTURE, [(1.9, 6.1)]) == pytest.approx(3, abs=0.2)


def test_a_black_picture_is_not_blank_and_a_blank_one_is_not_black() -> None:
    black, wall = np.zeros_like(still(2)), np.full_like(still(3), 140)
    pictures = np.concatenate([still(1), black, still(1), wall])
    assert (black_s(pictures, WHOLE_PICTURE), blank_s(pictures, WHOLE_PICTURE)) == (2, 3)
    assert (black_s(still(3), WHOLE_PICTURE), blank_s(still(3), WHOLE_PICTURE)) == (0, 0)


def test_a_dark_room_with_a_lit_face_is_neither_black_nor_blank() -> None:
    room = still(3) // 16
    room[:, 60:90, 30:60] = still(3)[:, 60:90, 30:60]
    assert (black_s(room, WHOLE_PICTURE), blank_s(room, WHOLE_PICTURE)) == (0, 0)


def test_the_area_under_captions_is_ignored() -> None:
    box = Box(140, 1000, 800, 200)
    mask = mask_without([box], 1080, 1920)
    flashing = np.zeros_like(still(2))
    flashing[::2, 84:100, 12:78] = 255
    assert black_s(flashing, WHOLE_PICTURE) < 1
    assert black_s(flashing, mask) == 2
    assert frozen_s(flashing, mask, []) == pytest.approx(2, abs=0.2)


@pytest.mark.parametrize("frame", FRAMES.values())
def test_small_pictures_keep_the_aspect_of_the_clip(frame: Frame) -> None:
    width, height = small_size_px(frame.width_px, frame.height_px)
    assert min(width, height) == 90
    assert width / height == pytest.approx(frame.width_px / frame.height_px, rel=0.01)
