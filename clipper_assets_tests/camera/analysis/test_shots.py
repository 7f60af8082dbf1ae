"""Detecting cuts."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.camera.analysis.frames import Picture
from clipper_assets.camera.analysis.shots import with_cuts


def room(number: int) -> Picture:
    """A picture of large grey squares, different for each number."""
    squares = np.random.default_rng(number).integers(0, 256, (9, 16)).astype(np.uint8)
    return np.kron(squares, np.ones((20, 20), np.uint8))


def cuts(pictures: list[Picture]) -> list[int]:
    return [number for number, (_, cut) in enumerate(with_cuts(pictures)) if cut]


@settings(deadline=None)
@given(st.lists(st.integers(5, 20), min_size=1, max_size=4))
def test_every_cut_is_found_and_every_picture_is_yielded(lengths: list[int]) -> None:
    pictures = [room(number) for number, length in enumerate(lengths) for _ in range(length)]
    yielded = [picture for picture, _ in with_cuts(pictures)]
    assert len(yielded) == len(pictures)
    assert all(output is given for output, given in zip(yielded, pictures, strict=True))
    assert cuts(pictures) == np.cumsum(lengths)[:-1].tolist()


def test_a_flash_is_not_a_cut() -> None:
    white = np.full_like(room(0), 255)
    assert cuts([room(0)] * 10 + [white] + [room(0)] * 10) == []
    assert cuts([room(0)] * 10 + [white] * 2 + [room(0)] * 10) == []


def test_motion_and_a_fade_are_not_cuts() -> None:
    wide = np.hstack([room(number) for number in range(4)])
    assert cuts([wide[:, 12 * step : 12 * step + 320] for step in range(60)]) == []
    assert cuts([(room(0) * (1 - step / 25) + room(1) * (step / 25)).astype(np.uint8) for step in range(26)]) == []


def test_an_empty_video_has_no_cuts() -> None:
    assert cuts([]) == []
