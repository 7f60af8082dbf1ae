"""Detecting cuts."""

from itertools import product

import numpy as np
import pytest
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


@settings(deadline=None, max_examples=30)
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


def grid(tiles: int, changed: tuple[int, ...] = ()) -> Picture:
    """A grid of `tiles` x `tiles` rooms; the ones at `changed` show another room."""
    import cv2

    picture = np.zeros((180, 320), np.uint8)
    for row, column in product(range(tiles), range(tiles)):
        number = 10 + row * tiles + column
        tile = room(number + 100 if number - 10 in changed else number)
        top, left = row * 180 // tiles, column * 320 // tiles
        size = 320 // tiles - 4, 180 // tiles - 4
        picture[top : top + size[1], left : left + size[0]] = cv2.resize(tile, size, interpolation=cv2.INTER_AREA)
    return picture


def enlarging(first: Picture, last: Picture, steps: int, easing: float = 1.0) -> list[Picture]:
    """The pictures between two layouts: the last one grows from the top left corner until it fills the picture."""
    import cv2

    pictures = []
    for step in range(1, steps):
        share = 0.3 + 0.7 * (step / steps) ** easing
        size = round(320 * share), round(180 * share)
        picture = first.copy()
        picture[: size[1], : size[0]] = cv2.resize(last, size, interpolation=cv2.INTER_AREA)
        pictures.append(picture)
    return pictures


def test_a_change_of_the_layout_is_a_cut() -> None:
    assert cuts([grid(2)] * 10 + [room(1)] * 10 + [grid(3)] * 10) == [10, 20]


@pytest.mark.parametrize("steps", [5, 8, 12])
@pytest.mark.parametrize("easing", [0.5, 1.0, 2.0])
def test_an_animated_change_of_the_layout_is_one_cut_in_its_middle(steps: int, easing: float) -> None:
    pictures = [*[grid(3)] * 20, *enlarging(grid(3), room(1), steps, easing), *[room(1)] * 20]
    for shown in (pictures, pictures[::-1]):
        (cut,) = cuts(shown)
        assert 20 <= cut <= 20 + steps


def test_an_animation_that_ends_with_a_jump_is_one_cut() -> None:
    growing = enlarging(grid(3), room(1), 12)[:7]
    assert len(cuts([*[grid(3)] * 20, *growing, *[room(1)] * 20])) == 1


@pytest.mark.parametrize(("tiles", "changed"), [(3, (4,)), (3, (0,)), (2, (3,))])
def test_a_change_inside_one_tile_is_not_a_cut(tiles: int, changed: tuple[int, ...]) -> None:
    assert cuts([grid(tiles)] * 20 + [grid(tiles, changed)] * 20) == []


def test_most_tiles_at_once_and_one_of_two_are_cuts() -> None:
    assert cuts([grid(3)] * 20 + [grid(3, (0, 1, 4, 7, 8))] * 20) == [20]
    halves = np.hstack([room(1), room(2)]), np.hstack([room(1), room(3)])
    assert cuts([halves[0]] * 20 + [halves[1]] * 20) == [20]


def test_a_person_who_moves_suddenly_is_not_a_cut() -> None:
    still, moved = room(5), room(5)
    moved[40:, 90:200] = room(6)[40:, 90:200]
    between = [(still * (1 - step / 8) + moved * (step / 8)).astype(np.uint8) for step in range(9)]
    assert cuts([still] * 20 + between + [moved] * 20) == []
