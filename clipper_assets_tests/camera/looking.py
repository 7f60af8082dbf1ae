"""The sample as the analysis of a window takes it, the models that it needs, and who is right to be shown."""

import json
import os
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from clipper_assets.camera.scene import Scene, SpeakingFace
from clipper_assets.media.frame import Box
from clipper_assets.media.speech import Samples
from clipper_assets.transcript.words import words_table
from clipper_assets_tests.support.media import SAMPLE, sample_words, speech_of

GRACE_S = 0.5
"""After somebody else begins to speak."""

_named = os.environ.get("CLIPPER_MODELS_DIR")
MODELS = Path(_named) if _named else SAMPLE.parent.parent / "shared" / "models"
needs_models = pytest.mark.skipif(
    not _named and not MODELS.is_dir(),
    reason=f"no model files in {MODELS}: fetch them with `clipper models fetch` and set CLIPPER_MODELS_DIR",
)
"""Where CLIPPER_MODELS_DIR is set nothing is skipped: a model that lacks there fails its tests."""


@cache
def sample_speech() -> Samples:
    return speech_of(SAMPLE / "episode.mp4")


@cache
def truth() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLE / "truth.json").read_text())
    return found


def sample_table(*, with_voices: bool = False) -> pa.Table:
    """The words of the sample, each sentence of them of one voice, or of nobody knows whom."""
    names = [sentence["speaker"] for sentence in truth()["sentences"]]
    words = [
        replace(word, channel=None, speaker=names[word.segment] if with_voices else None) for word in sample_words()
    ]
    return words_table("sample", words, [word.segment for word in words], "en", {})


def share_right(scenes: Iterable[Scene]) -> float:
    """The share of the pictures with speech, but for the grace after a change, in which the turn that began last is of
    a person whose face is where the speaker's is."""
    sentences = truth()["sentences"]
    right = []
    for scene in scenes:
        changed_s, before = -GRACE_S, None
        for sentence in sentences:
            if sentence["speaker"] != before:
                changed_s, before = sentence["start"], sentence["speaker"]
            left, _, width, _ = truth()["speakers"][sentence["speaker"]]["face"]
            start_s = max(sentence["start"], changed_s + GRACE_S, scene.start_s)
            for time_s in np.arange(start_s, min(sentence["end"], scene.end_s), 0.04):
                center_x = _shown_x(scene, float(time_s))
                right.append(center_x is not None and left < center_x < left + width)
    return float(np.mean(right))


def true_faces(scene: Scene) -> list[SpeakingFace]:
    """The faces of a window of the sample that speak, picture by picture, as the sample's own truth has them."""
    return [
        SpeakingFace(time_s, person, Box(*speaker["face"]))
        for time_s in np.arange(scene.start_s, scene.end_s, 0.04).tolist()
        for person, (name, speaker) in enumerate(truth()["speakers"].items())
        if any(each["speaker"] == name and each["start"] <= time_s < each["end"] for each in truth()["sentences"])
    ]


def _shown_x(scene: Scene, time_s: float) -> float | None:
    begun = [turn for turn in scene.turns if turn.start_s <= time_s]
    for track in scene.tracks:
        if begun and track.person == begun[-1].person and track.times_s[0] <= time_s <= track.times_s[-1]:
            left, _, width, _ = track.boxes_px[np.searchsorted(track.times_s, time_s)]
            return float(left + width / 2)
    return None
