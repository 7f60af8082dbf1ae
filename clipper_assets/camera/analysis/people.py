"""The same person in several shots and windows: looks alike, or sits in the same place before the same camera."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipper_assets.camera.analysis.faces import overlap

ALIKE = 0.85
"""Correlation of two portraits of the same person by any camera. Two men in dark suits side by side had 0.64."""
ALIKE_IN_PLACE = 0.75
"""The same in the same place of the picture: there one person had 0.93 and more, two in equal close-ups 0.56."""
SAME_PLACE = 0.3
"""Intersection over union of two faces' boxes."""


@dataclass(frozen=True)
class Seen:
    """One face through one shot: when (seconds of the episode), where on average (left, top, width, height in pixels),
    and a grey portrait, any size but the same for all."""

    start_s: float
    end_s: float
    box: NDArray[np.float64]
    portrait: NDArray[np.float64]


def people(faces: Sequence[Seen], known: Iterable[tuple[int, Seen]] = ()) -> list[int]:
    """The number of the person of each face; somebody new gets the next free number, in the order of `faces`.

    A face goes to the person that it is most alike, if it is alike enough; two faces in view at once are two people.
    `known` are faces whose persons are settled, such as those of scenes that stand.
    """
    faces_of: dict[int, list[Seen]] = {}
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


def _margin(face: Seen, person: Sequence[Seen]) -> float:
    """By how much a face is more alike to a person than it must be; negative where it is somebody else."""
    if any(face.start_s < other.end_s and other.start_s < face.end_s for other in person):
        return -1.0
    return max(_alike(face, other) for other in person)


def _alike(face: Seen, other: Seen) -> float:
    correlation = float(np.vdot(_normal(face.portrait), _normal(other.portrait)))
    in_place = float(overlap(face.box, other.box[None])[0]) > SAME_PLACE
    return correlation - (ALIKE_IN_PLACE if in_place else ALIKE)


def _normal(portrait: NDArray[np.float64]) -> NDArray[np.float64]:
    """With mean 0 and length 1, so that the product of two is their correlation; a blank one is like no other."""
    centered = portrait - portrait.mean()
    normal: NDArray[np.float64] = centered / max(float(np.linalg.norm(centered)), 1.0)
    return normal
