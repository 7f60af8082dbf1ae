"""The sample episode as input of the camera analysis, the models for it, and measures against the sample's truth."""

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
"""Time after a change of speaker that does not count."""

_configured = os.environ.get("CLIPPER_MODELS_DIR")
MODELS = Path(_configured) if _configured else SAMPLE.parent.parent / "shared" / "models"
needs_models = pytest.mark.skipif(
    not _configured and not MODELS.is_dir(),
    reason=f"no model files in {MODELS}: download them with `clipper models fetch` and set CLIPPER_MODELS_DIR",
)
"""Skips a test if there are no models, but never if CLIPPER_MODELS_DIR is set: then a missing model fails the test."""


@cache
def sample_speech() -> Samples:
    return speech_of(SAMPLE / "episode.mp4")


@cache
def truth() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((SAMPLE / "truth.json").read_text())
    return content


def sample_table(*, with_voices: bool = False) -> pa.Table:
    """The words of the sample, with one speaker per sentence, or without speakers."""
    names = [sentence["speaker"] for sentence in truth()["sentences"]]
    words = [
        replace(word, channel=None, speaker=names[word.segment] if with_voices else None) for word in sample_words()
    ]
    return words_table("sample", words, [word.segment for word in words], "en", {})


def share_correct(scenes: Iterable[Scene]) -> float:
    """The share of pictures with speech in which the person of the latest turn sits where the true speaker sits.

    The first `GRACE_S` after each change of speaker do not count.
    """
    sentences = truth()["sentences"]
    correct = []
    for scene in scenes:
        changed_s, before = -GRACE_S, None
        for sentence in sentences:
            if sentence["speaker"] != before:
                changed_s, before = sentence["start"], sentence["speaker"]
            left, _, width, _ = truth()["speakers"][sentence["speaker"]]["face"]
            start_s = max(sentence["start"], changed_s + GRACE_S, scene.start_s)
            for time_s in np.arange(start_s, min(sentence["end"], scene.end_s), 0.04):
                center_x = _speaker_x(scene, float(time_s))
                correct.append(center_x is not None and left < center_x < left + width)
    return float(np.mean(correct))


def true_faces(scene: Scene) -> list[SpeakingFace]:
    """The speaking faces in each picture of a window of the sample, from the sample's truth."""
    return [
        SpeakingFace(time_s, person, Box(*speaker["face"]))
        for time_s in np.arange(scene.start_s, scene.end_s, 0.04).tolist()
        for person, (name, speaker) in enumerate(truth()["speakers"].items())
        if any(line["speaker"] == name and line["start"] <= time_s < line["end"] for line in truth()["sentences"])
    ]


def _speaker_x(scene: Scene, time_s: float) -> float | None:
    begun = [turn for turn in scene.turns if turn.start_s <= time_s]
    for track in scene.tracks:
        if begun and track.person == begun[-1].person and track.times_s[0] <= time_s <= track.times_s[-1]:
            left, _, width, _ = track.boxes_px[np.searchsorted(track.times_s, time_s)]
            return float(left + width / 2)
    return None
