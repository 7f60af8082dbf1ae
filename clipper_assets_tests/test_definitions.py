import subprocess
import sys

import dagster as dg
import pytest

from clipper_assets.definitions import defs
from clipper_assets.episodes.sensors import build_discovery
from clipper_assets.job import assets, clip_episode
from clipper_assets.runtime.executor import pool_executor
from clipper_assets.runtime.labels import DOMAIN_TAG, OWNERS, SCOPE_TAG, Domain, Group, Owner, Scope
from clipper_assets.settings import Settings
from clipper_assets_tests.support.sensors import observe_nothing

ASSETS = {
    "raw_video",
    "aligned_transcript",
    "ad_spans",
    "highlight_windows",
    "chapters",
    "scenes",
    "camera_paths",
    "rendered_clips",
    "episode_costs",
    "library",
}


def python(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run code in a new interpreter, which has no modules imported and no warnings shown yet."""
    return subprocess.run([sys.executable, *options, "-c", code], capture_output=True, text=True, check=False)


def test_importing_the_definitions_shows_no_warning_of_dagster() -> None:
    result = python(
        "import warnings\n"
        "import dagster as dg\n"
        "for category in (dg.PreviewWarning, dg.BetaWarning, dg.SupersessionWarning):\n"
        "    warnings.simplefilter('error', category)\n"
        "warnings.filterwarnings('error', category=DeprecationWarning, module='clipper_assets')\n"
        "from clipper_assets.definitions import defs\n"
        "dg.Definitions.validate_loadable(defs)\n"
    )
    assert result.returncode == 0, result.stderr
    assert "Warning" not in result.stderr


def test_the_definitions_are_loadable() -> None:
    dg.Definitions.validate_loadable(defs)


def test_the_job_selects_all_assets_and_their_checks() -> None:
    job = defs.resolve_job_def("clip_episode")
    assert {key.to_user_string() for key in job.asset_layer.selected_asset_keys} == ASSETS
    assert {key.asset_key.to_user_string() for key in job.asset_layer.asset_graph.asset_check_keys} == ASSETS
    assert clip_episode.selection == dg.AssetSelection.assets(*assets)


@pytest.mark.parametrize("name", sorted(defs.resources or {}))
@pytest.mark.parametrize("config", [{"root": "/"}, {"model": "evil/model"}])
def test_run_config_cannot_change_a_resource(name: str, config: dict[str, str]) -> None:
    job = defs.resolve_job_def("clip_episode")
    with pytest.raises(dg.DagsterInvalidConfigError):
        dg.validate_run_config(job, {"resources": {name: {"config": config}}})


def test_steps_run_in_one_process() -> None:
    assert defs.resolve_job_def("clip_episode").executor_def.name == "in_process"
    assert defs.executor is pool_executor


def test_each_step_waits_only_for_what_it_uses() -> None:
    assert {asset.op.name: asset.op.pool for asset in assets} == {
        "raw_video": None,
        "aligned_transcript": "gpu",
        "ad_spans": "llm",
        "highlight_windows": "llm",
        "chapters": "llm",
        "scenes": "encode",
        "camera_paths": None,
        "rendered_clips": "encode",
        "episode_costs": None,
        "library": None,
    }


def test_only_the_transcript_requests_a_gpu() -> None:
    assert [asset.op.name for asset in assets if "nvidia.com/gpu" in str(asset.op.tags)] == ["aligned_transcript"]


@pytest.mark.parametrize("asset", assets, ids=lambda asset: asset.key.to_user_string())
def test_every_asset_has_a_description_metadata_and_checks(asset: dg.AssetsDefinition) -> None:
    (spec,) = asset.specs
    assert spec.description
    assert spec.kinds
    assert spec.group_name
    assert spec.code_version
    assert isinstance(spec.partitions_def, dg.DynamicPartitionsDefinition)
    columns = spec.metadata["dagster/column_schema"]
    assert isinstance(columns, dg.TableSchema)
    assert columns.columns[0].name == "episode"
    assert all(column.description for column in columns.columns)
    assert asset.check_specs
    assert all(check.description for check in asset.check_specs)
    assert {check.partitions_def for check in asset.check_specs} == {spec.partitions_def}


WITH_AN_ICON = {"deltalake", "duckdb", "file", "huggingface", "json", "openai", "parquet", "report", "table", "toml"}
"""Kinds that Dagster's UI has an icon for, of those that we use."""


@pytest.mark.parametrize("key", sorted(defs.resolve_asset_graph().get_all_asset_keys()), ids=dg.AssetKey.to_user_string)
def test_every_asset_and_input_has_what_people_filter_by(key: dg.AssetKey) -> None:
    asset = defs.resolve_asset_graph().get(key)
    assert asset.description
    assert asset.group_name in set(Group)
    assert asset.owners
    assert set(asset.owners) <= set(Owner)
    assert asset.tags[DOMAIN_TAG] in set(Domain)
    assert asset.tags[SCOPE_TAG] in set(Scope)
    assert (asset.tags[SCOPE_TAG] == Scope.everything) == (asset.partitions_def is None)
    assert asset.kinds & WITH_AN_ICON
    assert len(asset.kinds) <= 3  # more are refused by Dagster


def test_every_domain_has_an_owner() -> None:
    assert set(OWNERS) == set(Domain)
    assert set(OWNERS.values()) == set(Owner)


def test_each_asset_has_the_expected_upstream_assets() -> None:
    upstream = {
        asset.key.to_user_string(): {dep.asset_key.to_user_string() for dep in spec.deps}
        for asset in assets
        for spec in asset.specs
    }
    assert upstream == {
        "raw_video": set(),
        "aligned_transcript": {"raw_video", "sidecars", "speech_model"},
        "ad_spans": {"raw_video", "aligned_transcript", "language_model/ad_spans"},
        "chapters": {
            "raw_video",
            "aligned_transcript",
            "ad_spans",
            "edits/chapters",
            "language_model/chapters",
        },
        "highlight_windows": {
            "raw_video",
            "aligned_transcript",
            "ad_spans",
            "edits/highlight_windows",
            "show_settings/highlight_windows",
            "pick_prompt",
        },
        "scenes": {
            "raw_video",
            "aligned_transcript",
            "highlight_windows",
            "edits/scenes",
            "show_settings/scenes",
        },
        "camera_paths": {
            "raw_video",
            "highlight_windows",
            "scenes",
            "edits/camera_paths",
            "show_settings/camera_paths",
        },
        "rendered_clips": {
            "raw_video",
            "aligned_transcript",
            "ad_spans",
            "highlight_windows",
            "chapters",
            "scenes",
            "camera_paths",
            "edits/rendered_clips",
            "show_settings/rendered_clips",
        },
        "episode_costs": {"rendered_clips"},
        "library": {
            "raw_video",
            "aligned_transcript",
            "ad_spans",
            "highlight_windows",
            "rendered_clips",
            "episode_costs",
            "edits",
        },
    }


def test_the_sensor_runs_by_default_and_requests_the_job() -> None:
    sensor = defs.resolve_sensor_def("new_uploads")
    assert sensor.job_name == "clip_episode"
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING


def test_with_a_queue_other_sensors_find_uploads() -> None:
    queue = Settings(storage="s3://podcasts", upload_queue="https://sqs.eu-central-1.amazonaws.com/1/uploads")
    sensors = build_discovery(clip_episode, queue, observe_nothing)
    assert [sensor.name for sensor in sensors] == ["upload_events", "sweep_uploads"]
    assert {sensor.default_status for sensor in sensors} == {dg.DefaultSensorStatus.RUNNING}
    assert [sensor.name for sensor in build_discovery(clip_episode, Settings(upload_queue=""), observe_nothing)] == [
        "new_uploads"
    ]


def test_the_ui_gets_the_storage_but_no_secret() -> None:
    result = python(
        "import os\n"
        "os.environ.update(OPENAI_API_KEY='sk-5ec2e7', AWS_SECRET_ACCESS_KEY='5ec2e7', CLIPPER_STORAGE='s3://podcasts')\n"
        "import dagster as dg\n"
        "from dagster._core.remote_representation.external_data import RepositorySnap\n"
        "from clipper_assets.definitions import defs\n"
        "print(dg.serialize_value(RepositorySnap.from_def(defs.get_repository_def())))\n"
    )
    assert result.returncode == 0, result.stderr
    assert "bucket='podcasts'" in result.stdout
    assert "5ec2e7" not in result.stdout
