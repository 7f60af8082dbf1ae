"""Follows faces from picture to picture through the shots of a window, and keeps what tells who speaks."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from clipper_assets.camera.analysis.faces import Detector
from clipper_assets.camera.analysis.frames import Picture
from clipper_assets.camera.analysis.mouth import Motion, cut_face, cut_square, evened, motion
from clipper_assets.camera.analysis.observation import PORTRAIT_PX
from clipper_assets.camera.analysis.shots import with_cuts
from clipper_assets.camera.scene import FPS, Boxes

SMOOTHED_S = 0.3
"""Time constant of the boxes: a detector's jitter is faster, a head's way that matters to the camera slower."""
FARTHEST = 0.6
"""Of its size, is what a face moves at most from one look to the next."""
MOST_GROWTH = 1.6
LOST_S = 1.0
SHORTEST_S = 0.6
"""A face that is seen for less, or at less than half of the looks, is taken for an error of the detector."""
MOST_FACES = 6
"""In one shot; the largest are followed."""
LIPS = (slice(48, 160), slice(24, 136))
"""The part of a cut face that LR-ASD looks at: 0.7 of the square's side, 112 pixels, around nose and mouth."""
PORTRAIT_SIDES, PORTRAIT_LOWERED = 1.5, 0.05
"""Side of the square in sides of the face, and how far below the face it lies in its own sides."""

Box = NDArray[np.float64]
"""Left, top, width and height in pixels of the small pictures, shape (4,)."""


@dataclass(eq=False)
class Followed:
    """One face through one shot, picture by picture from number `first` of the window on: its box, how mouth and eyes
    move, and the lips (112x112); and a portrait of the head (24x24) at each look."""

    shot: int
    first: int
    boxes: list[Box] = field(default_factory=list)
    motions: list[Motion] = field(default_factory=list)
    lips: list[Picture] = field(default_factory=list)
    portraits: list[Picture] = field(default_factory=list)
    _even: NDArray[np.float32] | None = None

    @property
    def end(self) -> int:
        """The number of the picture after the last one."""
        return self.first + len(self.boxes)

    def add(self, picture: Picture, box: Box) -> None:
        """The next picture, in which the face is at `box`."""
        face = cut_face(picture, box)
        even = evened(face)
        self.motions.append(motion(even if self._even is None else self._even, even))
        self._even = even
        self.lips.append(face[LIPS].copy())
        self.boxes.append(box)

    def portray(self, picture: Picture) -> None:
        """Keep a portrait from the last picture that was added."""
        left, top, width, height = self.boxes[-1]
        side = PORTRAIT_SIDES * max(width, height)
        center_y = top + height / 2 + PORTRAIT_LOWERED * side
        self.portraits.append(cut_square(picture, left + width / 2, center_y, side, PORTRAIT_PX))


class Follower:
    """Takes the pictures of a window in turn; `cuts` are the numbers of those that begin a shot, `faces` what was seen.

    A second of pictures and the lips are all that stays in memory.
    """

    def __init__(self, detector: Detector):
        self.pictures = 0
        self.cuts = [0]
        self.faces: list[Followed] = []
        self._detector = detector
        self._lost = max(round(LOST_S * FPS), 2 * detector.every)
        self._gain = 1 - float(np.exp(-detector.every / FPS / SMOOTHED_S))
        self._recent: deque[Picture] = deque(maxlen=self._lost + detector.every)
        self._following: list[Followed] = []

    def watch(self, pictures: Iterable[Picture]) -> None:
        """Follow the faces through all pictures of the window."""
        for picture, cut in with_cuts(pictures):
            if cut:
                self._end_shot()
                self.cuts.append(self.pictures)
            self._recent.append(picture)
            if (self.pictures - self.cuts[-1]) % self._detector.every == 0:
                self._look(picture)
            self.pictures += 1
        self._end_shot()

    def _look(self, picture: Picture) -> None:
        found = self._detector.find(picture)
        largest = found[np.argsort(-found[:, 3])][:MOST_FACES]
        for known, box in _linked(self._following, largest):
            if known:
                self._reach(known, box)
            face = known or self._begin(picture, box)
            face.portray(picture)
        for face in [face for face in self._following if self.pictures + 1 - face.end >= self._lost]:
            self._leave(face)

    def _begin(self, picture: Picture, box: Box) -> Followed:
        face = Followed(len(self.cuts) - 1, self.pictures)
        face.add(picture, box)
        self._following.append(face)
        return face

    def _reach(self, face: Followed, seen: Box) -> None:
        """On to the newest picture, where the face was `seen`."""
        last = face.boxes[-1]
        way = self._gain * (seen - last)
        missing = self.pictures + 1 - face.end
        for step in range(1, missing + 1):
            face.add(self._recent[step - missing - 1], last + way * step / missing)

    def _end_shot(self) -> None:
        """Faces that were seen at the last look stay where they were until the cut."""
        for face in list(self._following):
            missing = self.pictures - face.end
            for step in range(missing if missing < self._detector.every else 0):
                face.add(self._recent[step - missing], face.boxes[-1])
            self._leave(face)

    def _leave(self, face: Followed) -> None:
        self._following.remove(face)
        if len(face.boxes) >= SHORTEST_S * FPS and len(face.portraits) * self._detector.every * 2 >= len(face.boxes):
            self.faces.append(face)


def _linked(following: list[Followed], found: Boxes) -> list[tuple[Followed | None, Box]]:
    """Each box with the face that it is of, the closest pairs first; None for a new one."""
    pairs = []
    for face in following:
        last = face.boxes[-1]
        size = last[2:].mean()
        for number, box in enumerate(found):
            distance = float(np.hypot(*(box[:2] + box[2:] / 2 - last[:2] - last[2:] / 2))) / size
            growth = box[2:].mean() / size
            if distance < FARTHEST and 1 / MOST_GROWTH < growth < MOST_GROWTH:
                pairs.append((distance, number, face))
    owners: dict[int, Followed] = {}
    for _, number, face in sorted(pairs, key=lambda pair: pair[0]):
        if number not in owners and face not in owners.values():
            owners[number] = face
    return [(owners.get(number), box) for number, box in enumerate(found)]
