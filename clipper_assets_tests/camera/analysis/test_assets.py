"""The asset `scenes`: what it stores, when it reuses a stored scene, and which layouts do not read the video."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from clipper_assets import job
from clipper_assets.camera.analysis.observation import SCENES_TABLE, read_scenes
from clipper_assets.camera.direction.assets import CameraConfig
from clipper_assets.camera.direction.path import read_paths
from clipper_assets.camera.scene import speaking_faces
from clipper_assets.highlights.window import WINDOWS
from clipper_assets.runs.in_process import failures
from clipper_assets.settings import Settings
from clipper_assets.shows.show import Layout
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.lake import parquet_bytes, stored_table, table_key
from clipper_assets.storage.root import storage_at
from clipper_assets.transcript.words import WORDS
from clipper_assets_tests.conftest import clip_episode, shorten_clips
from clipper_assets_tests.support.servers import CountingS3, serving_s3

pytestmark = pytest.mark.episodes

KEY = "show/cut.mp4"
SPEAKER, SPLIT = CameraConfig(layout=Layout.speaker), CameraConfig(layout=Layout.split)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, cut: Path) -> tuple[DirectoryStorage, dg.ExecuteInProcessResult]:
    """A finished episode with one clip in a storage that the tests copy, and the result of its run."""
    root = tmp_path_factory.mktemp("made")
    storage = DirectoryStorage(root=str(root))
    storage.put_file(KEY, cut)
    storage.put_file("show/cut.srt", cut.with_suffix(".srt"))
    with pytest.MonkeyPatch.context() as environment:
        shorten_clips(environment)
        _, result = clip_episode(storage, KEY, dg.DagsterInstance.ephemeral())
    assert failures(result) == []
    return storage, result


@pytest.fixture
def episode(made: tuple[DirectoryStorage, dg.ExecuteInProcessResult], tmp_path: Path) -> DirectoryStorage:
    return DirectoryStorage(root=str(shutil.copytree(made[0].root, tmp_path / "copy")))


def rematerialize(storage: Storage, instance: dg.DagsterInstance, **config: Any) -> dg.ExecuteInProcessResult:
    """Materialize `scenes` and `camera_paths` alone, from the stored tables."""
    instance.add_dynamic_partitions("episodes", [KEY])
    return dg.materialize(
        job.assets,
        selection=["scenes", "camera_paths"],
        partition_key=KEY,
        instance=instance,
        resources=job.build_resources(Settings(), storage),
        run_config={"ops": {"scenes": {"config": config}}},
    )


def metadata_of(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    (event,) = result.asset_materializations_for_node("scenes")
    return {name: value.value for name, value in event.metadata.items()}


def replaced(storage: Storage, asset: str, name: str, table: pa.Table) -> None:
    storage.put_bytes(table_key(asset, name, KEY), parquet_bytes(table.drop_columns(["episode"])))


def shifted(table: pa.Table, column: str, by_s: float) -> pa.Table:
    return table.set_column(table.column_names.index(column), column, pc.add(table[column], by_s))


def test_faces_and_turns_are_stored_in_the_lake(made: tuple[DirectoryStorage, dg.ExecuteInProcessResult]) -> None:
    storage, result = made
    table = stored_table(storage, "scenes", SCENES_TABLE, KEY)
    (scene,) = read_scenes(table)
    assert len(speaking_faces(scene)) > 50
    assert scene.shots[0].start_s == scene.start_s
    (check,) = [check for check in result.get_asset_check_evaluations() if check.check_name == "scenes_not_degraded"]
    assert not check.passed
    assert "clipper models fetch" in (check.description or "")
    assert (metadata_of(result)["looked_at"], metadata_of(result)["kept"]) == (1, 0)
    assert metadata_of(result)["face_detector"] == "OpenCV's Haar cascade"


def test_a_reused_scene_keeps_its_fallbacks_and_data_version(
    made: tuple[DirectoryStorage, dg.ExecuteInProcessResult],
    episode: DirectoryStorage,
    instance: dg.DagsterInstance,
) -> None:
    before = metadata_of(made[1])
    result = rematerialize(episode, instance)
    assert metadata_of(result)["up_to_date"] is True
    assert result.asset_value("scenes").equals(made[1].asset_value("scenes"))
    assert result.asset_value("camera_paths").equals(made[1].asset_value("camera_paths"))
    (first,), (second,) = (run.asset_materializations_for_node("scenes") for run in (made[1], result))
    assert first.tags
    assert second.tags
    assert first.tags["dagster/data_version"] == second.tags["dagster/data_version"]
    (check,) = [check for check in result.get_asset_check_evaluations() if check.check_name == "scenes_not_degraded"]
    assert not check.passed
    assert check.metadata["degraded"].value == before["degraded"]


def test_a_window_that_shrinks_inside_a_scene_needs_no_new_analysis(
    episode: DirectoryStorage, instance: dg.DagsterInstance
) -> None:
    windows = stored_table(episode, "highlight_windows", WINDOWS, KEY)
    shorter = shifted(shifted(windows, "start", 0.5), "end", -0.7)
    replaced(episode, "highlight_windows", "windows", shorter)
    result = rematerialize(episode, instance)
    assert (metadata_of(result)["looked_at"], metadata_of(result)["kept"]) == (0, 1)
    (path,) = read_paths(result.asset_value("camera_paths")).values()
    (window,) = shorter.to_pylist()
    assert path.keyframes[0].time_s == window["start"]
    assert path.keyframes[-1].time_s < window["end"]

    replaced(episode, "highlight_windows", "windows", shifted(windows, "start", -0.5))
    assert metadata_of(rematerialize(episode, instance))["looked_at"] == 1
    assert metadata_of(rematerialize(episode, instance))["up_to_date"] is True


def test_new_word_times_need_a_new_analysis_but_renamed_speakers_do_not(
    episode: DirectoryStorage, instance: dg.DagsterInstance
) -> None:
    words = stored_table(episode, "aligned_transcript", WORDS, KEY)
    named = words.set_column(words.column_names.index("speaker"), "speaker", pa.array(["Ada"] * words.num_rows))
    replaced(episode, "aligned_transcript", "words", named)
    assert metadata_of(rematerialize(episode, instance))["looked_at"] == 1
    renamed = words.set_column(words.column_names.index("speaker"), "speaker", pa.array(["Grace"] * words.num_rows))
    replaced(episode, "aligned_transcript", "words", renamed)
    assert metadata_of(rematerialize(episode, instance))["looked_at"] == 0
    replaced(episode, "aligned_transcript", "words", shifted(renamed, "start", 0.01))
    assert metadata_of(rematerialize(episode, instance))["looked_at"] == 1


def test_every_window_is_analysed_again_on_request_or_if_the_table_is_damaged(
    episode: DirectoryStorage, instance: dg.DagsterInstance
) -> None:
    assert metadata_of(rematerialize(episode, instance, afresh=True))["looked_at"] == 1
    episode.put_bytes(table_key("scenes", "scenes", KEY), b"not parquet")
    assert metadata_of(rematerialize(episode, instance))["looked_at"] == 1


def test_still_layouts_need_no_analysis_and_stored_scenes_are_kept(
    episode: DirectoryStorage, instance: dg.DagsterInstance
) -> None:
    assert metadata_of(rematerialize(episode, instance, layout="fit"))["kept"] == 1
    episode.delete(table_key("scenes", "scenes", KEY))
    episode.put_bytes("show/show.toml", b'layout = "center"')
    result = rematerialize(episode, instance)
    assert (metadata_of(result)["looked_at"], metadata_of(result)["dagster/row_count"]) == (0, 0)
    assert metadata_of(rematerialize(episode, instance, layout="speaker"))["looked_at"] == 1


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[CountingS3]:
    with serving_s3() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        server.client.create_bucket(Bucket="layouts")
        yield server


@pytest.mark.usefixtures("short_windows")
def test_another_layout_reads_the_video_only_to_render(s3: CountingS3, instance: dg.DagsterInstance, cut: Path) -> None:
    storage = storage_at("s3://layouts", 3600)
    storage.put_file(KEY, cut)
    storage.put_file("show/cut.srt", cut.with_suffix(".srt"))
    assert failures(clip_episode(storage, KEY, instance, camera=SPEAKER)[1]) == []

    s3.requests.clear()
    kept, result = clip_episode(storage, KEY, instance, camera=SPLIT)
    assert failures(result) == []
    assert kept == ["raw_video", "aligned_transcript", "ad_spans", "chapters", "highlight_windows", "scenes"]
    (path,) = read_paths(result.asset_value("camera_paths")).values()
    assert Layout.split in path.layouts
    assert any(s3.bytes_read(f"/layouts/{KEY}"))

    s3.requests.clear()
    result = rematerialize(storage, instance, layout="split")
    assert metadata_of(result)["up_to_date"] is True
    assert [seen for seen in s3.requests if seen.path == f"/layouts/{KEY}"] == []
    assert any(seen.path.endswith("scenes.parquet") for seen in s3.requests)
