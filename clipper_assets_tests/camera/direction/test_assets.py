"""The asset `camera_paths`: what it stores, which inputs it needs, and how a person may edit its table."""

import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest

from clipper_assets import job
from clipper_assets.camera.direction.assets import CameraConfig
from clipper_assets.camera.direction.path import read_paths
from clipper_assets.runs.in_process import failures
from clipper_assets.settings import Settings
from clipper_assets.shows.show import Layout
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.hive import hive_folder
from clipper_assets.storage.lake import LAKE, parquet_bytes
from clipper_assets_tests.conftest import clip_episode

pytestmark = pytest.mark.episodes

KEY = "show/cut.mp4"


@pytest.fixture
def uploaded(storage: DirectoryStorage, cut: Path, short_windows: None) -> DirectoryStorage:
    folder = Path(storage.root) / "show"
    folder.mkdir()
    shutil.copy(cut, folder / "cut.mp4")
    shutil.copy(cut.with_suffix(".srt"), folder / "cut.srt")
    return storage


def test_the_camera_follows_the_speaker(uploaded: DirectoryStorage, instance: dg.DagsterInstance) -> None:
    _, result = clip_episode(uploaded, KEY, instance)
    assert failures(result) == []
    table = result.asset_value("camera_paths")
    assert set(table["layout"].to_pylist()) <= {"speaker", "split"}
    (event,) = result.asset_materializations_for_node("camera_paths")
    picture = "lake/pictures/episode=show%2Fcut.mp4/camera.png"
    assert event.metadata["camera"] == dg.MetadataValue.url(uploaded.uri(picture))
    assert uploaded.read_bytes(picture).startswith(b"\x89PNG")
    (check,) = [
        check for check in result.get_asset_check_evaluations() if check.check_name == "camera_paths_not_degraded"
    ]
    assert check.passed


def test_a_show_can_set_a_still_layout(uploaded: DirectoryStorage, instance: dg.DagsterInstance) -> None:
    uploaded.put_bytes("show/show.toml", b'layout = "center"')
    _, result = clip_episode(uploaded, KEY, instance)
    assert failures(result) == []
    (path,) = read_paths(result.asset_value("camera_paths")).values()
    assert path.layouts == [Layout.center]

    kept, _ = clip_episode(uploaded, KEY, instance, camera=CameraConfig(layout=Layout.fit))
    assert kept == ["raw_video", "aligned_transcript", "ad_spans", "chapters", "highlight_windows", "scenes"]


def test_a_window_without_a_scene_fails_in_one_sentence(
    uploaded: DirectoryStorage, instance: dg.DagsterInstance
) -> None:
    _, still = clip_episode(uploaded, KEY, instance, camera=CameraConfig(layout=Layout.center))
    (window,) = still.asset_value("highlight_windows").to_pylist()
    result = dg.materialize(
        job.assets,
        selection=["camera_paths"],
        partition_key=KEY,
        instance=instance,
        resources=job.build_resources(Settings(), uploaded),
        run_config={"ops": {"camera_paths": {"config": {"layout": "split"}}}},
        raise_on_error=False,
    )
    assert failures(result) == [
        f"the table of scenes does not cover clip 0 ({window['start']:.2f} to {window['end']:.2f} s), which the layout "
        "split needs; materialize scenes with this layout, then camera_paths"
    ]


def test_directing_the_camera_imports_no_decoding_code() -> None:
    rooms = "clipper_assets.camera.direction.assets, clipper_assets.camera.direction.director"
    code = f"import sys, {rooms}; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    analysis = {name for name in modules if name.startswith("clipper_assets.camera.analysis.")}
    assert analysis == {"clipper_assets.camera.analysis.observation"}


def test_an_edited_path_changes_the_clip(uploaded: DirectoryStorage, instance: dg.DagsterInstance) -> None:
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


def test_a_path_of_other_windows_fails_in_one_sentence(
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
    assert failures(again) == [
        f"camera_paths has no path that begins with clip 0 at {start_s:.2f} s; materialize camera_paths with "
        "`afresh: true`, or correct the edited table"
    ]


def test_an_edited_table_with_empty_cells_fails_in_one_sentence(
    uploaded: DirectoryStorage, instance: dg.DagsterInstance
) -> None:
    _, result = clip_episode(uploaded, KEY, instance, camera=CameraConfig(layout=Layout.center))
    camera = result.asset_value("camera_paths")
    place = camera.column_names.index("zoom")
    broken = camera.set_column(place, "zoom", pa.nulls(camera.num_rows, pa.float64()))
    key = f"{LAKE}/camera_paths/{hive_folder(KEY)}/camera.parquet"
    uploaded.put_bytes(key, parquet_bytes(broken.drop_columns(["episode"])))
    again = dg.materialize(
        job.assets,
        selection=["rendered_clips"],
        partition_key=KEY,
        instance=instance,
        resources=job.build_resources(Settings(), uploaded),
        raise_on_error=False,
    )
    assert failures(again) == ["the camera_paths table has empty cells in zoom; fill them in"]
