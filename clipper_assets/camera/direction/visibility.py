"""Measures how much of the time a clip shows the person who speaks, and nobody else."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np

from clipper_assets.camera.direction.cast import Cast, Subject, cast_of
from clipper_assets.camera.direction.composition import Composer
from clipper_assets.camera.direction.crop import Size, shown_boxes, views_at
from clipper_assets.camera.direction.panels import layout_in
from clipper_assets.camera.direction.path import CameraPath
from clipper_assets.camera.scene import Scene, SpeakingFace
from clipper_assets.media.frame import Box, Frame
from clipper_assets.shows.show import Layout

GRACE_S = 0.5
"""Time after a change of speaker that does not count, because no camera operator could react sooner."""
LEAST_VISIBLE = 0.7
"""Least share of a face's box that must be inside a panel; of a face that is larger than the panel, of what fits in."""
NOTICED = 0.1
"""Share of a face's box inside a panel from which on its person is noticed: an ear and some cheek."""
STEP_S = 0.2
"""Interval at which the clip is checked for other people, who do not move far in it."""


def speaker_shown(
    faces: Sequence[SpeakingFace], path: CameraPath, frame: Frame, source_size_px: Size, grace_s: float = GRACE_S
) -> float | None:
    """The share, 0 to 1, of the time with a speaker in view in which the clip shows the speaker's face.

    `faces` are in time order, with seconds as in `path`. A face is shown if its centre and at least `LEAST_VISIBLE` of
    its box are in one panel. The first `grace_s` seconds after a change of speaker do not count. None if nobody in view
    speaks.
    """
    speaker, since_s = None, float("-inf")
    shown = []
    for time_s, group in groupby(faces, key=lambda face: face.time_s):
        speaking = list(group)
        people = {face.person for face in speaking}
        if speaker is not None and people != speaker:
            since_s = time_s
        speaker = people
        if time_s - since_s >= grace_s:
            panels = shown_boxes(path, time_s, frame, source_size_px)
            shown.append(all(any(_shows(panel, face.box) for panel in panels) for face in speaking))
    return sum(shown) / len(shown) if shown else None


def alone(scene: Scene, path: CameraPath, frame: Frame, source_size_px: Size) -> float | None:
    """The share, 0 to 1, of the time with faces in view in which no panel shows more than the subject it is for.

    A subject is one person, or several whose heads are so close that they are framed together (see `cast_of`). `fit`
    is for everybody, and the slides of `screen` are for nobody. Seconds of `scene` and `path` count alike. None if
    there is no face.
    """
    together_px = Composer(source_size_px).together_px
    moments = [
        _is_alone(faces, path, time_s, frame, source_size_px)
        for shot in scene.shots
        for time_s, faces in _in_view(cast_of(shot, scene.tracks, together_px))
        if faces
    ]
    return sum(moments) / len(moments) if moments else None


def _in_view(cast: Cast) -> Iterator[tuple[float, list[tuple[Subject, Box]]]]:
    """The faces in view, each with its subject, every `STEP_S` of the shot."""
    times_s = np.arange(cast.shot.start_s, cast.shot.end_s, STEP_S)
    faces: list[list[tuple[Subject, Box]]] = [[] for _ in times_s]
    for subject in cast.subjects:
        for person in subject:
            face = cast.faces[person]
            boxes = face.at(times_s).tolist()
            for start_s, end_s in face.seen():
                for place in np.flatnonzero((times_s >= start_s) & (times_s < end_s)):
                    faces[place].append((subject, Box(*boxes[place])))
    yield from zip(times_s.tolist(), faces, strict=True)


def _is_alone(
    faces: Sequence[tuple[Subject, Box]], path: CameraPath, time_s: float, frame: Frame, source_size_px: Size
) -> bool:
    layout = layout_in(frame, views_at(path, time_s)[0])
    if layout is Layout.fit:
        return True
    panels = shown_boxes(path, time_s, frame, source_size_px)[layout is Layout.screen :]
    return all(len({subject for subject, face in faces if _inside(panel, face) > NOTICED}) <= 1 for panel in panels)


def _shows(panel: Box, face: Box) -> bool:
    in_panel = panel.left <= face.center_x <= panel.right and panel.top <= face.center_y <= panel.bottom
    fits_in = min(panel.width / face.width, 1.0) * min(panel.height / face.height, 1.0)
    return in_panel and _inside(panel, face) >= LEAST_VISIBLE * fits_in


def _inside(panel: Box, face: Box) -> float:
    """The share of a face's box that is inside a panel."""
    width = min(panel.right, face.right) - max(panel.left, face.left)
    height = min(panel.bottom, face.bottom) - max(panel.top, face.top)
    return max(width, 0.0) * max(height, 0.0) / (face.width * face.height)
