"""What is seen and heard in a window of the episode: its shots, the faces in them, and who speaks when.

Seconds count from the start of the episode, pixels are those of the source (square, after rotation). Nothing here
decodes: the camera is directed from these values alone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from clipper_assets.media.frame import Box

FPS = 25
"""Pictures of a window that are looked at, per second; active speaker detectors are trained at this rate."""
SAME_TIME_S = 0.001
"""Times that differ by less are the same time: a table that was edited as text keeps milliseconds."""

Seconds = NDArray[np.float64]
Boxes = NDArray[np.float64]
"""Rows of left, top, width and height in pixels, of shape (n, 4)."""


@dataclass(frozen=True)
class Shot:
    """A stretch without a cut. `screen` is where slides or a shared screen are shown, None where there are none."""

    start_s: float
    end_s: float
    screen: Box | None = None


@dataclass(frozen=True)
class Track:
    """One face through one shot: `times_s` of shape (n,) within it, and a box of the face for each.

    `person` is the same number wherever the same person is taken to be seen, in every shot of the episode's windows.
    """

    person: int
    times_s: Seconds
    boxes_px: Boxes


@dataclass(frozen=True)
class Turn:
    """Somebody speaks: `person` is who on screen, None where nobody in view does. Turns are apart, in time order."""

    start_s: float
    end_s: float
    person: int | None


@dataclass(frozen=True)
class Scene:
    """One window: its shots end to end, the faces in them and who speaks when."""

    start_s: float
    end_s: float
    width_px: int
    height_px: int
    shots: tuple[Shot, ...]
    tracks: tuple[Track, ...]
    turns: tuple[Turn, ...]

    def covers(self, start_s: float, end_s: float) -> bool:
        """Whether all of a window lies inside the scene."""
        return self.start_s - SAME_TIME_S <= start_s and end_s <= self.end_s + SAME_TIME_S

    def between(self, start_s: float, end_s: float) -> "Scene":
        """The part of the scene that a window inside it shows."""
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
    """What lies between two times of each shot or turn, without those that end before or begin after them."""
    for span in spans:
        if span.start_s < end_s and start_s < span.end_s:
            yield replace(span, start_s=max(span.start_s, start_s), end_s=min(span.end_s, end_s))


def scene_of(scenes: Iterable[Scene], start_s: float, end_s: float) -> Scene | None:
    """The window's part of the first scene that covers it; None where no scene does."""
    covering = next((scene for scene in scenes if scene.covers(start_s, end_s)), None)
    return covering.between(start_s, end_s) if covering else None


class SpeakingFace(NamedTuple):
    """Where the face of a person who speaks is at one moment."""

    time_s: float
    person: int
    box: Box


def speaking_faces(scene: Scene) -> list[SpeakingFace]:
    """The faces that speak, picture by picture: by time, and by person where several speak at once."""
    faces = []
    for track in scene.tracks:
        speaks = np.zeros(len(track.times_s), bool)
        for turn in scene.turns:
            if turn.person == track.person:
                speaks |= (track.times_s >= turn.start_s) & (track.times_s < turn.end_s)
        seen = zip(track.times_s[speaks].tolist(), track.boxes_px[speaks].tolist(), strict=True)
        faces += [SpeakingFace(time_s, track.person, Box(*box)) for time_s, box in seen]
    return sorted(faces)
