"""Cuts out excerpts of the tracked faces of a window, from what was kept of it or by decoding it again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from clipper_assets.camera.analysis.excerpts import Excerpt, Span
from clipper_assets.camera.analysis.faces import overlap
from clipper_assets.camera.analysis.frames import Picture
from clipper_assets.camera.analysis.mouth import Motion, cut_face, motion, normalised
from clipper_assets.camera.analysis.recording import Recording
from clipper_assets.camera.analysis.tracks import FollowedFace
from clipper_assets.camera.scene import Boxes

LIPS = (slice(48, 160), slice(24, 136))
"""The part of a cut-out face that LR-ASD gets: 0.7 of the square's side, 112 pixels, around nose and mouth."""
SAME_FACE = 0.3
"""Least intersection over union of a track's box and the box of the same face, which was found in fewer looks."""


@dataclass(frozen=True)
class SeenFace:
    """A face in every picture of a span: its boxes, in pixels of the small pictures, and its excerpt."""

    boxes: Boxes
    excerpt: Excerpt


def excerpt(pictures: Iterable[Picture], boxes: Boxes) -> Excerpt:
    """The excerpt of the face that is at `boxes` in successive pictures; a repeated picture repeats its lips."""
    lips: list[Picture] = []
    motions: list[Motion] = []
    latest = previous = None
    for picture, box in zip(pictures, boxes, strict=True):
        if picture is not latest:
            face = cut_face(picture, box)
            current = normalised(face)
            lips.append(face[LIPS].copy())
        else:
            lips.append(lips[-1])
        motions.append(motion(current if previous is None else previous, current))
        latest, previous = picture, current
    return Excerpt(lips, motions)


class Looking:
    """Gives excerpts of tracked faces; see `excerpts.Look`. What was decoded once is kept."""

    def __init__(
        self,
        recording: Recording,
        faces: Sequence[FollowedFace],
        keys: Sequence[int],
        kept: Mapping[Span, Sequence[SeenFace]],
    ):
        self.keys = keys
        self._recording, self._faces = recording, faces
        self._kept = dict(kept)

    def expect(self, spans: Sequence[Span]) -> None:
        """Decode the spans in the order of their times, so that none of their pictures is decoded twice."""
        for first, end in sorted(spans):
            self(first, end)

    def __call__(self, first: int, end: int) -> Mapping[int, Excerpt]:
        """The excerpt of each face, by its number, that is in view throughout. Raises as `Recording` does."""
        boxes = {
            number: face.boxes[first - face.first : end - face.first]
            for number, face in enumerate(self._faces)
            if face.first <= first and end <= face.end
        }
        excerpts = self._from_kept(first, end, boxes)
        if len(excerpts) < len(boxes):
            pictures = [picture for _, picture in self._recording.read(first, end)]
            excerpts = {number: excerpt(pictures, places) for number, places in boxes.items()}
            self._kept[first, end] = [SeenFace(boxes[number], each) for number, each in excerpts.items()]
        return excerpts

    def _from_kept(self, first: int, end: int, boxes: Mapping[int, Boxes]) -> dict[int, Excerpt]:
        """The excerpts of those faces that are in a span that was kept and contains this one."""
        excerpts = {}
        for (from_number, to_number), seen in self._kept.items():
            part = slice(first - from_number, end - from_number)
            if from_number > first or end > to_number or not seen:
                continue
            for number, places in boxes.items():
                ends = [np.array([face.boxes[part][at] for face in seen]) for at in (0, -1)]
                overlaps = np.min([overlap(places[at], ends[at]) for at in (0, -1)], axis=0)
                best = int(np.argmax(overlaps))
                if overlaps[best] > SAME_FACE:
                    found = seen[best].excerpt
                    excerpts[number] = Excerpt(found.lips[part], found.motions[part])
        return excerpts
