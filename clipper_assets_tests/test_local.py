"""What `clipper process` runs, and the instance that it runs on."""

import os
from pathlib import Path

import dagster as dg
import pytest

from clipper_assets import local
from clipper_assets.clips.assets import RenderConfig
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.conftest import clip_episode

KEY = "test1/cut.mp4"
ASSETS = ["raw_video", "aligned_transcript", "highlight_windows", "scenes", "camera_paths", "rendered_clips"]
TABLES = ASSETS[:-1]

NO_KEY_NO_MODELS = {"highlight_windows_not_degraded", "scenes_not_degraded"}
"""Warnings of a machine without them: the heuristic picks, and OpenCV finds the faces."""


@pytest.fixture
def uploaded(any_storage: Storage, cut: Path) -> Storage:
    any_storage.put_file(KEY, cut)
    any_storage.put_file("test1/cut.srt", cut.with_suffix(".srt"))
    return any_storage


def rendered(result: dg.ExecuteInProcessResult) -> int:
    """How many clips the run encoded."""
    assert result.success
    (event,) = result.asset_materializations_for_node("rendered_clips")
    return int(str(event.metadata["rendered"].value))


@pytest.mark.usefixtures("short_windows")
def test_an_episode_is_made_once_and_then_only_what_changed(uploaded: Storage, instance: dg.DagsterInstance) -> None:
    kept, result = clip_episode(uploaded, KEY, instance)
    assert (kept, rendered(result)) == ([], 1)
    clip = result.asset_value("rendered_clips").to_pylist()[0]
    assert uploaded.exists(clip["key"])
    failed = {check.check_name for check in result.get_asset_check_evaluations() if not check.passed}
    assert failed == NO_KEY_NO_MODELS

    kept, result = clip_episode(uploaded, KEY, instance)
    assert (kept, rendered(result)) == (TABLES, 0)

    kept, result = clip_episode(uploaded, KEY, instance, render=RenderConfig(caption_style="boxed"))
    assert (kept, rendered(result)) == (TABLES, 1)
    assert result.asset_value("rendered_clips").to_pylist()[0]["spec"] != clip["spec"]


@pytest.mark.usefixtures("short_windows")
def test_a_step_that_fails_is_told_in_its_own_sentence(storage: DirectoryStorage, instance: dg.DagsterInstance) -> None:
    storage.put_bytes("text.mp4", b"hello\n" * 100)
    kept, result = clip_episode(storage, "text.mp4", instance)
    assert kept == []
    assert local.failures(result) == [
        "text.mp4 is not a media file that can be read, or its beginning is damaged; "
        "upload an intact mp4, mov, mkv or webm, or sound as mp3, m4a, wav, flac or opus"
    ]
    assert {stored.key for stored in storage.list_objects()} == {"text.mp4"}


def test_the_instance_is_kept_in_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.delenv("DAGSTER_HOME")
    monkeypatch.chdir(tmp_path)
    with local.instance() as first:
        first.add_dynamic_partitions("episodes", [KEY])
    assert os.environ["DAGSTER_HOME"] == str(tmp_path / ".dagster")
    with local.instance() as second:
        assert second.get_dynamic_partitions("episodes") == [KEY]
        assert not second.telemetry_enabled


@pytest.mark.parametrize("home", ["/nonexistent", "relative"])
def test_a_home_that_is_no_folder_is_a_mistake(monkeypatch: pytest.MonkeyPatch, home: str) -> None:
    monkeypatch.setenv("DAGSTER_HOME", home)
    with pytest.raises(ValueError, match="DAGSTER_HOME"):
        local.instance()
