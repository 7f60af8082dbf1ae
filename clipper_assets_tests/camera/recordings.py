"""Draws samples of remote recordings: rooms, people and initials in tiles."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from clipper_assets.camera.analysis.frames import Picture
from clipper_assets.camera.scene import Boxes
from clipper_assets.media.frame import Box

WIDTH, HEIGHT = 960, 540
"""The pictures are drawn at this size and halved, so that gutters do not end at whole pixels of the samples."""
SECONDS = 4
INK = 210


@cache
def room(number: int) -> Picture:
    """A blurred room with large shapes and shelves, different for each number."""
    import cv2

    random = np.random.default_rng(number)
    coarse = cv2.resize(random.normal(0, 1, (5, 8)), (320, 180), interpolation=cv2.INTER_CUBIC)
    fine = cv2.GaussianBlur(random.normal(0, 1, (180, 320)), (0, 0), 3)
    picture: Picture = np.clip(random.uniform(70, 150) + 30 * coarse + 60 * fine, 30, 240).astype(np.uint8)
    return picture


def person(picture: Picture, head: Box, second: int) -> None:
    """Draw a head and shoulders into a picture; they move a little every second."""
    import cv2

    x, y = round(head.center_x + 2 * (second % 2)), round(head.center_y + second % 3)
    across, down = round(head.width / 2), round(head.height / 2)
    cv2.ellipse(picture, (x, y + 3 * down), (2 * across, 2 * down), 0, 0, 360, 55, -1)
    cv2.ellipse(picture, (x, y), (across, down), 0, 0, 360, 190, -1)
    cv2.ellipse(picture, (x, y + down // 2), (across // 3, down // 6 + second % 3), 0, 0, 360, 90, -1)


def head_in(tile: Box) -> Box:
    side = min(tile.width, tile.height) * 0.35
    return Box(tile.center_x - side / 2, tile.center_y - side * 0.8, side, side * 1.2)


def camera(tile: Box, number: int, second: int) -> Picture:
    """The picture of one participant's camera, as large as the tile."""
    import cv2

    size = round(tile.width), round(tile.height)
    picture = cv2.resize(room(number), size, interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
    person(picture, head_in(Box(0, 0, *size)), second)
    return picture


def avatar(tile: Box) -> Picture:
    """The initials of a participant without a camera."""
    import cv2

    picture = np.full((round(tile.height), round(tile.width)), 52, np.uint8)
    cv2.putText(picture, "AB", (round(tile.width * 0.4), round(tile.height * 0.6)), 0, 1.5, INK, 3, cv2.LINE_AA)
    return picture


def rows_of(
    counts: Sequence[int], gutter: int, margin: tuple[int, int] = (0, 0), left_aligned: bool = False
) -> list[Box]:
    """Equal tiles in rows with these counts, each row centered, with a gutter between them and margins around."""
    width = (WIDTH - 2 * margin[0] - (max(counts) - 1) * gutter) // max(counts)
    height = (HEIGHT - 2 * margin[1] - (len(counts) - 1) * gutter) // len(counts)
    boxes = []
    for row, count in enumerate(counts):
        left = margin[0] if left_aligned else (WIDTH - count * width - (count - 1) * gutter) // 2
        top = margin[1] + row * (height + gutter)
        boxes += [Box(left + number * (width + gutter), top, width, height) for number in range(count)]
    return boxes


def recorded(
    boxes: Sequence[Box], background: int = 0, off: Sequence[int] = (), frozen: Sequence[int] = ()
) -> list[Picture]:
    """Samples of a remote recording, one a second; some cameras are `off`, some `frozen`."""
    pictures = []
    for second in range(SECONDS):
        picture = np.full((HEIGHT, WIDTH), background, np.uint8)
        for number, box in enumerate(boxes):
            shown = avatar(box) if number in off else camera(box, number, 0 if number in frozen else second)
            put(picture, box, shown)
        pictures.append(picture)
    return halved(pictures)


def put(picture: Picture, box: Box, content: Picture) -> None:
    top, left = round(box.top), round(box.left)
    picture[top : top + content.shape[0], left : left + content.shape[1]] = content


def halved(pictures: Sequence[Picture]) -> list[Picture]:
    """Samples of pictures, with camera noise."""
    import cv2

    random = np.random.default_rng(3)
    small = [cv2.resize(picture, (WIDTH // 2, HEIGHT // 2), interpolation=cv2.INTER_AREA) for picture in pictures]
    return [np.clip(each + random.normal(0, 0.8, each.shape), 0, 255).astype(np.uint8) for each in small]


def faces_in(boxes: Sequence[Box]) -> Boxes:
    return np.array([head_in(box) for box in boxes]).reshape(-1, 4) / 2
