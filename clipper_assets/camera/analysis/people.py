"""Recognises a person across shots and windows, by their looks and by their place in the picture."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipper_assets.camera.analysis.faces import overlap

ALIKE = 0.85
"""Least correlation of two portraits of one person, by any camera. Two men in dark suits side by side had 0.64."""
ALIKE_IN_PLACE = 0.75
"""Lower threshold for overlapping boxes, where one person had 0.93 and more, and two people in equal close-ups 0.56."""
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
    faces_of: dict[int, list[Appearance]] = {}
    for person, face in known:
        faces_of.setdefault(person, []).append(face)
    numbers = []
    for face in faces:
        margins = {person: _margin(face, others) for person, others in faces_of.items()}
        best = max(margins, key=lambda person: margins[person], default=None)
        if best is None or margins[best] <= 0:
            best = max(faces_of, default=-1) + 1
        faces_of.setdefault(best, []).append(face)
        numbers.append(best)
    return numbers


def _margin(face: Appearance, person: Sequence[Appearance]) -> float:
    """How far the likeness of a face and a person is above the threshold; negative for different people."""
    if any(face.start_s < other.end_s and other.start_s < face.end_s for other in person):
        return -1.0
    return max(_likeness_margin(face, other) for other in person)


def _likeness_margin(face: Appearance, other: Appearance) -> float:
    correlation = float(np.vdot(_normal(face.portrait), _normal(other.portrait)))
    in_place = float(overlap(face.box, other.box[None])[0]) > SAME_PLACE
    return correlation - (ALIKE_IN_PLACE if in_place else ALIKE)


def _normal(portrait: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale to mean 0 and length 1, so that a product is a correlation; a blank portrait correlates with none."""
    centered = portrait - portrait.mean()
    normal: NDArray[np.float64] = centered / max(float(np.linalg.norm(centered)), 1.0)
    return normal
