"""What is seen and heard in a window, as tables: what the camera is directed by.

Seconds count from the start of the episode, pixels are those of the source (square, after rotation).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clipper_assets.media.frame import Box
from clipper_assets.storage.tables import Column, TableSpec

FPS = 25
"""Pictures of a window that are looked at, per second; active speaker detectors are trained at this rate."""

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


FACES = TableSpec(
    "faces",
    [
        Column("episode", pa.string(), "partition key of the episode"),
        Column("clip", pa.int32(), "clip, as in highlight_windows"),
        Column("person", pa.int32(), "the same number for the same person throughout the episode's windows"),
        Column("time", pa.float64(), "seconds from the start of the episode"),
        Column("left", pa.float64(), "of the face, in source pixels (square, after rotation)"),
        Column("top", pa.float64(), "of the face, in source pixels"),
        Column("width", pa.float64(), "of the face, in source pixels"),
        Column("height", pa.float64(), "of the face, in source pixels"),
        Column("speaking", pa.bool_(), "whether this person is taken to speak at this time"),
    ],
)


def faces_table(episode: str, scenes: Sequence[tuple[int, Scene]]) -> pa.Table:
    """The faces of each clip's scene as a lake table, in time order."""
    rows = [
        {
            "episode": episode,
            "clip": clip,
            "person": track.person,
            "time": float(time_s),
            "left": float(box[0]),
            "top": float(box[1]),
            "width": float(box[2]),
            "height": float(box[3]),
            "speaking": any(
                turn.person == track.person and turn.start_s <= time_s < turn.end_s for turn in scene.turns
            ),
        }
        for clip, scene in scenes
        for track in scene.tracks
        for time_s, box in zip(track.times_s, track.boxes_px, strict=True)
    ]
    return FACES.table(sorted(rows, key=lambda row: (row["clip"], row["time"], row["person"])))
