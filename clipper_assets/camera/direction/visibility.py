"""Whether a clip shows who speaks."""

from collections.abc import Sequence
from itertools import groupby

from clipper_assets.camera.direction.crop import Size, shown_boxes
from clipper_assets.camera.direction.path import CameraPath
from clipper_assets.camera.scene import SpeakingFace
from clipper_assets.media.frame import Box, Frame

GRACE_S = 0.5
"""After somebody else begins to speak: no camera can know before."""
MOST = 0.7
"""Share of a face's box that has to be in the picture."""


def speaker_shown(
    faces: Sequence[SpeakingFace], path: CameraPath, frame: Frame, source_size_px: Size, grace_s: float = GRACE_S
) -> float | None:
    """The share, 0 to 1, of the moments at which somebody in view speaks that the clip shows this face.

    `faces` are in time order, seconds as in `path`. The centre of the face and `MOST` of its
    box have to be in one panel. The first `grace_s` seconds after a change of speaker count neither way. None where
    nobody in view speaks.
    """
    speaker, since_s = None, float("-inf")
    seen = []
    for time_s, group in groupby(faces, key=lambda face: face.time_s):
        speaking = list(group)
        people = {face.person for face in speaking}
        if speaker is not None and people != speaker:
            since_s = time_s
        speaker = people
        if time_s - since_s >= grace_s:
            panels = shown_boxes(path, time_s, frame, source_size_px)
            seen.append(all(any(_shows(panel, face.box) for panel in panels) for face in speaking))
    return sum(seen) / len(seen) if seen else None


def _shows(panel: Box, face: Box) -> bool:
    width = min(panel.right, face.right) - max(panel.left, face.left)
    height = min(panel.bottom, face.bottom) - max(panel.top, face.top)
    inside = max(width, 0) * max(height, 0) >= MOST * face.width * face.height
    return inside and panel.left <= face.center_x <= panel.right and panel.top <= face.center_y <= panel.bottom
