"""Nothing of a tenant is found by another one in the same Dagster instance."""

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test
from prometheus_client.parser import text_string_to_metric_families
from pydantic import ValidationError
from starlette.requests import Request
from starlette.routing import Route

import clipper_assets
from clipper_assets.api.graphql.server import DagsterGraphQL
from clipper_assets.api.metrics import Meter
from clipper_assets.api.problems import RefusedError
from clipper_assets.catalogue.checks import link
from clipper_assets.catalogue.clip_stale import unfinished_runs
from clipper_assets.catalogue.prune import finished_runs
from clipper_assets.catalogue.superseded import Superseded
from clipper_assets.episodes.claims import UPLOAD_TAG, Launch, Requester, current_decision, upload_tag
from clipper_assets.job import fixed
from clipper_assets.runs.log import Runs
from clipper_assets.runtime import tenant
from clipper_assets.runtime.tenant import asset_key, asset_name, own_run, refuse_run_of_another
from clipper_assets.settings import Settings
from clipper_assets.storage.directory import DirectoryStorage

PARTITION = "test1/sample.mp4"
SHOW_DEFINITIONS = """
import json
import dagster as dg
from clipper_assets.definitions import defs

repository = defs.get_repository_def()
graph, found = repository.asset_graph, {"keys": set(), "sets": set(), "sensors": {}}

def sets_of(partitions):
    if isinstance(partitions, dg.MultiPartitionsDefinition):
        for dimension in partitions.partitions_defs:
            sets_of(dimension.partitions_def)
    elif isinstance(partitions, dg.DynamicPartitionsDefinition):
        found["sets"].add(partitions.name)

for key in graph.get_all_asset_keys():
    node = graph.get(key)
    found["keys"] |= {key.to_user_string(), *(parent.to_user_string() for parent in node.parent_keys)}
    sets_of(node.partitions_def)
found["keys"] |= {key.asset_key.to_user_string() for key in graph.asset_check_keys}
found["ops"] = [asset.op.name for asset in defs.assets if isinstance(asset, dg.AssetsDefinition)]
found["jobs"] = {job.name: dict(job.tags) for job in repository.get_all_jobs() if not job.name.startswith("__")}
for sensor in repository.sensor_defs:
    selected = sensor.asset_selection.resolve(graph) if sensor.asset_selection else ()
    found["sensors"][sensor.name] = [key.to_user_string() for key in selected]
print(json.dumps(found, default=list))
"""


@pytest.fixture(scope="module")
def acme() -> dict[str, Any]:
    """The names in the definitions of the tenant acme."""
    environment = {
        **os.environ,
        "CLIPPER_TENANT": "acme",
        "CLIPPER_WEBHOOK_URLS": "https://example.com/hook",
        "CLIPPER_WEBHOOK_SECRET": "whsec_c2VjcmV0",
    }
    command = [sys.executable, "-W", "ignore", "-c", SHOW_DEFINITIONS]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    names: dict[str, Any] = json.loads(done.stdout)
    return names


def test_every_asset_and_every_dependency_begins_with_the_tenant(acme: dict[str, Any]) -> None:
    assert {"acme/rendered_clips", "acme/edits/scenes", "acme/catalogue"} <= set(acme["keys"])
    assert {key for key in acme["keys"] if not key.startswith("acme/")} == set()


def test_every_partition_set_begins_with_the_tenant(acme: dict[str, Any]) -> None:
    assert "acme/episodes" in acme["sets"]
    assert {name for name in acme["sets"] if not name.startswith("acme/")} == set()


def test_every_job_and_sensor_is_the_tenants(acme: dict[str, Any]) -> None:
    assert {name: tags.get("clipper/tenant") for name, tags in acme["jobs"].items()} == dict.fromkeys(
        acme["jobs"], "acme"
    )
    assert "webhooks" in acme["sensors"]
    assert all(key.startswith("acme/") for keys in acme["sensors"].values() for key in keys)


def test_run_config_names_ops_without_the_tenant(acme: dict[str, Any]) -> None:
    assert {"raw_video", "rendered_clips", "catalogue"} <= set(acme["ops"])
    assert not any("acme" in name for name in acme["ops"])


NOT_OF_TENANT = re.compile(
    r"RunsFilter\(|AssetKey\(|\.get_run_by_id\(|dynamic_partitions?\(\s*\"|DynamicPartitionsDefinition\(name=\"|"
    r"AssetSelection\.\w+\(\s*\"|asset_key\.to_user_string|run_storage\.|\.wipe_"
)
OF_ALL_TENANTS = ("runtime/tenant.py", "launch/launcher.py", "launch/coordinator.py")
"""The daemon launches the runs of all tenants."""


def test_names_in_the_instance_go_through_the_tenant() -> None:
    root = Path(clipper_assets.__file__).parent
    found = [
        f"{path.relative_to(root)}: {match[0]}"
        for path in root.rglob("*.py")
        if str(path.relative_to(root)) not in OF_ALL_TENANTS
        for match in NOT_OF_TENANT.finditer(path.read_text())
    ]
    assert found == [], "use asset_key, partition_set, runs_filter and own_run of runtime/tenant.py"


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def as_acme(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (tenant, sys.modules[Meter.__module__]):
        monkeypatch.setattr(module, "TENANT", "acme")
    monkeypatch.setattr(tenant, "RUN_TAGS", {"dagster/code_location": "acme"})


def run_of(instance: dg.DagsterInstance, location: str | None, **more: Any) -> dg.DagsterRun:
    tags = {"dagster/partition": PARTITION, **more.pop("tags", {})}
    run: dg.DagsterRun = create_run_for_test(
        instance, "clip_episode", tags={**tags, **({"dagster/code_location": location} if location else {})}, **more
    )
    return run


def finished(instance: dg.DagsterInstance, location: str | None) -> dg.DagsterRun:
    run = run_of(instance, location, status=dg.DagsterRunStatus.STARTED)
    event = dg.DagsterEvent(dg.DagsterEventType.PIPELINE_SUCCESS.value, "clip_episode")
    instance.report_dagster_event(event, run.run_id)
    return run


@pytest.mark.usefixtures("as_acme")
@pytest.mark.parametrize("other", ["globex", None])
def test_runs_of_another_are_not_found(instance: dg.DagsterInstance, other: str | None) -> None:
    own, others = run_of(instance, "acme"), run_of(instance, other)
    assert own_run(instance, own.run_id) is not None
    assert own_run(instance, others.run_id) is None
    latest = Runs(instance).latest(PARTITION)
    assert latest is not None
    assert latest.run_id == own.run_id


@pytest.mark.usefixtures("as_acme")
def test_a_busy_episode_of_another_is_free_here(instance: dg.DagsterInstance) -> None:
    run_of(instance, "globex", status=dg.DagsterRunStatus.STARTED)
    assert list(unfinished_runs(instance)) == []


@pytest.mark.usefixtures("as_acme")
def test_the_same_upload_of_another_has_not_had_its_run(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    storage = DirectoryStorage(root=str(tmp_path / "data"))
    storage.put_bytes(PARTITION, b"video")
    stored = storage.stat(PARTITION)
    assert stored is not None
    run_of(instance, "globex", tags={UPLOAD_TAG: upload_tag(stored)}, status=dg.DagsterRunStatus.SUCCESS)
    assert isinstance(current_decision(storage, instance, stored, Requester.sensor), Launch)


@pytest.mark.usefixtures("as_acme")
def test_runs_of_another_are_not_pruned(instance: dg.DagsterInstance) -> None:
    own, _ = finished(instance, "acme"), finished(instance, "globex")
    after = datetime.fromtimestamp(time.time() + 60, UTC)
    assert [run.run_id for run in finished_runs(instance, after)] == [own.run_id]


@pytest.mark.usefixtures("as_acme")
def test_assets_of_another_keep_no_run_here(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    for key in (["acme", "rendered_clips"], ["globex", "rendered_clips"], ["rendered_clips"]):
        instance.report_runless_asset_event(dg.AssetMaterialization(key, partition=PARTITION))
    superseded = Superseded(DirectoryStorage(root=str(tmp_path / "data")), instance)
    assert superseded.asset_keys == [dg.AssetKey(["acme", "rendered_clips"])]


@pytest.mark.usefixtures("as_acme")
def test_metrics_count_no_run_of_another(instance: dg.DagsterInstance) -> None:
    meter = Meter(instance)
    finished(instance, "acme")
    finished(instance, "globex")
    finished(instance, None)
    run_of(instance, "globex", status=dg.DagsterRunStatus.STARTED)
    values = {
        (sample.name, sample.labels.get("status")): sample.value
        for family in text_string_to_metric_families(meter.read().decode())
        for sample in family.samples
    }
    assert values["clipper_runs_ended_total", "success"] == 1
    assert values["clipper_runs", "success"] == 1
    assert values["clipper_runs", "started"] == 0


@pytest.mark.usefixtures("as_acme")
@pytest.mark.parametrize("location", ["globex", "clipper_assets"])
def test_a_process_of_a_tenant_refuses_the_run_of_another(instance: dg.DagsterInstance, location: str) -> None:
    run = run_of(instance, location)
    with pytest.raises(dg.Failure, match=f"the run is of the code location {location}, but its process has"):
        refuse_run_of_another(run)
    refuse_run_of_another(run_of(instance, "acme"))


def test_a_process_without_a_tenant_refuses_the_run_of_one(instance: dg.DagsterInstance) -> None:
    refuse_run_of_another(run_of(instance, "podcasts"))
    with pytest.raises(dg.Failure, match="CLIPPER_TENANT unset; give the run launcher the environment"):
        refuse_run_of_another(run_of(instance, "acme", tags={"clipper/tenant": "acme"}))


def test_no_step_begins_in_a_process_of_another(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    begun = []

    @dg.op(required_resource_keys={"storage"})
    def remove_all() -> None:
        begun.append(True)

    @dg.job(resource_defs=fixed({"storage": DirectoryStorage(root=str(tmp_path))}), tags={"clipper/tenant": "acme"})
    def collect() -> None:
        remove_all()

    with pytest.raises(dg.DagsterError) as refused:
        collect.execute_in_process(instance=instance)
    assert "the run is of the code location acme" in str(refused.value.__cause__)
    assert begun == []


@pytest.mark.usefixtures("as_acme")
def test_a_key_has_a_name_without_the_tenant() -> None:
    assert asset_key("edits", "scenes").path == ["acme", "edits", "scenes"]
    assert asset_name(asset_key("edits", "scenes")) == "edits/scenes"
    assert asset_name(dg.AssetKey(["globex", "scenes"])) == "globex/scenes"
    with pytest.raises(ValueError, match="is the name of an asset; choose another"):
        asset_key("acme")


@pytest.mark.usefixtures("as_acme")
def test_a_link_opens_the_tenants_asset() -> None:
    assert link(PARTITION).startswith(f"[{PARTITION}](/assets/acme/rendered_clips?")


def test_dagsters_schema_is_not_served_to_a_tenant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[DagsterGraphQL.__module__], "TENANT", "acme")
    (route,) = DagsterGraphQL.__new__(DagsterGraphQL).build_routes()
    assert isinstance(route, Route)
    with pytest.raises(RefusedError, match="all tenants"):
        asyncio.run(route.endpoint(Request({"type": "http"})))


@pytest.mark.usefixtures("as_acme")
def test_a_run_of_the_command_is_the_tenants(instance: dg.DagsterInstance) -> None:
    @dg.asset
    def made() -> None: ...

    run_id = dg.materialize([made], instance=instance, tags=tenant.RUN_TAGS).run_id
    assert own_run(instance, run_id) is not None


@pytest.mark.parametrize("name", ["Acme", "a/b", "1st", "acme clips", "a" * 41, "acme\n", "ümlaut", "a-b"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="CLIPPER_TENANT is not the name of a tenant"):
        Settings(tenant=name)


def test_an_empty_name_is_none() -> None:
    assert Settings(tenant="").tenant is None
