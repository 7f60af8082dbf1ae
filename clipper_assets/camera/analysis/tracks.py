"""Tracks faces within shots, from the pictures in which they were looked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from clipper_assets.camera.analysis.frames import Picture
from clipper_assets.camera.scene import FPS, Boxes

SMOOTHED_S = 0.3
"""Time constant that smooths boxes: detector jitter is faster, head movement that the camera must follow is slower."""
FARTHEST, FARTHER_PER_S, MOST_FAR = 0.5, 0.3, 1.2
"""Largest movement of a face from one look to the next, in sizes of the face: at once, more per second, and at most."""
MOST_GROWTH = 1.6
LOST_S = 1.0
SHORTEST_S = 0.6
"""A track that is shorter, or was found in fewer than half of the looks during it, is discarded as a false positive."""


@dataclass(frozen=True)
class Found:
    """The faces found in one picture: their boxes in its pixels, shape (n, 4), and a portrait (24x24) of each."""

    boxes: Boxes
    portraits: Sequence[Picture]


@dataclass(frozen=True, eq=False)
class FollowedFace:
    """One face tracked through one shot, from picture number `first` of the window on.

    `boxes` has one row per picture, in pixels of the small pictures; `portrait` is the mean of all its portraits.
    """

    shot: int
    first: int
    boxes: Boxes
    portrait: Picture

    @property
    def end(self) -> int:
        """The number of the picture after the track's last one."""
        return self.first + len(self.boxes)


@dataclass(eq=False)
class _Track:
    """A face found in looks number `seen` at the smoothed boxes `boxes`."""

    seen: list[int]
    boxes: list[NDArray[np.float64]]
    portraits: list[Picture] = field(default_factory=list)
    missed: int = 0

    def add(self, number: int, box: NDArray[np.float64], portrait: Picture) -> None:
        gain = 1.0 if not self.seen else 1 - float(np.exp(-(number - self.seen[-1]) / FPS / SMOOTHED_S))
        self.boxes.append(box if not self.seen else self.boxes[-1] + gain * (box - self.boxes[-1]))
        self.seen.append(number)
        self.portraits.append(portrait)
        self.missed = 0


def follow(looks: Mapping[int, Found], cuts: Sequence[int], pictures: int) -> list[FollowedFace]:
    """The tracks of all faces found in `looks`, in a window of that many pictures whose shots begin at `cuts`.

    The numbers of looks before the first and after the last picture belong to the first and the last shot. Between two
    looks, boxes are interpolated.
    """
    faces = []
    for shot, (begin, end) in enumerate(pairwise([*cuts, pictures])):
        numbers = sorted(
            number for number in looks if (begin <= number or shot == 0) and (number < end or shot == len(cuts) - 1)
        )
        for track in _tracks(looks, numbers):
            first = begin if track.seen[0] == numbers[0] else max(track.seen[0], begin)
            last = end if track.seen[-1] == numbers[-1] else min(track.seen[-1] + 1, end)
            during = sum(first <= number < last for number in numbers)
            often = len(track.seen) * 2 >= during and len(track.seen) >= min(2, len(numbers))
            if last - first >= SHORTEST_S * FPS and often:
                boxes = np.stack(
                    [np.interp(np.arange(first, last), track.seen, side) for side in np.array(track.boxes).T], axis=1
                )
                portrait = np.mean(track.portraits, axis=0).round().astype(np.uint8)
                faces.append(FollowedFace(shot, first, boxes, portrait))
    return faces


def _tracks(looks: Mapping[int, Found], numbers: Sequence[int]) -> list[_Track]:
    """The tracks through the looks of one shot, in the order of their beginnings."""
    tracks: list[_Track] = []
    following: list[_Track] = []
    for number in numbers:
        found = looks[number]
        owners = _linked(following, number, found.boxes)
        for track in following:
            track.missed += 1
        for index, (box, portrait) in enumerate(zip(found.boxes, found.portraits, strict=True)):
            if index not in owners:
                owners[index] = _Track([], [])
                tracks.append(owners[index])
                following.append(owners[index])
            owners[index].add(number, box, portrait)
        following = [track for track in following if track.missed < 2 or number + 1 - track.seen[-1] <= LOST_S * FPS]
    return tracks


def _linked(following: Sequence[_Track], number: int, found: Boxes) -> dict[int, _Track]:
    """The track of each found box that continues one, by the box's index; the closest pairs first."""
    pairs = []
    for track in following:
        last = track.boxes[-1]
        size = last[2:].mean()
        farthest = min(FARTHEST + FARTHER_PER_S * (number - track.seen[-1]) / FPS, MOST_FAR)
        for index, box in enumerate(found):
            distance = float(np.hypot(*(box[:2] + box[2:] / 2 - last[:2] - last[2:] / 2))) / size
            growth = box[2:].mean() / size
            if distance < farthest and 1 / MOST_GROWTH < growth < MOST_GROWTH:
                pairs.append((distance, index, track))
    owners: dict[int, _Track] = {}
    for _, index, track in sorted(pairs, key=lambda pair: pair[0]):
        if index not in owners and track not in owners.values():
            owners[index] = track
    return owners
