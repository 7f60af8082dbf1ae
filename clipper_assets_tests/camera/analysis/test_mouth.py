"""Motion of mouths and eyes, and the score computed from it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from clipper_assets.camera.analysis.frames import Picture
from clipper_assets.camera.analysis.mouth import FACE_PX, Motion, cut_face, cut_square, motion, mouth_score, normalised
from clipper_assets.camera.scene import FPS
from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples

BOX = np.array([100.0, 60.0, 64.0, 80.0])
SECONDS = 8


def drawn(mouth_px: int, eyes_px: int = 4) -> Picture:
    """A light face in `BOX` with two dark eyes and a dark mouth of the given heights."""
    picture = np.full((240, 320), 100, np.uint8)
    picture[60:140, 100:164] = 200
    for eye in (112, 140):
        picture[86 : 86 + eyes_px, eye : eye + 12] = 40
    picture[116 : 116 + mouth_px, 118:146] = 40
    return picture


def test_a_square_is_cut_out_at_its_place_and_size() -> None:
    picture = np.add.outer(np.arange(100), np.zeros(100)).astype(np.uint8)
    cut = cut_square(picture, 50.0, 40.0, 20.0, 20)
    assert cut[:, 0].tolist() == list(range(30, 50))
    assert cut_square(picture, 50.0, 40.0, 40.0, 20)[:, 0] == pytest.approx(np.arange(20.5, 60, 2), abs=0.6)
    assert cut_square(picture, 50.0, 0.0, 20.0, 20)[:10].max() == 0
    assert cut_face(drawn(4), BOX).shape == (FACE_PX, FACE_PX)


def test_motion_of_mouth_and_eyes_is_measured_separately() -> None:
    still, open_mouth, closed_eyes = (normalised(cut_face(drawn(*sizes), BOX)) for sizes in ((4, 4), (12, 4), (4, 1)))
    assert motion(still, still) == (0, 0)
    speaks, blinks = motion(still, open_mouth), motion(still, closed_eyes)
    assert speaks.opening > 5 * speaks.eyes
    assert blinks.eyes > 5 * blinks.opening


def test_a_mouth_moves_wherever_the_box_of_a_detector_puts_it() -> None:
    for shift in (-6, 0, 6):
        box = np.add(BOX, [0, shift, 0, 0])
        still, open_mouth = (normalised(cut_face(drawn(size), box)) for size in (4, 12))
        assert motion(still, open_mouth).opening > 0.05


def test_motion_does_not_depend_on_the_lighting() -> None:
    bright = [cut_face(drawn(size), BOX) for size in (4, 12)]
    dim = [(face // 3 + 10).astype(np.uint8) for face in bright]
    in_bright, in_dim = (motion(normalised(before), normalised(after)) for before, after in (bright, dim))
    assert in_dim == pytest.approx(in_bright, rel=0.1, abs=0.02)


def syllables() -> Samples:
    """Noise that pulses about four times a second, not quite regularly."""
    random = np.random.default_rng(3)
    times = np.arange(SECONDS * SPEECH_RATE_HZ) / SPEECH_RATE_HZ
    level = np.clip(np.sin(2 * np.pi * (4 * times + np.sin(1.3 * times))), 0, 1)
    return (0.2 * level * random.normal(size=len(times))).astype(np.float32)


def levels(sound: Samples) -> NDArray[np.float64]:
    level: NDArray[np.float64] = np.sqrt((sound.reshape(SECONDS * FPS, -1).astype(float) ** 2).mean(axis=1))
    return level


def motions(openings: NDArray[np.float64], eyes: float = 0.03) -> list[Motion]:
    """The motions of a mouth that is open as wide as `openings` says for each picture."""
    return [Motion(eyes, float(change)) for change in np.abs(np.diff(openings, prepend=openings[:1]))]


def test_a_speaking_face_scores_above_0_and_a_listening_or_frozen_one_below() -> None:
    sound = syllables()
    wide = levels(sound) / levels(sound).std()
    speaking = mouth_score(motions(0.03 * wide), sound)
    other_words = mouth_score(motions(0.03 * wide[::-1]), sound)
    listening = mouth_score(motions(np.random.default_rng(1).normal(0, 0.004, SECONDS * FPS)), sound)
    frozen = mouth_score([Motion(0.0, 0.0)] * SECONDS * FPS, sound)
    assert speaking > other_words + 0.2
    assert other_words > 0.5
    assert frozen < listening - 1 < -1.2


def test_a_head_that_moves_does_not_speak() -> None:
    sound = syllables()
    openings = np.random.default_rng(1).normal(0, 0.01, SECONDS * FPS)
    assert mouth_score(motions(openings, eyes=0.15), sound) < mouth_score(motions(openings, eyes=0.03), sound) - 1


@settings(deadline=None)
@given(st.integers(2, 80), st.integers(0, 60_000))
def test_sound_of_any_length_gives_a_finite_score(pictures: int, samples: int) -> None:
    assert np.isfinite(mouth_score([Motion(0.1, 0.1)] * pictures, np.zeros(samples, np.float32)))


@given(st.lists(st.floats(0, 1), min_size=10, max_size=10), st.floats(1, 3))
def test_a_mouth_that_moves_more_scores_higher(changes: list[float], more: float) -> None:
    silence = np.zeros(SPEECH_RATE_HZ, np.float32)
    less = mouth_score([Motion(0.1, change) for change in changes], silence)
    assert mouth_score([Motion(0.1, change * more) for change in changes], silence) >= less - 1e-9
