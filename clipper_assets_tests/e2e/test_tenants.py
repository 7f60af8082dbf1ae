"""Two tenants in one Dagster instance, as in deploy/tenants: a daemon, a webserver, two code servers and two APIs."""

import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from clipper_assets_tests.support.servers import (
    PROJECT,
    SCRIPTS,
    Api,
    CountingS3,
    api_beside,
    deployed,
    free_port,
    serving_s3,
    wait_for,
)

pytestmark = pytest.mark.deploy

TENANTS = ("acme", "globex")
KEY = "test1/sample.mp4"


@dataclass(frozen=True)
class World:
    """The tenants' bucket of each name, their APIs, and the instance that they share."""

    s3: CountingS3
    apis: Mapping[str, Api]
    instance: dg.DagsterInstance

    def objects(self, tenant: str) -> set[str]:
        return {each["Key"] for each in self.s3.client.list_objects_v2(Bucket=tenant).get("Contents", [])}

    def json(self, tenant: str, path: str) -> Any:
        answer = self.apis[tenant].request("GET", path, token=f"token-of-{tenant}")
        assert answer.ok, answer.text
        return answer.json()


def environment_of(tenant: str, s3: CountingS3) -> dict[str, str]:
    """Settings of a tenant, with an access key by which the requests of its processes are told apart."""
    return {
        **s3.environment,
        "AWS_ACCESS_KEY_ID": f"key-of-{tenant}",
        "CLIPPER_TENANT": tenant,
        "CLIPPER_STORAGE": f"s3://{tenant}",
        "CLIPPER_WINDOW_MIN_S": "3",
        "CLIPPER_WINDOW_MAX_S": "6",
        "AUTH_TOKEN": f"token-of-{tenant},operator:operator-of-{tenant}",
    }


@contextmanager
def code_server(port: int, environment: Mapping[str, str], log: Path) -> Iterator[None]:
    command = [str(SCRIPTS / "dagster"), "api", "grpc", "--module-name", "clipper_assets.definitions"]
    command += ["--port", str(port), "--location-name", environment["CLIPPER_TENANT"]]
    with log.open("ab") as stream:
        process = subprocess.Popen(command, env=environment, cwd=PROJECT, stdout=stream, stderr=stream)

    def listens() -> bool | None:
        assert process.poll() is None, log.read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0 or None

    try:
        wait_for("the start of a code server", listens)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    ports = {tenant: free_port() for tenant in TENANTS}
    variables = {f"{tenant.upper()}_PORT": str(port) for tenant, port in ports.items()}
    home, workspace = tmp_path / "home", PROJECT / "deploy" / "tenants" / "workspace.yaml"
    home.mkdir()
    shutil.copy(workspace.with_name("dagster.yaml"), home)
    with ExitStack() as servers:
        s3 = servers.enter_context(serving_s3())
        for tenant, port in ports.items():
            s3.client.create_bucket(Bucket=tenant)
            environment = {**os.environ, **variables, **environment_of(tenant, s3), "DAGSTER_HOME": str(home)}
            servers.enter_context(code_server(port, environment, tmp_path / f"{tenant}.log"))
        served = servers.enter_context(deployed(tmp_path, "s3://none", workspace, **variables))
        apis = {}
        for tenant in TENANTS:
            more = {**environment_of(tenant, s3), "CLIPPER_WORKSPACE": str(workspace)}
            apis[tenant] = servers.enter_context(api_beside(served, None, (), **more))
        instance = servers.enter_context(dg.DagsterInstance.from_config(str(home)))
        yield World(s3, apis, instance)


def test_the_same_key_in_two_buckets_is_two_episodes(world: World, cut: Path) -> None:
    for tenant in TENANTS:
        for suffix in (".srt", ".mp4"):
            key = KEY.replace(".mp4", suffix)
            world.s3.client.upload_file(str(cut.with_suffix(suffix)), tenant, key)

    def done(tenant: str) -> bool | None:
        listed = world.json(tenant, "/episodes")["episodes"]
        assert not any(each["state"] == "failed" for each in listed), listed
        return [each["state"] for each in listed] == ["done"] or None

    for tenant in TENANTS:
        wait_for(f"the clips of {tenant}", partial(done, tenant))
    for tenant, other in (TENANTS, TENANTS[::-1]):
        own_runs = runs_of(world.instance, tenant)
        assert len(own_runs) == 1
        manifest = json.loads(world.s3.client.get_object(Bucket=tenant, Key="test1/clips/manifest.json")["Body"].read())
        assert {manifest["run_id"]} == own_runs
        assert world.json(tenant, f"/episodes/{KEY}")["run_id"] in own_runs
        assert world.instance.get_dynamic_partitions(f"{tenant}/episodes") == [KEY]
        assert world.instance.get_dynamic_partitions(f"{tenant}/shows") == ["test1"]
        assert {request.signer for request in world.s3.requests if request.path.startswith(f"/{tenant}/")} <= {
            f"key-of-{tenant}",
            "testing",  # this test
        }
        refused = world.apis[tenant].request("GET", "/episodes", token=f"token-of-{other}")
        assert refused.status_code == 401
        metrics = world.apis[tenant].request("GET", "/metrics", token=f"token-of-{tenant}").text
        assert 'clipper_runs{status="success"} 1.0' in metrics
        schema = world.apis[tenant].request(
            "POST", "/graphql", token=f"operator-of-{tenant}", json={"query": "{version}"}
        )
        assert (schema.status_code, "all tenants" in schema.json()["detail"]) == (403, True)
    assert world.instance.get_dynamic_partitions("episodes") == []
    runs = world.instance.get_runs()
    assert {run.tags["clipper/show"] for run in runs} == {"test1"}
    assert {run.tags["clipper/tenant_show"] for run in runs} == {f"{tenant}/test1" for tenant in TENANTS}
    assert {key.path[0] for key in world.instance.get_asset_keys()} == set(TENANTS)

    before, kept = world.objects("globex"), runs_of(world.instance, "globex")
    removed = world.apis["acme"].request("DELETE", f"/episodes/{KEY}", token="token-of-acme")
    assert removed.status_code == 204, removed.text
    # The Delta tables, lake/library/clips among them, stay until the next refresh.
    assert [key for key in world.objects("acme") if "clips" in key and not key.startswith("lake/library/")] == []
    assert world.json("acme", "/episodes")["episodes"] == []
    assert runs_of(world.instance, "acme") == set()
    assert world.objects("globex") == before
    assert runs_of(world.instance, "globex") == kept
    assert [world.instance.get_dynamic_partitions(f"{tenant}/shows") for tenant in TENANTS] == [[], ["test1"]]
    assert done("globex")


def runs_of(instance: dg.DagsterInstance, tenant: str) -> set[str]:
    return {run.run_id for run in instance.get_runs(dg.RunsFilter(tags={"dagster/code_location": tenant}))}
