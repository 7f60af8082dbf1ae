"""Clips of one speaking person each, from the GRID corpus, as building material for scenes with exact truth.

The material is no part of this repository. A clip has 3 s at 25 fps; its file name codes the sentence that is said.
"""

import os
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from clipper_assets.camera.analysis.faces import haar
from clipper_assets.media.frame import Box
from clipper_assets_tests.support.media import SAMPLE, Picture

SOUND_HZ = 48_000
PICTURES = 75
"""Pictures of a clip: 3 s at 25 fps."""

_configured = os.environ.get("CLIPPER_FACES_DIR")
SHARED = SAMPLE.parent.parent / "shared"
FACES = Path(_configured) if _configured else SHARED / "data" / "faces"
needs_faces = pytest.mark.skipif(
    not FACES.is_dir() and not _configured and not (os.environ.get("CI") == "true" and SHARED.is_dir()),
    reason=f"no clips of faces in {FACES}; set CLIPPER_FACES_DIR",
)
"""Skips a test if there are no clips, but in CI not if the folder that should hold them is there."""

_CODE = (
    {"b": "bin", "l": "lay", "p": "place", "s": "set"},
    {"b": "blue", "g": "green", "r": "red", "w": "white"},
    {"a": "at", "b": "by", "i": "in", "w": "with"},
    {letter: letter.upper() for letter in "abcdefghijklmnopqrstuvxyz"},
    dict(zip("z1234", ("zero", "one", "two", "three", "four"), strict=True))
    | dict(zip("56789", ("five", "six", "seven", "eight", "nine"), strict=True)),
    {"a": "again", "n": "now", "p": "please", "s": "soon"},
)
"""The six words of a GRID sentence by the characters of the file name (Cooke et al., JASA 120, 2006)."""
_VOICED_BELOW_PEAK = 10 ** (-16 / 20)
_LEVEL_SAMPLES = SOUND_HZ // 25


@dataclass(frozen=True, eq=False)
class Clip:
    """One person who says one sentence: colour pictures of shape (75, height, width, 3), and 3 s of sound.

    `face` is the median box of the face, brow to chin, which hardly moves in these clips; in pixels.
    """

    name: str
    pictures: Picture
    sound: NDArray[np.float32]
    face: Box

    @property
    def text(self) -> list[str]:
        """The six words of the sentence."""
        return [words[letter] for words, letter in zip(_CODE, self.name, strict=True)]

    @cached_property
    def voiced(self) -> tuple[int, int]:
        """The picture in which the sentence begins, and the one after its end."""
        levels = np.sqrt(np.square(self.sound.reshape(PICTURES, -1)).mean(axis=1))
        loud = np.flatnonzero(levels > _VOICED_BELOW_PEAK * levels.max())
        return int(loud[0]), int(loud[-1]) + 1

    @property
    def quiet(self) -> tuple[int, int]:
        """The first and the last picture of the rest after the sentence, when the mouth is closed."""
        return min(self.voiced[1] + 8, PICTURES - 6), PICTURES - 1

    @cached_property
    def mask(self) -> Picture:
        """The opaque part, the person, of each picture: 0 to 255, of shape (height, width)."""
        height, width = self.pictures.shape[1:3]
        labels = np.full((height, width), cv2.GC_PR_BGD, np.uint8)
        labels[: int(self.face.top - 0.4 * self.face.height)] = cv2.GC_BGD
        side = int(0.9 * self.face.width)
        labels[:, : max(int(self.face.left) - side, 4)] = cv2.GC_BGD
        labels[:, min(int(self.face.right) + side, width - 4) :] = cv2.GC_BGD
        head = (self.face.center_x, self.face.center_y), (1.3 * self.face.width, 1.4 * self.face.height), 0
        cv2.ellipse(labels, head, cv2.GC_PR_FGD, cv2.FILLED)
        face = (self.face.center_x, self.face.center_y), (0.9 * self.face.width, 0.9 * self.face.height), 0
        cv2.ellipse(labels, face, cv2.GC_FGD, cv2.FILLED)
        labels[int(self.face.bottom) :, int(self.face.left) : int(self.face.right)] = cv2.GC_FGD
        median = np.median(self.pictures[::15], axis=0).astype(np.uint8)
        cv2.setRNGSeed(1)
        models = np.zeros((1, 65)), np.zeros((1, 65))
        cv2.grabCut(median, labels, None, *models, 4, cv2.GC_INIT_WITH_MASK)  # type: ignore[call-overload]  # None is a mask
        person = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8) * 255
        opened = cv2.morphologyEx(person, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
        return cv2.GaussianBlur(opened, (0, 0), 1.5).astype(np.uint8)

    def mirrored(self) -> "Clip":
        """The clip with left and right exchanged."""
        left = self.pictures.shape[2] - self.face.right
        return replace(self, pictures=self.pictures[:, :, ::-1].copy(), face=self.face._replace(left=left))

    def darker(self, gain: float) -> "Clip":
        """The clip with all values multiplied by `gain`, at most 1."""
        return replace(self, pictures=(self.pictures * np.float32(gain)).astype(np.uint8))


@cache
def clips() -> tuple[Clip, ...]:
    """The clips of the folder by name; raises FileNotFoundError if there are none."""
    read = tuple(_read(file) for file in sorted(FACES.glob("*.mpg")))
    if not read:
        raise FileNotFoundError(f"no clips of faces in {FACES}; set CLIPPER_FACES_DIR")
    return read


def _read(file: Path) -> Clip:
    with av.open(str(file)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    with av.open(str(file)) as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=SOUND_HZ)
        blocks = [frame.to_ndarray()[0] for heard in container.decode(audio=0) for frame in resampler.resample(heard)]
    sound = np.zeros(PICTURES * _LEVEL_SAMPLES, np.float32)
    samples = np.concatenate(blocks)[: len(sound)]
    sound[: len(samples)] = samples
    seen = np.stack(pictures[:PICTURES]).astype(np.uint8)
    return Clip(file.stem, seen, sound, _face(seen))


def _face(pictures: Picture) -> Box:
    """The median box, found by the cascade inside OpenCV, so that the truth does not depend on a model."""
    find = haar().find
    boxes = [find(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.uint8)) for picture in pictures[::5]]
    largest = [found[np.argmax(found[:, 3])] for found in boxes if len(found)]
    return Box(*np.median(largest, axis=0).tolist())
