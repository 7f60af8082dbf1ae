"""The sample episode from upload to clips, compared with the exact times of its words."""

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

from clipper_assets.camera.direction.path import still
from clipper_assets.captions.ass import SPOKEN, caption_ass
from clipper_assets.captions.styles import load_style
from clipper_assets.clips.look import Look
from clipper_assets.clips.manifest import Manifest
from clipper_assets.clips.plan import ClipPlan, plan_clip
from clipper_assets.episodes.partitions import episodes
from clipper_assets.episodes.source import RawVideo
from clipper_assets.highlights.window import Window, read_windows
from clipper_assets.job import assets, build_resources
from clipper_assets.media.frame import FRAMES, Aspect
from clipper_assets.runs.in_process import failures
from clipper_assets.settings import Settings
from clipper_assets.shows.show import Layout
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.transcript.words import Word
from clipper_assets_tests.conftest import NO_KEY_NO_MODELS, SAMPLE, clip_episode
from clipper_assets_tests.support.media import samples
from clipper_assets_tests.support.windows import window_of
from clipper_assets_tests.transcript.scoring import start_errors

KEY = "shows/episode.mp4"
TAGS = re.compile(r"\{.*?\}")


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


def highlighted_words(plan: ClipPlan) -> list[Word]:
    """The words of a clip's captions with the times in the episode at which each is highlighted."""
    events = pysubs2.SSAFile.from_string(caption_ass(plan.captions)).events
    return [
        Word(TAGS.sub("", event.text), plan.start_s + event.start / 1000, plan.start_s + event.end / 1000, 0)
        for event in events
        if event.name == SPOKEN
    ]


def materialize_windows(storage: DirectoryStorage, instance: dg.DagsterInstance) -> dict[str, pa.Table]:
    """Materialize the first four assets and return their tables by asset name."""
    instance.add_dynamic_partitions(str(episodes.name), [KEY])
    result = dg.materialize(
        assets,
        selection=dg.AssetSelection.assets(*assets[:4]),
        partition_key=KEY,
        instance=instance,
        resources=build_resources(Settings(), storage),
    )
    return {asset.key.to_user_string(): result.asset_value(asset.key) for asset in assets[:4]}


@pytest.mark.episodes
def test_captions_are_in_time_and_no_window_cuts_a_word(
    sample: DirectoryStorage, instance: dg.DagsterInstance, truth: list[dict[str, Any]]
) -> None:
    tables = materialize_windows(sample, instance)
    source = RawVideo.from_table(tables["raw_video"])
    look, camera = Look(load_style("classic"), FRAMES[Aspect.portrait]), still(Layout.fit, source, "requested layout")

    def plan(window: Window) -> ClipPlan:
        return plan_clip(window, tables["aligned_transcript"], source, look, camera)

    last = tables["aligned_transcript"]["sentence"].to_pylist()[-1]
    whole = plan(window_of(end=source.duration_s, last_sentence=last, hashtags=[]))
    spoken_words, caption_words = true_words(truth), highlighted_words(whole)
    errors = start_errors(spoken_words, caption_words)
    assert len(caption_words) == len(spoken_words)
    assert len(errors) > 0.99 * len(spoken_words)
    assert np.median(errors) < 0.15
    assert np.percentile(errors, 95) < 0.3

    windows = read_windows(tables["highlight_windows"])
    assert len(windows) >= 2
    for window in windows:
        clip = plan(window)
        spoken = [
            spoken_words[row["word"]]
            for row in tables["aligned_transcript"].to_pylist()
            if window.first_sentence <= row["sentence"] <= window.last_sentence
        ]
        assert [word.text for word in spoken] == [word.text for word in clip.words]
        assert clip.start_s <= spoken[0].start
        assert spoken[-1].end <= clip.end_s
        assert 30 - 0.04 <= clip.duration_s <= 60 + 0.04


@pytest.mark.episodes
def test_a_clip_of_the_sample_is_ready_to_post(sample: DirectoryStorage, instance: dg.DagsterInstance) -> None:
    _, result = clip_episode(sample, KEY, instance)
    assert failures(result) == []
    checks = {check.check_name: check.passed for check in result.get_asset_check_evaluations()}
    assert {name for name, passed in checks.items() if not passed} == NO_KEY_NO_MODELS
    folder = Path(sample.root) / "shows" / "clips"
    (clip,) = Manifest.model_validate_json((folder / "manifest.json").read_bytes()).clips
    assert (clip.width, clip.height, clip.fps) == (1080, 1920, 25.0)
    assert clip.loudness_lufs == pytest.approx(-14, abs=0.5)
    assert clip.true_peak_dbtp is not None
    assert clip.true_peak_dbtp <= -1.0
    assert clip.duration == pytest.approx(clip.end_time - clip.start_time, abs=0.04)
    assert abs(lag_s(folder / "clip_0.mp4", clip.start_time)) < 0.005
    (cues, first_word) = (pysubs2.load(str(folder / "clip_0.srt")), clip.hook.split()[0])
    assert first_word in cues[0].plaintext


def lag_s(clip: Path, start_s: float) -> float:
    """How many seconds the sound of a clip lags behind the episode's, measured in the middle of the clip."""
    length, max_lag = 48_000 * 4, 4800
    _, clip_sound = samples(clip)
    _, episode_sound = samples(SAMPLE / "episode.mp4")
    middle = len(clip_sound) // 2
    pattern = clip_sound[middle : middle + length].astype(np.float64)
    around = episode_sound[round(start_s * 48_000) + middle - max_lag :][: length + 2 * max_lag].astype(np.float64)
    size = 2 ** int(np.ceil(np.log2(len(around) + length)))
    match = np.fft.irfft(np.fft.rfft(around, size) * np.conj(np.fft.rfft(pattern, size)))[: 2 * max_lag]
    return (max_lag - int(np.argmax(match))) / 48_000
