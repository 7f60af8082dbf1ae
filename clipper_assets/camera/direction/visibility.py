"""Measures how much of the time a clip shows the person who speaks."""

from collections.abc import Sequence
from itertools import groupby

from clipper_assets.camera.direction.crop import Size, shown_boxes
from clipper_assets.camera.direction.path import CameraPath
from clipper_assets.camera.scene import SpeakingFace
from clipper_assets.media.frame import Box, Frame

GRACE_S = 0.5
"""Time after a change of speaker that does not count, because no camera operator could react sooner."""
LEAST_VISIBLE = 0.7
"""Least share of a face's box that must be inside a panel."""


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


def _shows(panel: Box, face: Box) -> bool:
    width = min(panel.right, face.right) - max(panel.left, face.left)
    height = min(panel.bottom, face.bottom) - max(panel.top, face.top)
    inside = max(width, 0) * max(height, 0) >= LEAST_VISIBLE * face.width * face.height
    return inside and panel.left <= face.center_x <= panel.right and panel.top <= face.center_y <= panel.bottom
