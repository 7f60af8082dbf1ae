"""The scene of a window of the episode: its shots, the faces in them, and who speaks when.

Seconds count from the start of the episode; pixels are those of the source (square, after rotation). This module
decodes no video: the camera is directed from these values alone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from clipper_assets.media.frame import Box

FPS = 25
"""Frames per second at which a window is analysed; active speaker detectors are trained at this rate."""
SAME_TIME_S = 0.001
"""Tolerance when times are compared: a table that was edited as text keeps only milliseconds."""

Seconds = NDArray[np.float64]
Boxes = NDArray[np.float64]
"""Rows of left, top, width and height in pixels, of shape (n, 4)."""


@dataclass(frozen=True)
class Shot:
    """A stretch of the source between two cuts.

    `screen` is the box of slides or a shared screen, None without one. `tiles` are the pictures of the participants of
    a remote recording, row by row; empty where the whole picture is one camera's.
    """

    start_s: float
    end_s: float
    screen: Box | None = None
    tiles: tuple[Box, ...] = ()


@dataclass(frozen=True)
class Track:
    """One face during one shot: `times_s` of shape (n,), and the box of the face at each of these times.

    `person` is a number that is the same in all shots and windows of the episode in which this person was recognised.
    """

    person: int
    times_s: Seconds
    boxes_px: Boxes


@dataclass(frozen=True)
class Turn:
    """A stretch in which one person speaks; `person` is None where the voice belongs to nobody in view.

    `rivals` are other people in view who look as if they speak too, so that `person` is only the likeliest speaker.
    The turns of a scene do not overlap and are in time order.
    """

    start_s: float
    end_s: float
    person: int | None
    rivals: tuple[int, ...] = ()


@dataclass(frozen=True)
class Scene:
    """One window: its shots, which follow each other without gaps, the faces in them and who speaks when."""

    start_s: float
    end_s: float
    width_px: int
    height_px: int
    shots: tuple[Shot, ...]
    tracks: tuple[Track, ...]
    turns: tuple[Turn, ...]

    def covers(self, start_s: float, end_s: float) -> bool:
        """Whether the scene contains the whole window from `start_s` to `end_s`."""
        return self.start_s - SAME_TIME_S <= start_s and end_s <= self.end_s + SAME_TIME_S

    def between(self, start_s: float, end_s: float) -> "Scene":
        """The part of the scene between two times that lie inside it."""
        if (start_s, end_s) == (self.start_s, self.end_s):
            return self
        return replace(
            self,
            start_s=start_s,
            end_s=end_s,
            shots=tuple(_trimmed(self.shots, start_s, end_s)),
            tracks=tuple(
                Track(track.person, track.times_s[inside], track.boxes_px[inside])
                for track in self.tracks
                if (inside := (track.times_s >= start_s) & (track.times_s < end_s)).any()
            ),
            turns=tuple(_trimmed(self.turns, start_s, end_s)),
        )


Span = TypeVar("Span", Shot, Turn)


def _trimmed(spans: Iterable[Span], start_s: float, end_s: float) -> Iterator[Span]:
    """The shots or turns cut to the time from `start_s` to `end_s`; those outside it are left out."""
    for span in spans:
        if span.start_s < end_s and start_s < span.end_s:
            yield replace(span, start_s=max(span.start_s, start_s), end_s=min(span.end_s, end_s))


def scene_of(scenes: Iterable[Scene], start_s: float, end_s: float) -> Scene | None:
    """The part of the first scene that covers the window, cut to the window; None if no scene covers it."""
    covering = next((scene for scene in scenes if scene.covers(start_s, end_s)), None)
    return covering.between(start_s, end_s) if covering else None


class SpeakingFace(NamedTuple):
    """The position of a speaking person's face at one moment."""

    time_s: float
    person: int
    box: Box


def speaking_faces(scene: Scene) -> list[SpeakingFace]:
    """The speaking faces of every analysed frame, sorted by time and then by person."""
    faces = []
    for track in scene.tracks:
        speaks = np.zeros(len(track.times_s), bool)
        for turn in scene.turns:
            if turn.person == track.person:
                speaks |= (track.times_s >= turn.start_s) & (track.times_s < turn.end_s)
        positions = zip(track.times_s[speaks].tolist(), track.boxes_px[speaks].tolist(), strict=True)
        faces += [SpeakingFace(time_s, track.person, Box(*box)) for time_s, box in positions]
    return sorted(faces)
