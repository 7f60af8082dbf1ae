"""Grey pictures with the real faces of `face_clips`, large and small, and pictures without faces."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from clipper_assets.camera.scene import Boxes
from clipper_assets_tests.support.face_clips import Clip, clips
from clipper_assets_tests.support.face_pictures import CANVAS, Backdrop, compose, face_of, in_room, scaled
from clipper_assets_tests.support.media import Picture

SIZE_PX = (960, 540)
SCALE = SIZE_PX[0] / CANVAS.width
HEIGHTS = (1, 1 / 2, 1 / 4, 1 / 6, 1 / 9, 1 / 12, 1 / 15, 1 / 20)
"""Heights of faces, as shares of the picture's."""
BESIDE_HEIGHTS = (1 / 6, 1 / 9, 1 / 12, 1 / 15)
CHANGED_HEIGHTS = (1 / 2, 1 / 4, 1 / 9, 1 / 15)
"""Heights of faces that are tilted, dark or compressed."""
PLACES = ((0.22, 0.3), (0.5, 0.45), (0.8, 0.6))
"""Centres of the faces, as shares of the picture's width and height."""
TILT_DEG = 20.0
DARK_GAIN = 0.25
JPEG_QUALITY = 12
DOCS = Path(__file__).parents[2] / "docs"
WITH_FACES = ("styles.png",)
"""Pictures of the documents that show faces."""


@dataclass(frozen=True)
class Example:
    """A grey picture of a kind, and the true boxes of the faces in it, which are `share` of its height."""

    kind: str
    picture: Picture
    faces: Boxes
    share: float | None = None


def examples() -> Iterator[Example]:
    """Real faces before a room, as they are and changed, and pictures without faces."""
    changes: dict[str, Callable[[Clip], Clip]] = {
        "plain": lambda clip: clip,
        "tilted": lambda clip: _tilted(clip, TILT_DEG),
        "dark": lambda clip: clip.darker(DARK_GAIN),
        "compressed": lambda clip: clip,
    }
    for kind, change in changes.items():
        for number, clip in enumerate(map(change, clips())):
            for share in HEIGHTS if kind == "plain" else CHANGED_HEIGHTS:
                yield from _with_faces(kind, clip, share, 12 * number)
    for first, second in pairwise([*clips(), clips()[0]]):
        for share in BESIDE_HEIGHTS:
            yield from _beside_a_large_one(first, second, share)
    for picture in _without_faces():
        yield Example("no face", picture, np.zeros((0, 4)))


def _with_faces(kind: str, clip: Clip, share: float, number: int) -> Iterator[Example]:
    for x, y in PLACES if share < 1 / 2 else PLACES[1:2]:
        seat = in_room(0, x * CANVAS.width, y * CANVAS.height, share * CANVAS.height)
        seen = compose(Backdrop.room, (seat,), {0: clip.pictures[number]}, {0: clip}, SCALE)
        picture = cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY).astype(np.uint8)
        if kind == "compressed":
            picture = _compressed(picture)
        yield Example(kind, picture, np.array([scaled(face_of(seat, clip), SCALE)]), share)


def _beside_a_large_one(large: Clip, small: Clip, share: float) -> Iterator[Example]:
    """A face of a third of the picture's height, and a small one that counts."""
    near = in_room(0, 0.25 * CANVAS.width, 0.5 * CANVAS.height, CANVAS.height / 3)
    for x, y in PLACES[1:]:
        far = in_room(1, (x + 0.1) * CANVAS.width, y * CANVAS.height, share * CANVAS.height)
        seen = compose(
            Backdrop.room, (far, near), {0: large.pictures[0], 1: small.pictures[0]}, {0: large, 1: small}, SCALE
        )
        picture = cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY).astype(np.uint8)
        faces = np.array([scaled(face_of(far, small), SCALE), scaled(face_of(near, large), SCALE)])
        yield Example("beside a large face", picture, faces, share)


def _tilted(clip: Clip, degrees: float) -> Clip:
    turn = cv2.getRotationMatrix2D((clip.face.center_x, clip.face.center_y), degrees, 1.0)
    height, width = clip.pictures.shape[1:3]
    turned = [
        cv2.warpAffine(picture, turn, (width, height), borderMode=cv2.BORDER_REPLICATE) for picture in clip.pictures
    ]
    return replace(clip, pictures=np.stack(turned).astype(np.uint8))


def _compressed(picture: Picture) -> Picture:
    _, data = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)


def _without_faces() -> Iterator[Picture]:
    """A room, slides, plots and screens of the documents, noise of several sizes, and clothes, all without faces."""
    for backdrop in (Backdrop.room, Backdrop.slide, Backdrop.next_slide):
        yield cv2.cvtColor(compose(backdrop, (), {}, {}, SCALE), cv2.COLOR_RGB2GRAY).astype(np.uint8)
    random = np.random.default_rng(1)
    for grain_px in (1, 2, 4, 8, 16, 32, 64):
        for _ in range(4):
            small = random.integers(0, 256, (SIZE_PX[1] // grain_px + 1, SIZE_PX[0] // grain_px + 1), np.uint8)
            yield np.asarray(cv2.resize(small, SIZE_PX, interpolation=cv2.INTER_CUBIC), np.uint8)
    for file in sorted(DOCS.glob("*.png")):
        if file.name not in WITH_FACES:
            shown = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
            yield np.asarray(cv2.resize(np.asarray(shown), SIZE_PX, interpolation=cv2.INTER_AREA), np.uint8)
    for clip in clips():
        below = round(clip.face.bottom + 0.15 * clip.face.height)
        for number in range(0, 75, 25):
            clothes = cv2.cvtColor(clip.pictures[number, below:-6, 6:-6], cv2.COLOR_RGB2GRAY)
            yield np.asarray(cv2.resize(clothes, SIZE_PX, interpolation=cv2.INTER_CUBIC), np.uint8)
