"""The sample episode from upload to clip, held against the exact times of its words."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pyarrow as pa
import pysubs2
import pytest

from clipper_assets import local
from clipper_assets.clips.captions.ass import caption_ass
from clipper_assets.clips.captions.styles import load_style
from clipper_assets.clips.framing.camera import Layout, still_camera
from clipper_assets.clips.manifest import Manifest
from clipper_assets.clips.plan import ClipPlan, plan_clip
from clipper_assets.episodes.loudness import load_loudness
from clipper_assets.episodes.partitions import episodes
from clipper_assets.episodes.source import RawVideo
from clipper_assets.episodes.storage import DirectoryStorage
from clipper_assets.job import assets, build_resources
from clipper_assets.settings import Settings
from clipper_assets.transcript.words import Word
from clipper_assets_tests.conftest import SAMPLE, clip_episode
from clipper_assets_tests.media import samples
from clipper_assets_tests.transcript.scoring import start_errors

KEY = "shows/episode.mp4"
LIT = re.compile(r"\{\\1c&H[0-9a-f]{6}&\}(.*?)\{\\1c\}", re.IGNORECASE)


@pytest.fixture
def sample(storage: DirectoryStorage) -> DirectoryStorage:
    (Path(storage.root) / "shows").mkdir()
    for suffix in ("mp4", "srt"):
        shutil.copy(SAMPLE / f"episode.{suffix}", Path(storage.root) / "shows")
    return storage


@pytest.fixture(scope="module")
def truth() -> list[dict[str, Any]]:
    sentences: list[dict[str, Any]] = json.loads((SAMPLE / "truth.json").read_text())["sentences"]
    return sentences


def true_words(truth: list[dict[str, Any]]) -> list[Word]:
    return [
        Word(word["word"], word["start"], word["end"], number)
        for number, sentence in enumerate(truth)
        for word in sentence["words"]
    ]


def lit_words(plan: ClipPlan) -> list[Word]:
    """The words of a clip's captions with the times, in the episode, in which each is lit."""
    events = pysubs2.SSAFile.from_string(caption_ass(plan.words, plan.style, plan.duration_s)).events
    return [
        Word(text, plan.start_s + event.start / 1000, plan.start_s + event.end / 1000, 0)
        for event in events
        for text in LIT.findall(event.text)
    ]


def windows_of(storage: DirectoryStorage, instance: dg.DagsterInstance) -> dict[str, pa.Table]:
    """The values of the three assets before the clips, for as many clips as the episode is worth."""
    instance.add_dynamic_partitions(str(episodes.name), [KEY])
    result = dg.materialize(
        assets,
        selection=dg.AssetSelection.assets(*assets[:3]),
        partition_key=KEY,
        instance=instance,
        resources=build_resources(Settings(), storage),
    )
    return {asset.key.to_user_string(): result.asset_value(asset.key) for asset in assets[:3]}


def test_captions_keep_time_and_no_window_cuts_a_word(
    sample: DirectoryStorage, instance: dg.DagsterInstance, truth: list[dict[str, Any]]
) -> None:
    tables = windows_of(sample, instance)
    source = RawVideo.from_table(tables["raw_video"])
    loudness = load_loudness(sample, source.loudness_key)
    camera = still_camera(Layout.fit, source)

    def plan(window: dict[str, Any]) -> ClipPlan:
        return plan_clip(window, tables["aligned_transcript"], source, loudness, load_style("classic"), camera)

    last = tables["aligned_transcript"]["sentence"].to_pylist()[-1]
    whole = plan({"clip": 0, "start": 0.0, "end": source.duration_s, "first_sentence": 0, "last_sentence": last})
    said, lit = true_words(truth), lit_words(whole)
    errors = start_errors(said, lit)
    assert len(lit) == len(said)
    assert len(errors) > 0.99 * len(said)
    assert np.median(errors) < 0.15
    assert np.percentile(errors, 95) < 0.3

    windows = tables["highlight_windows"].to_pylist()
    assert len(windows) >= 2
    for window in windows:
        clip = plan(window)
        assert 30 <= clip.duration_s + 0.04
        assert clip.duration_s <= 60.04
        inside = [word for word in said if clip.start_s - 0.5 < word.start and word.end < clip.end_s + 0.5]
        first, last_one = (next(w for w in order if w.segment in whole_sentences(clip, truth)) for order in
                           (inside, inside[::-1]))
        assert clip.start_s <= first.start
        assert last_one.end <= clip.end_s


def whole_sentences(clip: ClipPlan, truth: list[dict[str, Any]]) -> set[int]:
    return set()
