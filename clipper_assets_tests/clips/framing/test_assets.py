"""`camera_paths` as an asset: what it stores, and what it does when asked for a still camera."""

import io
import shutil
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clipper_assets import job, local
from clipper_assets.clips.framing.assets import CameraConfig, faces_key
from clipper_assets.clips.framing.path import read_paths
from clipper_assets.settings import Settings
from clipper_assets.shows.show import Layout
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.hive import hive_folder
from clipper_assets.storage.lake import LAKE, parquet_bytes
from clipper_assets_tests.conftest import clip_episode

KEY = "show/cut.mp4"


@pytest.fixture
def uploaded(storage: DirectoryStorage, cut: Path, short_windows: None) -> DirectoryStorage:
    folder = Path(storage.root) / "show"
    folder.mkdir()
    shutil.copy(cut, folder / "cut.mp4")
    shutil.copy(cut.with_suffix(".srt"), folder / "cut.srt")
    return storage


def test_the_camera_follows_who_speaks_and_its_faces_are_in_the_lake(
    uploaded: DirectoryStorage, instance: dg.DagsterInstance
) -> None:
    _, result = clip_episode(uploaded, KEY, instance)
    assert local.failures(result) == []
    table = result.asset_value("camera_paths")
    assert set(table["layout"].to_pylist()) <= {"speaker", "split"}
    faces = pq.read_table(io.BytesIO(uploaded.read_bytes(faces_key(KEY))))
    assert faces.num_rows > 100
    assert any(faces["speaking"].to_pylist())
    (event,) = result.asset_materializations_for_node("camera_paths")
    assert "data:image/png;base64," in str(event.metadata["camera"].value)
    (check,) = [each for each in result.get_asset_check_evaluations() if each.check_name == "camera_paths_not_degraded"]
    assert not check.passed
    assert "clipper models fetch" in (check.description or "")


def test_a_still_camera_looks_at_nothing_and_a_show_can_ask_for_it(
    uploaded: DirectoryStorage, instance: dg.DagsterInstance
) -> None:
    uploaded.put_bytes("show/show.toml", b'layout = "center"')
    _, result = clip_episode(uploaded, KEY, instance)
    assert local.failures(result) == []
    (path,) = read_paths(result.asset_value("camera_paths")).values()
    assert path.layouts == [Layout.center]
    (event,) = result.asset_materializations_for_node("camera_paths")
    assert event.metadata["method"].value == "not looked at"

    kept, _ = clip_episode(uploaded, KEY, instance, camera=CameraConfig(layout=Layout.fit))
    assert kept == ["raw_video", "aligned_transcript", "highlight_windows"]


def test_an_edited_path_is_replayed(uploaded: DirectoryStorage, instance: dg.DagsterInstance) -> None:
    camera = CameraConfig(layout=Layout.center)
    _, result = clip_episode(uploaded, KEY, instance, camera=camera)
    (before,) = result.asset_value("rendered_clips").to_pylist()
    table = result.asset_value("camera_paths").to_pandas()
    table["center_x"] += 100
    key = f"{LAKE}/camera_paths/{hive_folder(KEY)}/camera.parquet"
    edited = pa.Table.from_pandas(table, schema=result.asset_value("camera_paths").schema)
    uploaded.put_bytes(key, parquet_bytes(edited.drop_columns(["episode"])))
    result = dg.materialize(
        job.assets,
        selection=["rendered_clips"],
        partition_key=KEY,
        instance=instance,
        resources=job.build_resources(Settings(), uploaded),
    )
    (after,) = result.asset_value("rendered_clips").to_pylist()
    assert after["sha256"] != before["sha256"]


def test_a_path_of_other_windows_is_refused_in_one_sentence(
    uploaded: DirectoryStorage, instance: dg.DagsterInstance
) -> None:
    _, result = clip_episode(uploaded, KEY, instance, camera=CameraConfig(layout=Layout.center))
    camera = result.asset_value("camera_paths")
    (start_s,) = camera["time"].to_pylist()
    moved = camera.set_column(2, camera.schema.field(2), pa.array([start_s + 1.0]))
    key = f"{LAKE}/camera_paths/{hive_folder(KEY)}/camera.parquet"
    uploaded.put_bytes(key, parquet_bytes(moved.drop_columns(["episode"])))
    again = dg.materialize(
        job.assets,
        selection=["rendered_clips"],
        partition_key=KEY,
        instance=instance,
        resources=job.build_resources(Settings(), uploaded),
        raise_on_error=False,
    )
    assert local.failures(again) == [
        f"camera_paths has no path that begins with clip 0 at {start_s:.2f} s; materialize camera_paths again, or mend "
        "the table that was edited"
    ]


def camera_again(storage: DirectoryStorage, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    """The asset alone, which keeps the paths of clips that nothing was changed about."""
    return dg.materialize(
        job.assets,
        selection=["camera_paths"],
        partition_key=KEY,
        instance=instance,
        resources=job.build_resources(Settings(), storage),
        run_config={"ops": {"camera_paths": {"config": {"keep": True}}}},
        raise_on_error=False,
    )


def test_kept_paths_are_as_they_were_and_so_are_the_fallbacks_that_they_were_found_by(
    uploaded: DirectoryStorage, instance: dg.DagsterInstance
) -> None:
    _, first = clip_episode(uploaded, KEY, instance)
    faces = uploaded.read_bytes(faces_key(KEY))
    again = camera_again(uploaded, instance)
    (before,) = first.asset_materializations_for_node("camera_paths")
    (after,) = again.asset_materializations_for_node("camera_paths")
    assert after.metadata["kept"].value == ["clip_0"]
    assert after.metadata["method"].value == "not looked at"
    assert again.asset_value("camera_paths").equals(first.asset_value("camera_paths"))
    assert uploaded.read_bytes(faces_key(KEY)) == faces
    assert after.metadata["degraded"] == before.metadata["degraded"]
    (check,) = [each for each in again.get_asset_check_evaluations() if each.check_name == "camera_paths_not_degraded"]
    assert not check.passed


def test_an_edited_table_that_cannot_be_read_is_told_in_one_sentence(
    uploaded: DirectoryStorage, instance: dg.DagsterInstance
) -> None:
    _, result = clip_episode(uploaded, KEY, instance, camera=CameraConfig(layout=Layout.center))
    camera = result.asset_value("camera_paths")
    place = camera.column_names.index("zoom")
    broken = camera.set_column(place, "zoom", pa.array([None] * camera.num_rows, pa.float64()))
    key = f"{LAKE}/camera_paths/{hive_folder(KEY)}/camera.parquet"
    uploaded.put_bytes(key, parquet_bytes(broken.drop_columns(["episode"])))
    assert local.failures(camera_again(uploaded, instance)) == [
        "the table of camera paths has empty cells in zoom; fill them"
    ]
