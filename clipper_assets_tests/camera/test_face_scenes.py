"""The camera on scenes of real faces with exact truth; `python -m benchmarks.faces` prints the figures of all."""

import os
from pathlib import Path

import pytest

from clipper_assets.media.frame import FRAMES, Aspect
from clipper_assets_tests.camera.sample import MODELS, needs_models
from clipper_assets_tests.support.face_clips import needs_faces
from clipper_assets_tests.support.face_figures import figures
from clipper_assets_tests.support.face_limits import broken_limits, look
from clipper_assets_tests.support.face_scenes import build
from clipper_assets_tests.support.face_video import Listening, Variation

pytestmark = [pytest.mark.episodes, needs_faces]

WITH_MODELS = [
    "grid_2x2", "grid_3x3_roomy", "large_and_small", "neighbours_tall", "three_shot", "nine_faces", "lips_neighbours",
    "lips_grid", "off_screen", "extreme_close_up", "close_and_wide", "speaker_view", "screen_share",
]  # fmt: skip
WITHOUT_MODELS = ["grid_2x2", "three_shot", "off_screen", "close_and_wide", "screen_share"]


@needs_models
@pytest.mark.parametrize("name", WITH_MODELS)
def test_with_models_the_camera_keeps_the_limits_of_the_scene(name: str) -> None:
    assert _broken(name, Variation(), MODELS) == []


@needs_models
def test_listeners_who_move_with_a_closed_mouth_speak_no_voice_from_outside() -> None:
    assert _broken("off_screen", Variation(listening=Listening.still, mirrored=True), MODELS) == []


@needs_models
@pytest.mark.parametrize("name", ["lips_three_shot", "lips_grid"])
def test_somebody_who_moves_the_lips_without_a_sound_does_not_hide_the_speaker(name: str) -> None:
    """LR-ASD takes one of these people, who speaks, for silent."""
    assert _broken(name, Variation(rotation=3), MODELS) == []


@pytest.mark.parametrize("name", WITHOUT_MODELS)
def test_without_models_the_camera_keeps_the_limits_of_the_scene(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", os.devnull)
    assert _broken(name, Variation(), None) == []


def _broken(name: str, variation: Variation, models_dir: Path | None) -> list[str]:
    """The limits that are broken in a portrait and in a square frame."""
    scene = build(name, variation)
    found, path = look(scene, models_dir)
    return [
        f"{aspect.value}: {limit}"
        for aspect in (Aspect.portrait, Aspect.square)
        for limit in broken_limits(
            scene, figures(scene, found, path, FRAMES[aspect]), with_models=models_dir is not None
        )
    ]
