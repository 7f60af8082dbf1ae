"""Scenes made by hand: a source of 1920x1080, people who sit somewhere, and who speaks when."""

from collections.abc import Sequence

import numpy as np

from clipper_assets.camera.direction.path import CameraPath
from clipper_assets.camera.scene import Scene, Shot, Track, Turn

WIDTH_PX, HEIGHT_PX = 1920, 1080
FACE_PX = 160
LEFT, MIDDLE, RIGHT = 400.0, 960.0, 1520.0
LOOKS_PER_S = 5


def seat(person: int, start_s: float, end_s: float, x_px: float, y_px: float = 400.0, height: float = FACE_PX) -> Track:
    """A face that keeps still, seen five times a second, with its middle at a point."""
    times_s = np.arange(round((end_s - start_s) * LOOKS_PER_S)) / LOOKS_PER_S + start_s
    width = 0.75 * height
    box = (x_px - width / 2, y_px - height / 2, width, height)
    return Track(person, times_s, np.tile(np.array(box), (len(times_s), 1)))


def moved(track: Track, from_s: float, to_s: float, by_px: float) -> Track:
    """The same face, elsewhere between two times: to the right by so many pixels."""
    inside = (track.times_s >= from_s) & (track.times_s < to_s)
    return Track(track.person, track.times_s, track.boxes_px + np.outer(inside, [by_px, 0, 0, 0]))


def scene(shots: Sequence[Shot], tracks: Sequence[Track], *turns: tuple[float, float, int | None]) -> Scene:
    """A scene of these shots, end to end; a turn is start, end and who speaks."""
    return Scene(
        shots[0].start_s,
        shots[-1].end_s,
        WIDTH_PX,
        HEIGHT_PX,
        tuple(shots),
        tuple(tracks),
        tuple(Turn(*turn) for turn in turns),
    )


def script(path: CameraPath) -> list[str]:
    """A camera path for people to read: a line for each keyframe."""
    return [
        f"{key.time_s:.1f} {key.layout.value} "
        + " / ".join(f"{view.center_x_px:.0f},{view.center_y_px:.0f} x{view.zoom:.2f}" for view in key.views)
        + (f" in {key.ease_s:g} s" if key.ease_s else "")
        + f": {key.why}"
        for key in path.keyframes
    ]
