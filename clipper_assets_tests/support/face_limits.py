"""The limits by which the camera is judged on scenes of real faces, and what the camera makes of a scene."""

from dataclasses import dataclass
from pathlib import Path

from clipper_assets.camera.analysis.analyse import analyse
from clipper_assets.camera.direction.director import direct
from clipper_assets.camera.direction.path import CameraPath
from clipper_assets.camera.scene import Scene
from clipper_assets.shows.show import Layout
from clipper_assets_tests.support.face_figures import Figures
from clipper_assets_tests.support.face_scenes import FaceScene

SPEAKER_IN_CROP, SPEAKER_IN_CROP_WITHOUT_MODELS = 0.95, 0.85
ALONE_IN_GRIDS = 0.95
LIPS_IN_CROP, MOST_WRONG_SOLO = 0.9, 0.05
"""Limits of scenes in which listeners move their lips without a sound."""
MOST_CLAIMS = 0.1


@dataclass(frozen=True)
class Limit:
    """A limit of one figure; a figure that a scene does not have keeps every limit."""

    figure: str
    value: float | None
    least: float = 0.0
    below: float = float("inf")

    @property
    def broken(self) -> str:
        """How the limit is broken; empty if it holds."""
        if self.value is None or self.least <= self.value < self.below:
            return ""
        return f"{self.figure} is {self.value:.1%}, not " + (
            f"at least {self.least:.0%}" if self.least else f"below {self.below:.0%}"
        )


def broken_limits(scene: FaceScene, measured: Figures, *, with_models: bool) -> list[str]:
    """How the limits of a scene are broken; empty if they all hold."""
    limits = [Limit("off_screen_claims", measured.off_screen_claims, below=MOST_CLAIMS)]
    in_crop = SPEAKER_IN_CROP if with_models else SPEAKER_IN_CROP_WITHOUT_MODELS
    if any(voice.lips for voice in scene.voices):
        limits.append(Limit("wrong_solo", measured.wrong_solo, below=MOST_WRONG_SOLO))
        in_crop = min(in_crop, LIPS_IN_CROP)
    if any(shot.tiles for shot in scene.shots):
        limits.append(Limit("alone", measured.alone, least=ALONE_IN_GRIDS))
    limits.append(Limit("in_crop", measured.in_crop, least=in_crop))
    return [limit.broken for limit in limits if limit.broken]


def look(scene: FaceScene, models_dir: Path | None, layout: Layout = Layout.auto) -> tuple[Scene, CameraPath]:
    """What the analysis finds in the scene, and the camera path; without `models_dir` no model is used.

    Without, the caller hides models in the user's cache: XDG_CACHE_HOME names an empty folder.
    """
    windows = [(0.0, scene.duration_s)]
    found = analyse(windows, scene.source, f"file:{scene.file}", scene.words, scene.speech, models_dir, lambda _: None)
    return found.scenes[0], direct(found.scenes[0], layout)
