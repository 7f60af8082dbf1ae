"""Looks through a window once, at as few pictures as will do: finds cuts and faces, and keeps excerpts of them."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from clipper_assets.camera.analysis.excerpts import Span
from clipper_assets.camera.analysis.faces import Detector, overlap
from clipper_assets.camera.analysis.frames import Picture
from clipper_assets.camera.analysis.looking import SeenFace, excerpt
from clipper_assets.camera.analysis.mouth import cut_square
from clipper_assets.camera.analysis.observation import PORTRAIT_PX
from clipper_assets.camera.analysis.recording import Recording
from clipper_assets.camera.analysis.screens import SAMPLE
from clipper_assets.camera.analysis.shots import LEAST_CHANGE, THUMBNAIL_PX, with_cuts
from clipper_assets.camera.analysis.tracks import Found, follow
from clipper_assets.camera.scene import FPS, Boxes
from clipper_assets.runtime.progress import Report

MOST_FACES = 25
"""Most faces of a picture, the largest ones: a page of a video call has 25 participants."""
RARELY = FPS
"""Pictures between two looks for faces while they stay in their places; else it is the detector's own number."""
IN_PLACE = 0.6
"""Least intersection over union of the boxes of a face that stays in its place."""
UNCHANGED = LEAST_CHANGE
"""Largest mean difference of two pictures of a still scene, in grey levels per pixel: less than a cut makes. Between
two key pictures of a still scene with camera noise it is 2 to 5, because the loop filter is off."""
KEYS_APART = 2 * FPS
"""Pictures after which faces are looked for in a key picture of a still scene; many cameras make two a second."""
SHORTEST_GAP, LONGEST_GAP = FPS // 2, 6 * FPS
"""Pictures that are left out at a time: fewer save too little, and during more a face could move away and back."""
PORTRAIT_SIDES, PORTRAIT_LOWERED = 1.5, 0.05
"""Side of a portrait in sides of the face, and how far its centre lies below the face's, in sides of the portrait."""


@dataclass
class Swept:
    """What was seen in a window of `pictures` pictures.

    `cuts` are the first pictures of its shots, `looks` the faces found, `samples` half-size pictures, at most one a
    second, `excerpts` the faces seen throughout a span; all keys are numbers of pictures.
    """

    pictures: int = 0
    cuts: list[int] = field(default_factory=lambda: [0])
    keys: list[int] = field(default_factory=list)
    looks: dict[int, Found] = field(default_factory=dict)
    samples: dict[int, Picture] = field(default_factory=dict)
    excerpts: dict[Span, list[SeenFace]] = field(default_factory=dict)


def sweep(
    recording: Recording, detector: Detector, spans: Callable[[Sequence[int]], Sequence[Span]], report: Report
) -> Swept:
    """Look through a window.

    The key pictures are looked at first. Between two of them decoding goes on as far as the last of the `spans`, which
    are chosen knowing the numbers of the key pictures, and further unless the scene seems to be still. Raises as
    `Recording` does.
    """
    return _Sweep(recording, detector, report).swept(spans)


class _Sweep:
    def __init__(self, recording: Recording, detector: Detector, report: Report):
        self._recording, self._detector, self._report = recording, detector, report
        self._result = Swept(recording.count)
        self._keys: dict[int, Picture] = {}
        self._looked_at: list[int] = []
        self._thumbnails: dict[int, Picture] = {}
        self._spans: list[Span] = []
        self._kept: dict[int, Picture] = {}
        self._bridging: set[int] = set()
        self._last_look, self._next_look = -RARELY, 0

    def swept(self, spans: Callable[[Sequence[int]], Sequence[Span]]) -> Swept:
        result = self._result
        self._look_at_keys()
        result.keys = sorted(self._thumbnails)
        self._last_look, self._next_look = -RARELY, 0
        self._spans = sorted(spans(result.keys))
        numbers: deque[int] = deque()
        for picture, cut in with_cuts(self._counting(numbers)):
            number = numbers.popleft()
            if cut:
                result.cuts.append(number)
                self._look(number, picture)
        for number in set(result.looks) - set(range(result.pictures)) - self._bridging:
            del result.looks[number]
        return result

    def _look_at_keys(self) -> None:
        """Look at all key pictures, and for faces in the first, the last, and those between which the scene changes."""
        latest = last = None
        for number, picture in self._recording.key_pictures():
            self._thumbnails[number] = _thumbnail(picture)
            if latest is None or number - latest >= KEYS_APART or not self._are_alike(latest, number):
                self._keys[number], latest = picture, number
            last = number, picture
        self._keys |= [last] if last else []
        for number, picture in self._keys.items():
            self._look(number, picture)
        self._looked_at = list(self._keys)

    def _are_alike(self, *numbers: int) -> bool:
        """Whether key pictures are as alike as those of a still scene."""
        return all(_difference(self._thumbnails[one], self._thumbnails[numbers[-1]]) <= UNCHANGED for one in numbers)

    def _counting(self, numbers: deque[int]) -> Iterator[Picture]:
        """Yield the decoded pictures of the window, and append their numbers."""
        for number, picture in self._pictures():
            self._see(number, picture)
            numbers.append(number)
            yield picture

    def _pictures(self) -> Iterator[tuple[int, Picture]]:
        """Yield all pictures but those in gaps, during which the scene seems to be still."""
        count = self._recording.count
        for begin, end in pairwise([0, *(key for key in self._looked_at if 0 < key < count), count]):
            picture = self._keys.pop(begin, None)
            at, number = begin, begin if picture is not None else begin - 1
            for first, to in self._needed(begin, end):
                if first > at and self._may_jump(at, first, end) and self._is_still(number, picture, end):
                    if picture is not None and number == at:  # the key picture, which was decoded before
                        yield number, picture
                    at = first
                for number, picture in self._recording.read(at, to):
                    yield number, picture
                    at = number + 1
                if at < to:
                    self._result.pictures = at
                    return

    def _needed(self, begin: int, end: int) -> list[Span]:
        """What must be decoded from one key picture up to the next: parts of spans, and nothing at the end."""
        parts = [(max(first, begin), min(to, end)) for first, to in self._spans if first < end and to > begin]
        return [*sorted(parts), (end, end)]

    def _may_jump(self, at: int, first: int, end: int) -> bool:
        """Whether pictures from `at` up to before `first` need not be decoded for what follows."""
        return first == end or self._recording.has_key(at + SHORTEST_GAP, first)

    def _is_still(self, number: int, picture: Picture | None, end: int) -> bool:
        """Whether what is left out between a picture, None for the key picture before the window, and the next key
        picture, at or after `end`, is likely to show the same faces in the same places.
        """
        before = max((key for key in self._looked_at if key <= number), default=None)
        after = min((key for key in self._looked_at if key >= end), default=None)
        if before is None or after is None:
            return False
        if picture is None:
            number = before
        elif (
            not SHORTEST_GAP <= after - number <= LONGEST_GAP
            or _difference(_thumbnail(picture), self._thumbnails[after]) > UNCHANGED
        ):
            return False
        between = (key for key in self._result.keys if number <= key <= after)
        if not self._are_alike(*between) or self._recording.may_have_cut(number, after):
            return False
        if picture is not None:
            self._look(number, picture)
        looks = [self._result.looks[each].boxes for each in (before, number, after)]
        if not all(_in_place(one, other) for one, other in pairwise(looks)):
            return False
        self._bridging |= {number, after}
        return True

    def _see(self, number: int, picture: Picture) -> None:
        """Look for faces in a decoded picture if it is time to, and keep what later decisions need of it."""
        import cv2

        samples = self._result.samples
        if number - max(samples, default=-FPS) >= FPS:
            small = cv2.resize(picture, None, fx=SAMPLE, fy=SAMPLE, interpolation=cv2.INTER_AREA)
            samples[number] = small.astype(np.uint8, copy=False)
            self._report(min(number / self._recording.count, 1.0))
        spans = [(first, end) for first, end in self._spans if first <= number < end]
        at_border = any(number in (first, end - 1) for first, end in spans)
        if number >= self._next_look or (at_border and number - self._last_look >= self._detector.every):
            self._look(number, picture)
        if spans:
            self._kept[number] = picture
        for first, end in spans:
            if number == end - 1:
                self._keep_excerpt(first, end)

    def _look(self, number: int, picture: Picture) -> None:
        """Find the faces in a picture; where they have moved since the last look, the next one comes sooner."""
        looks = self._result.looks
        if number not in looks:
            boxes = self._detector.find(picture)
            boxes = boxes[np.argsort(-boxes[:, 3])][:MOST_FACES]
            looks[number] = Found(boxes, [_portrait(picture, box) for box in boxes])
        before = looks.get(self._last_look)
        still = before is not None and _in_place(before.boxes, looks[number].boxes)
        self._last_look = number
        self._next_look = number + (max(RARELY, self._detector.every) if still else self._detector.every)

    def _keep_excerpt(self, first: int, end: int) -> None:
        """Cut out the faces that are in view throughout a span whose pictures were just seen."""
        looks = {
            number: found for number, found in self._result.looks.items() if first - self._detector.every < number < end
        }
        pictures = [self._kept[number] for number in range(first, end) if number in self._kept]
        if len(pictures) == end - first:
            self._result.excerpts[first, end] = [
                SeenFace(face.boxes, excerpt(pictures, face.boxes))
                for face in follow(looks, [first], end)
                if len(face.boxes) == end - first
            ]
        needed = min((other for other, to in self._spans if to > end), default=end)
        self._kept = {number: picture for number, picture in self._kept.items() if number >= needed}


def _in_place(before: Boxes, now: Boxes) -> bool:
    """Whether the same number of faces is in the same places."""
    return len(before) == len(now) and all(overlap(box, now).max() > IN_PLACE for box in before)


def _thumbnail(picture: Picture) -> Picture:
    import cv2

    return cv2.resize(picture, THUMBNAIL_PX, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _difference(one: Picture, other: Picture) -> float:
    """The mean difference of two thumbnails, in grey levels per pixel."""
    return float(np.abs(one.astype(np.int16) - other).mean())


def _portrait(picture: Picture, box: NDArray[np.float64]) -> Picture:
    left, top, width, height = box
    side = PORTRAIT_SIDES * max(width, height)
    return cut_square(picture, left + width / 2, top + height / 2 + PORTRAIT_LOWERED * side, side, PORTRAIT_PX)
