"""How well a camera path shows the people of a `FaceScene`, by the scene's truth."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from clipper_assets.camera.direction.crop import shown_boxes
from clipper_assets.camera.direction.path import CameraPath
from clipper_assets.camera.scene import FPS, Scene
from clipper_assets.media.frame import Box, Frame
from clipper_assets_tests.support.face_scenes import FaceScene

GRACE_S = 0.5
"""Time after a change of speaker that does not count."""
SHOWN = 0.7
"""Least share of a face's box inside a panel, with the box's centre, of a face that is shown.

Of a face that is larger than the panel, as in an extreme close-up, it is the share of what fits in."""
NOTICED = 0.1
"""Share of a face's box inside a panel from which on the person is noticed."""


@dataclass(frozen=True)
class Figures:
    """Shares, 0 to 1; None where a scene has no such frames.

    `in_crop`: of the frames with a speaker in view, those in which the speaker's face is shown.
    `wrong_solo`: of the same frames, those in which one other person fills the picture.
    `alone`: of all frames, those in which no panel shows more than one person; the wide picture wants everybody.
    `wide`: of all frames, those that show the whole source.
    `off_screen_claims`: of the frames with a voice from outside, those whose turn names a person in view.
    """

    in_crop: float | None
    wrong_solo: float | None
    alone: float | None
    wide: float | None
    off_screen_claims: float | None


def figures(truth: FaceScene, found: Scene, path: CameraPath, frame: Frame) -> Figures:
    """The figures of the camera path in a frame; `found` is what the analysis has found, `truth` what is right."""
    shown = [_Shown(truth, path, frame, time_s) for time_s in _times(truth)]
    speaking = [(moment, person) for moment in shown if (person := _speaker(truth, moment.time_s)) is not None]
    seen = [(moment, person) for moment, person in speaking if person in moment.faces]
    outside = [_claims(found, moment.time_s) for moment, person in speaking if person not in moment.faces]
    return Figures(
        in_crop=_share([moment.shows(person) for moment, person in seen]),
        wrong_solo=_share([not moment.wide and moment.only_other(person) for moment, person in seen]),
        alone=_share([moment.alone for moment in shown]),
        wide=_share([moment.wide for moment in shown]),
        off_screen_claims=_share(outside),
    )


class _Shown:
    """What the clip shows at a moment: the panels' rectangles of the source, and the faces that are in the source."""

    def __init__(self, truth: FaceScene, path: CameraPath, frame: Frame, time_s: float):
        self.time_s = time_s
        self.faces = truth.shot_at(time_s).faces
        self._panels = shown_boxes(path, time_s, frame, truth.size_px)
        self.wide = self._panels == [Box(0, 0, *truth.size_px)]

    def shows(self, person: int) -> bool:
        face = self.faces[person]
        return any(
            _inside(panel, face) >= SHOWN * _inside(panel, _moved_to_middle(face, panel))
            and panel.left <= face.center_x <= panel.right
            and panel.top <= face.center_y <= panel.bottom
            for panel in self._panels
        )

    def only_other(self, person: int) -> bool:
        """Whether one person is shown, and it is another one."""
        return not self.shows(person) and len([other for other in self.faces if self.shows(other)]) == 1

    @property
    def alone(self) -> bool:
        return self.wide or all(
            len([face for face in self.faces.values() if _inside(panel, face) > NOTICED]) <= 1 for panel in self._panels
        )


def _moved_to_middle(face: Box, panel: Box) -> Box:
    return face._replace(left=panel.center_x - face.width / 2, top=panel.center_y - face.height / 2)


def _inside(panel: Box, face: Box) -> float:
    """The share of the face's box inside the panel."""
    width = min(panel.right, face.right) - max(panel.left, face.left)
    height = min(panel.bottom, face.bottom) - max(panel.top, face.top)
    return max(width, 0.0) * max(height, 0.0) / (face.width * face.height)


def _times(truth: FaceScene) -> Iterator[float]:
    """The middle of each frame outside the grace after a change of speaker."""
    changes_s = [voice.start_s for before, voice in pairwise(truth.voices) if before.person != voice.person]
    for time_s in (np.arange(round(truth.duration_s * FPS)) + 0.5) / FPS:
        if not any(change_s <= time_s < change_s + GRACE_S for change_s in changes_s):
            yield float(time_s)


def _speaker(truth: FaceScene, time_s: float) -> int | None:
    voice = truth.voice_at(time_s)
    return voice.person if voice else None


def _claims(found: Scene, time_s: float) -> bool:
    return any(turn.start_s <= time_s < turn.end_s and turn.person is not None for turn in found.turns)


def _share(moments: list[bool]) -> float | None:
    return sum(moments) / len(moments) if moments else None
