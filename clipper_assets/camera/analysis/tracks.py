"""Tracks faces from picture to picture within a shot, and collects what is needed to decide who speaks."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from clipper_assets.camera.analysis.excerpts import Excerpt, Span
from clipper_assets.camera.analysis.faces import Detector
from clipper_assets.camera.analysis.frames import Picture
from clipper_assets.camera.analysis.mouth import Motion, cut_face, cut_square, motion, normalised
from clipper_assets.camera.analysis.observation import PORTRAIT_PX
from clipper_assets.camera.analysis.shots import with_cuts
from clipper_assets.camera.scene import FPS, Boxes

SMOOTHED_S = 0.3
"""Time constant that smooths boxes: detector jitter is faster, head movement that the camera must follow is slower."""
FARTHEST = 0.6
"""Largest movement of a face from one detection to the next, in sizes of the face."""
MOST_GROWTH = 1.6
LOST_S = 1.0
SHORTEST_S = 0.6
"""A track that is shorter, or has fewer than half of the possible detections, is discarded as a false positive."""
MOST_FACES = 6
"""Most faces tracked at a time in a shot; the largest ones are chosen."""
LIPS = (slice(48, 160), slice(24, 136))
"""The part of a cut-out face that LR-ASD gets: 0.7 of the square's side, 112 pixels, around nose and mouth."""
PORTRAIT_SIDES, PORTRAIT_LOWERED = 1.5, 0.05
"""Side of a portrait in sides of the face, and how far its centre lies below the face's, in sides of the portrait."""

Box = NDArray[np.float64]
"""Left, top, width and height in pixels of the small pictures, shape (4,)."""


@dataclass(eq=False)
class FollowedFace:
    """One face tracked through one shot, from picture number `first` of the window on.

    `boxes`, `motions` and `lips` (112x112) have one entry per picture; `portraits` (24x24) one per detection.
    """

    shot: int
    first: int
    boxes: list[Box] = field(default_factory=list)
    motions: list[Motion] = field(default_factory=list)
    lips: list[Picture] = field(default_factory=list)
    portraits: list[Picture] = field(default_factory=list)
    _previous: NDArray[np.float32] | None = None

    @property
    def end(self) -> int:
        """The number of the picture after the track's last one."""
        return self.first + len(self.boxes)

    def add(self, picture: Picture, box: Box) -> None:
        """Append the next picture, in which the face is at `box`."""
        face = cut_face(picture, box)
        current = normalised(face)
        self.motions.append(motion(current if self._previous is None else self._previous, current))
        self._previous = current
        self.lips.append(face[LIPS].copy())
        self.boxes.append(box)

    def portray(self, picture: Picture) -> None:
        """Append a portrait cut out of the picture that was added last."""
        left, top, width, height = self.boxes[-1]
        side = PORTRAIT_SIDES * max(width, height)
        center_y = top + height / 2 + PORTRAIT_LOWERED * side
        self.portraits.append(cut_square(picture, left + width / 2, center_y, side, PORTRAIT_PX))


class FromMemory:
    """Looks at faces whose lips and motions were kept for every picture."""

    keys: Sequence[int] = ()

    def __init__(self, faces: Sequence[FollowedFace]):
        self._faces = faces

    def expect(self, spans: Sequence[Span]) -> None:
        """Everything is in memory already."""

    def __call__(self, first: int, end: int) -> Mapping[int, Excerpt]:
        """The excerpt of each face, by its number, that is in view throughout."""
        return {
            number: Excerpt(
                face.lips[first - face.first : end - face.first], face.motions[first - face.first : end - face.first]
            )
            for number, face in enumerate(self._faces)
            if face.first <= first and end <= face.end
        }


class Follower:
    """Tracks the faces of a window; afterwards `faces` holds the tracks, `cuts` the first picture number of each shot.

    Only about one second of pictures and the cut-out lips are kept in memory.
    """

    def __init__(self, detector: Detector):
        self.pictures = 0
        self.cuts = [0]
        self.faces: list[FollowedFace] = []
        self._detector = detector
        self._lost = max(round(LOST_S * FPS), 2 * detector.every)
        self._gain = 1 - float(np.exp(-detector.every / FPS / SMOOTHED_S))
        self._recent: deque[Picture] = deque(maxlen=self._lost + detector.every)
        self._following: list[FollowedFace] = []

    def watch(self, pictures: Iterable[Picture]) -> None:
        """Track the faces through all pictures of the window."""
        for picture, cut in with_cuts(pictures):
            if cut:
                self._end_shot()
                self.cuts.append(self.pictures)
            self._recent.append(picture)
            if (self.pictures - self.cuts[-1]) % self._detector.every == 0:
                self._detect(picture)
            self.pictures += 1
        self._end_shot()

    def _detect(self, picture: Picture) -> None:
        detections = self._detector.find(picture)
        largest = detections[np.argsort(-detections[:, 3])][:MOST_FACES]
        for known, box in _linked(self._following, largest):
            if known:
                self._extend(known, box)
            face = known or self._begin(picture, box)
            face.portray(picture)
        for face in [face for face in self._following if self.pictures + 1 - face.end >= self._lost]:
            self._finish(face)

    def _begin(self, picture: Picture, box: Box) -> FollowedFace:
        face = FollowedFace(len(self.cuts) - 1, self.pictures)
        face.add(picture, box)
        self._following.append(face)
        return face

    def _extend(self, face: FollowedFace, detected: Box) -> None:
        """Extend a track to the newest picture, moving smoothly towards the `detected` box."""
        last = face.boxes[-1]
        movement = self._gain * (detected - last)
        missing = self.pictures + 1 - face.end
        for step in range(1, missing + 1):
            face.add(self._recent[step - missing - 1], last + movement * step / missing)

    def _end_shot(self) -> None:
        """Finish all tracks; faces found in the last detection keep their place until the cut."""
        for face in list(self._following):
            missing = self.pictures - face.end
            for step in range(missing if missing < self._detector.every else 0):
                face.add(self._recent[step - missing], face.boxes[-1])
            self._finish(face)

    def _finish(self, face: FollowedFace) -> None:
        self._following.remove(face)
        if len(face.boxes) >= SHORTEST_S * FPS and len(face.portraits) * self._detector.every * 2 >= len(face.boxes):
            self.faces.append(face)


def _linked(following: list[FollowedFace], detections: Boxes) -> list[tuple[FollowedFace | None, Box]]:
    """Pair each detected box with the tracked face it belongs to, the closest pairs first; None for a new face."""
    pairs = []
    for face in following:
        last = face.boxes[-1]
        size = last[2:].mean()
        for number, box in enumerate(detections):
            distance = float(np.hypot(*(box[:2] + box[2:] / 2 - last[:2] - last[2:] / 2))) / size
            growth = box[2:].mean() / size
            if distance < FARTHEST and 1 / MOST_GROWTH < growth < MOST_GROWTH:
                pairs.append((distance, number, face))
    owners: dict[int, FollowedFace] = {}
    for _, number, face in sorted(pairs, key=lambda pair: pair[0]):
        if number not in owners and face not in owners.values():
            owners[number] = face
    return [(owners.get(number), box) for number, box in enumerate(detections)]
