"""Builds scenes for tests: a 1920x1080 source, seated people and their turns."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from clipper_assets.camera.direction.director import direct
from clipper_assets.camera.direction.path import CameraPath
from clipper_assets.camera.scene import Scene, Shot, Track, Turn
from clipper_assets.media.frame import Box
from clipper_assets.shows.show import Layout

WIDTH_PX, HEIGHT_PX = 1920, 1080
FACE_PX = 160
LEFT, MIDDLE, RIGHT = 400.0, 960.0, 1520.0
LOOKS_PER_S = 5


def seat(person: int, start_s: float, end_s: float, x_px: float, y_px: float = 400.0, height: float = FACE_PX) -> Track:
    """A face that does not move, detected five times a second, with its centre at a point."""
    times_s = np.arange(round((end_s - start_s) * LOOKS_PER_S)) / LOOKS_PER_S + start_s
    width = 0.75 * height
    box = (x_px - width / 2, y_px - height / 2, width, height)
    return Track(person, times_s, np.tile(np.array(box), (len(times_s), 1)))


def moved(track: Track, from_s: float, to_s: float, by_px: float) -> Track:
    """The same face, shifted to the right by `by_px` between two times."""
    inside = (track.times_s >= from_s) & (track.times_s < to_s)
    return Track(track.person, track.times_s, track.boxes_px + np.outer(inside, [by_px, 0, 0, 0]))


def tiled(columns: int, rows: int, gutter_px: float = 12.0) -> tuple[Box, ...]:
    """The tiles of a remote recording, row by row, with gutters between and around them."""
    width = (WIDTH_PX - gutter_px * (columns + 1)) / columns
    height = (HEIGHT_PX - gutter_px * (rows + 1)) / rows
    return tuple(
        Box(gutter_px + column * (width + gutter_px), gutter_px + row * (height + gutter_px), width, height)
        for row in range(rows)
        for column in range(columns)
    )


def in_tile(person: int, tile: Box, height: float = 0.35) -> Track:
    """A face somewhat above the middle of a tile; `height` is its share of the tile's."""
    return seat(person, 10, 40, tile.center_x, tile.top + 0.45 * tile.height, height * tile.height)


def scene(shots: Sequence[Shot], tracks: Sequence[Track], *turns: tuple[Any, ...]) -> Scene:
    """A scene of consecutive shots; a turn is given as start, end, person and, if any, rivals."""
    return Scene(
        shots[0].start_s,
        shots[-1].end_s,
        WIDTH_PX,
        HEIGHT_PX,
        tuple(shots),
        tuple(tracks),
        tuple(Turn(*turn) for turn in turns),
    )


ONE_SHOT = [Shot(10, 40)]
TWO = [seat(0, 10, 40, LEFT), seat(1, 10, 40, RIGHT)]
SLIDES = Box(60, 100, 1100, 620)
WITH_SLIDES = scene(
    [Shot(10, 20), Shot(20, 40, SLIDES)],
    [seat(0, 10, 20, LEFT), seat(1, 10, 20, RIGHT), seat(0, 20, 40, 1500, 200, 120), seat(1, 20, 40, 1500, 800, 120)],
    (10.5, 26, 0),
    (26.5, 39, 1),
)


def directed(given: Scene, layout: Layout = Layout.auto) -> list[str]:
    """The camera path of a scene as readable text, one line per keyframe."""
    return readable(direct(given, layout))


def readable(path: CameraPath) -> list[str]:
    """A camera path as readable text, one line per keyframe."""
    return [
        f"{key.time_s:.1f} {key.layout.value} "
        + " / ".join(f"{view.center_x_px:.0f},{view.center_y_px:.0f} x{view.zoom:.2f}" for view in key.views)
        + (f" in {key.ease_s:g} s" if key.ease_s else "")
        + f": {key.why}"
        for key in path.keyframes
    ]
