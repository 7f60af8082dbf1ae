"""Finding the tiles of remote recordings, and finding none in rooms, slides and single cameras."""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.camera.analysis.frames import Picture
from clipper_assets.camera.analysis.screens import screen
from clipper_assets.camera.analysis.tiles import tiles
from clipper_assets.media.frame import Box
from clipper_assets_tests.camera.analysis.test_screens import slide
from clipper_assets_tests.camera.recordings import (
    HEIGHT,
    SECONDS,
    WIDTH,
    camera,
    faces_in,
    halved,
    person,
    put,
    recorded,
    room,
    rows_of,
)


def assert_found(found: Sequence[Box], boxes: Sequence[Box], slack_px: float = 4) -> None:
    """Each tile lies inside its true box, and reaches its sides up to a few pixels of the drawing."""
    assert len(found) == len(boxes)
    for tile, box in zip(found, boxes, strict=True):
        inner = Box(*(2 * value for value in tile))
        assert inner.left >= box.left
        assert inner.top >= box.top
        assert inner.right <= box.right
        assert inner.bottom <= box.bottom
        assert tuple(inner) == pytest.approx(tuple(box), abs=2 * slack_px)


LAYOUTS = [(2,), (3,), (2, 2), (3, 3), (3, 2), (2, 1), (3, 3, 3), (3, 3, 1), (4, 4, 4)]


@pytest.mark.parametrize(
    ("counts", "gutter", "margin"),
    [
        ((2,), 0, (0, 0)),
        ((2,), 8, (8, 100)),
        ((3,), 3, (0, 0)),
        ((2, 2), 0, (0, 0)),
        ((2, 2), 3, (0, 0)),
        ((2, 1), 8, (60, 0)),
        ((3, 2), 0, (60, 0)),
        ((3, 3, 1), 8, (8, 8)),
        ((3, 3, 3), 0, (0, 0)),
        ((4, 4, 4), 8, (8, 8)),
    ],
)
def test_equal_tiles_in_rows_are_found(counts: tuple[int, ...], gutter: int, margin: tuple[int, int]) -> None:
    boxes = rows_of(counts, gutter, margin)
    assert_found(tiles(recorded(boxes), faces_in(boxes)), boxes)


@settings(deadline=None, max_examples=15)
@given(
    counts=st.sampled_from(LAYOUTS),
    gutter=st.integers(0, 20),
    margin=st.tuples(st.sampled_from([0, 6, 30, 120]), st.sampled_from([0, 6, 30, 60])),
    background=st.sampled_from([0, 26, 250]),
    mirrored=st.booleans(),
)
def test_tiles_are_found_with_any_gutters_margins_and_background(
    counts: tuple[int, ...], gutter: int, margin: tuple[int, int], background: int, mirrored: bool
) -> None:
    boxes = rows_of(counts, gutter, margin, left_aligned=mirrored)
    samples, faces = recorded(boxes, background), faces_in(boxes)
    if mirrored:
        samples = [np.ascontiguousarray(sample[:, ::-1]) for sample in samples]
        faces[:, 0] = WIDTH / 2 - faces[:, 0] - faces[:, 2]
        boxes = [box._replace(left=WIDTH - box.right) for box in boxes]
        boxes.sort(key=lambda box: (box.top, box.left))
    assert_found(tiles(samples, faces), boxes)


def test_a_tile_without_a_camera_counts_and_is_not_a_screen() -> None:
    boxes = rows_of((2, 2), 8, (8, 8))
    samples, faces = recorded(boxes, off=[1, 3]), faces_in(boxes)[[0, 2]]
    found = tiles(samples, faces)
    assert_found(found, boxes)
    assert screen(samples, faces, found) is None


def test_frozen_cameras_and_a_single_moving_one_are_tiles() -> None:
    boxes = rows_of((3, 3), 6, (0, 40))
    assert_found(tiles(recorded(boxes, frozen=[0, 2, 3, 4, 5]), faces_in(boxes)), boxes)


def test_dark_clothes_on_a_dark_background_hide_no_tile() -> None:
    boxes = rows_of((2, 2), 8, (8, 8))
    samples = recorded(boxes)
    for sample in samples:
        tile = boxes[2]
        sample[round(tile.bottom / 2) - 40 : round(tile.bottom / 2), round(tile.left / 2) : round(tile.right / 2)] = 2
    assert_found(tiles(samples, faces_in(boxes)), boxes)


def test_rounded_corners_and_the_border_of_the_active_speaker_are_outside() -> None:
    import cv2

    boxes = rows_of((2, 2), 12, (12, 12))
    active = boxes[3]
    pictures = []
    for second in range(SECONDS):
        picture = np.zeros((HEIGHT, WIDTH), np.uint8)
        for number, box in enumerate(boxes):
            mask = np.zeros((round(box.height), round(box.width)), np.uint8)
            corner = round(box.height) // 24
            cv2.rectangle(mask, (corner, 0), (mask.shape[1] - corner, mask.shape[0]), 1, -1)
            cv2.rectangle(mask, (0, corner), (mask.shape[1], mask.shape[0] - corner), 1, -1)
            put(picture, box, camera(box, number, second) * mask)
        sides = [round(value) for value in (active.left, active.top, active.right - 1, active.bottom - 1)]
        if second > 1:
            cv2.rectangle(picture, (sides[0] + 1, sides[1] + 1), (sides[2] - 1, sides[3] - 1), 200, 3)
        pictures.append(picture)
    found = tiles(halved(pictures), faces_in(boxes))
    assert_found(found, boxes, slack_px=6)
    assert 2 * found[3].left >= active.left + 3
    assert 2 * found[3].bottom <= active.bottom - 3


@pytest.mark.parametrize("gutter", [0, 8])
def test_thumbnails_beside_a_shared_screen_are_tiles_and_the_screen_is_not(gutter: int) -> None:
    shared = Box(gutter, gutter, 714, HEIGHT - 2 * gutter)
    strip = [Box(730, 8 + number * 132, 222, 124) for number in range(4)]
    samples, faces = recorded(strip), faces_in(strip)
    for sample in samples:
        put(
            sample,
            Box(*(value / 2 for value in shared)),
            slide(round(shared.width / 2), round(shared.height / 2), 245, 20),
        )
    found = tiles(samples, faces)
    assert_found(found, strip)
    box = screen(samples, faces, found)
    assert box is not None
    assert Box(*(2 * value for value in box)) == pytest.approx(shared, abs=16)


def test_a_single_camera_beside_a_shared_screen_is_a_tile() -> None:
    thumbnail = Box(730, 200, 222, 124)
    samples, faces = recorded([thumbnail]), faces_in([thumbnail])
    for sample in samples:
        put(sample, Box(4, 4, 357, 262), slide(357, 262, 245, 20))
    assert_found(tiles(samples, faces), [thumbnail])


def test_the_active_speaker_and_the_thumbnails_beside_it_are_tiles() -> None:
    large, strip = Box(8, 66, 714, 408), [Box(730, 66 + number * 138, 222, 130) for number in range(3)]
    boxes = [large, *strip]
    assert_found(sorted(tiles(recorded(boxes), faces_in(boxes))), sorted(boxes))


def single(second: int, heads: Sequence[Box], picture: Picture) -> Picture:
    """One camera's picture with these people in it."""
    shown = picture.copy()
    for head in heads:
        person(shown, head, second)
    return shown


LEFT_HEAD, RIGHT_HEAD = Box(180, 150, 110, 140), Box(670, 160, 110, 140)
HEADS = np.array([LEFT_HEAD, RIGHT_HEAD]) / 2


def wide_room(number: int) -> Picture:
    import cv2

    return cv2.resize(room(number), (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)


def assert_no_tiles(picture: Picture) -> None:
    for heads, faces in [((LEFT_HEAD, RIGHT_HEAD), HEADS), ((LEFT_HEAD,), HEADS[:1]), ((RIGHT_HEAD,), HEADS[1:])]:
        samples = halved([single(second, heads, picture) for second in range(SECONDS)])
        assert tiles(samples, faces) == ()


@pytest.mark.parametrize("number", range(5))
def test_two_people_in_a_room_are_not_tiles(number: int) -> None:
    assert_no_tiles(wide_room(number))


@pytest.mark.parametrize("tone", [3, 90, 240])
def test_two_people_in_front_of_one_tone_are_not_tiles(tone: int) -> None:
    assert_no_tiles(np.full((HEIGHT, WIDTH), tone, np.uint8))


@pytest.mark.parametrize("at", [380, 470, 505])
def test_a_door_frame_between_two_people_is_not_a_seam(at: int) -> None:
    picture = wide_room(7)
    picture[60:, at : at + 14] = 235
    picture[60:74, at : at + 250] = 235
    assert_no_tiles(picture)


@pytest.mark.parametrize("at", [300, 500, 640])
def test_a_wall_corner_that_is_not_in_the_middle_is_not_a_seam(at: int) -> None:
    picture = wide_room(8)
    picture[:, :at] = np.clip(picture[:, :at] + 60.0, 0, 250)
    assert_no_tiles(picture)


def test_the_light_on_a_wall_makes_no_tiles() -> None:
    """A band of one tone from top to bottom is left by a light that falls from one side."""
    assert_no_tiles(np.tile(np.linspace(100, 190, WIDTH), (HEIGHT, 1)).astype(np.uint8))


def test_shelves_and_windows_are_not_tiles() -> None:
    shelves, windows = wide_room(9), wide_room(10)
    for offset, number in product(range(3), range(1, 5)):
        shelves[108 * number + offset] = np.linspace(20, 60, WIDTH)
        shelves[:, 230 * number + offset] = np.linspace(30, 70, HEIGHT)
    for left, top in product([60, 360, 660], [40, 290]):
        windows[top : top + 210, left : left + 240] = 250
    assert_no_tiles(shelves)
    assert_no_tiles(windows)


def test_pictures_of_people_on_a_slide_are_not_tiles() -> None:
    boxes = rows_of((2, 2), 30, (60, 40))
    assert tiles(recorded(boxes, 245, frozen=range(4)), faces_in(boxes)) == ()


def test_one_picture_with_bars_around_it_is_no_layout() -> None:
    for whole in [Box(0, 60, WIDTH, 420), Box(330, 0, 300, HEIGHT), Box(0, 0, WIDTH, HEIGHT)]:
        assert tiles(recorded([whole]), faces_in([whole])) == ()


def test_without_faces_or_with_a_single_sample_there_are_no_tiles() -> None:
    boxes = rows_of((2, 2), 8)
    assert tiles(recorded(boxes), faces_in([])) == ()
    assert tiles(recorded(boxes)[:1], faces_in(boxes)) == ()
    assert tiles([], faces_in([])) == ()
