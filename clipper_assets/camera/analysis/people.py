"""Recognises a person across shots and windows, by their looks and by their place in the picture."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipper_assets.camera.analysis.faces import overlap

ALIKE = 0.85
"""Least likeness of two portraits of one person, by any camera.

Portraits of different people had at most 0.75, in 3456 pairs of four people at half to one and a half times their size,
darker, and in front of other backgrounds. Of the pairs of one person 85 % had more than 0.85.
"""
ALIKE_IN_PLACE = 0.75
"""Lower threshold for overlapping boxes, where one person had 0.93 and more, and two people in equal close-ups 0.56."""
INNER = 3 / 4
"""Side of the part of a portrait that is compared; the margin is background, and room for a box beside the face."""
SIZES = (0.92, 1.0, 1.08)
"""Sizes at which a portrait is compared, because boxes of one face differ in size from picture to picture."""
SAME_PLACE = 0.3
"""Least intersection over union of two boxes in the same place."""


@dataclass(frozen=True)
class Appearance:
    """One face during one shot, in seconds of the episode.

    `box` is its median place (left, top, width, height in pixels), `portrait` its grey values; all portraits have the
    same shape.
    """

    start_s: float
    end_s: float
    box: NDArray[np.float64]
    portrait: NDArray[np.float64]


def recognise(faces: Sequence[Appearance], known: Iterable[tuple[int, Appearance]] = ()) -> list[int]:
    """The person number of each face; a new person gets the next free number, in the order of `faces`.

    A face belongs to the person it resembles most, if the likeness is above the threshold; two faces in view at the
    same time are two people. `known` are faces whose person numbers are fixed, such as those of stored scenes.
    """
    faces_of: dict[int, list[_Face]] = {}
    for person, face in known:
        faces_of.setdefault(person, []).append(_Face(face))
    numbers = []
    for portrayed in map(_Face, faces):
        margins = {person: _margin(portrayed, others) for person, others in faces_of.items()}
        best = max(margins, key=lambda person: margins[person], default=None)
        if best is None or margins[best] <= 0:
            best = max(faces_of, default=-1) + 1
        faces_of.setdefault(best, []).append(portrayed)
        numbers.append(best)
    return numbers


class _Face:
    """A face, and its portrait in rows of length 1: its inner part in each size, and all parts of the same shape."""

    def __init__(self, seen: Appearance):
        self.seen = seen
        inner = round(INNER * len(seen.portrait))
        self.sizes = _rows(np.stack([_center(seen.portrait, inner, size) for size in SIZES]))
        parts = np.lib.stride_tricks.sliding_window_view(seen.portrait, (inner, inner))
        self.parts = _rows(parts.reshape(-1, inner, inner))


def _margin(face: _Face, person: Sequence[_Face]) -> float:
    """How far the likeness of a face and a person is above the threshold; negative for different people."""
    if any(face.seen.start_s < other.seen.end_s and other.seen.start_s < face.seen.end_s for other in person):
        return -1.0
    return max(_likeness_margin(face, other) for other in person)


def _likeness_margin(face: _Face, other: _Face) -> float:
    in_place = float(overlap(face.seen.box, other.seen.box[None])[0]) > SAME_PLACE
    return _likeness(face, other) - (ALIKE_IN_PLACE if in_place else ALIKE)


def _likeness(face: _Face, other: _Face) -> float:
    """The correlation of two portraits where they match best, moved and scaled a little against each other."""
    best = [float((one.sizes @ another.parts.T).max()) for one, another in ((face, other), (other, face))]
    return sum(best) / 2


def _center(portrait: NDArray[np.float64], side: int, size: float) -> NDArray[np.float64]:
    import cv2

    scaled = cv2.resize(portrait, None, fx=size, fy=size, interpolation=cv2.INTER_LINEAR)
    margin = (len(scaled) - side) // 2
    return scaled[margin : margin + side, margin : margin + side].astype(np.float64, copy=False)


def _rows(parts: NDArray[np.float64]) -> NDArray[np.float32]:
    """Each part as a row of mean 0 and length 1, so that products are correlations; a blank one has none."""
    rows = parts.reshape(len(parts), -1).astype(np.float32)
    rows -= rows.mean(axis=1, keepdims=True)
    normal: NDArray[np.float32] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1.0)
    return normal
