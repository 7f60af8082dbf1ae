"""What `clipper process` runs, and the instance that it runs on."""

import os
from pathlib import Path

import dagster as dg
import pytest

from clipper_assets.adverts.assets import AdSpansConfig
from clipper_assets.camera.analysis.assets import ScenesConfig
from clipper_assets.camera.direction.assets import CameraConfig
from clipper_assets.chapters.assets import ChaptersConfig
from clipper_assets.cli.episode_run import EpisodeConfig, local_instance, run_episode
from clipper_assets.clips.assets import RenderConfig
from clipper_assets.episodes.assets import RawVideoConfig
from clipper_assets.highlights.assets import HighlightsConfig
from clipper_assets.launch.launcher import WORKER_TAG
from clipper_assets.launch.workers import Worker
from clipper_assets.runs.in_process import failures
from clipper_assets.runtime.progress import Progress
from clipper_assets.settings import Settings
from clipper_assets.shows.show import Layout
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.transcript.assets import TranscriptConfig
from clipper_assets_tests.conftest import NO_KEY_NO_MODELS, clip_episode
from clipper_assets_tests.episodes.ticks import Ticks

pytestmark = pytest.mark.episodes

KEY = "test1/cut.mp4"
TABLES = ["raw_video", "aligned_transcript", "ad_spans", "chapters", "highlight_windows", "scenes", "camera_paths"]


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
def test_the_sensor_requests_no_upload_that_the_command_line_has_processed(
    any_storage: Storage, instance: dg.DagsterInstance, cut: Path
) -> None:
    other = "other/cut.mp4"
    for key in (KEY, other):
        any_storage.put_file(key, cut)
    any_storage.put_file(KEY.replace(".mp4", ".srt"), cut.with_suffix(".srt"))
    config = EpisodeConfig(
        key=KEY,
        sound=RawVideoConfig(),
        transcript=TranscriptConfig(),
        adverts=AdSpansConfig(),
        highlights=HighlightsConfig(max_clips=1),
        chapters=ChaptersConfig(),
        scenes=ScenesConfig(layout=Layout.center),
        camera=CameraConfig(layout=Layout.center),
        render=RenderConfig(),
    )
    assert run_episode(config, Settings(), any_storage, instance, Progress()).success
    (run,) = instance.get_runs()
    assert Worker.parse(run.tags[WORKER_TAG]).is_alive()
    ticks = Ticks(any_storage, instance)
    assert ticks.run_until_settled() == [ticks.run_key(other)]
    any_storage.put_bytes(KEY, cut.read_bytes() + b"\0")
    # nothing launches the other one's run, so it is requested again, with the same run key
    assert ticks.run_until_settled() == [ticks.run_key(other), ticks.run_key(KEY)]


@pytest.mark.usefixtures("short_windows")
def test_a_step_that_fails_is_told_in_its_own_sentence(storage: DirectoryStorage, instance: dg.DagsterInstance) -> None:
    storage.put_bytes("text.mp4", b"hello\n" * 100)
    kept, result = clip_episode(storage, "text.mp4", instance)
    assert kept == []
    assert failures(result) == [
        "text.mp4 is not a media file that can be read, or its beginning is damaged; "
        "upload an intact mp4, mov, mkv or webm, or sound as mp3, m4a, wav, flac or opus"
    ]
    assert {stored.key for stored in storage.list_objects()} == {"text.mp4"}


def test_the_instance_is_kept_in_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.delenv("DAGSTER_HOME")
    monkeypatch.chdir(tmp_path)
    with local_instance() as first:
        first.add_dynamic_partitions("episodes", [KEY])
    assert os.environ["DAGSTER_HOME"] == str(tmp_path / ".dagster")
    with local_instance() as second:
        assert second.get_dynamic_partitions("episodes") == [KEY]
        assert not second.telemetry_enabled


@pytest.mark.parametrize("home", ["/nonexistent", "relative"])
def test_a_home_that_is_no_folder_is_a_mistake(monkeypatch: pytest.MonkeyPatch, home: str) -> None:
    monkeypatch.setenv("DAGSTER_HOME", home)
    with pytest.raises(ValueError, match="DAGSTER_HOME"):
        local_instance()


def test_a_command_does_not_wait_for_the_pools_of_the_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing would free the slot of a command that was killed."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    pools = "concurrency: {pools: {default_limit: 1, granularity: op}}\nrun_queue: {dequeue_interval_seconds: 2}\n"
    (tmp_path / "dagster.yaml").write_text(pools)

    @dg.asset(pool="gpu")
    def transcript() -> int:
        return 1

    with local_instance() as instance:
        instance.event_log_storage.set_concurrency_slots("gpu", 1)
        instance.event_log_storage.claim_concurrency_slot("gpu", "killed", "transcript")
        assert dg.materialize([transcript], instance=instance).success
