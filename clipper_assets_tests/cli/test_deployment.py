"""`clipper doctor` on a real instance in SQLite; engines and clouds are servers on loopback."""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import boto3
import dagster as dg
import pytest
import yaml
from click.testing import CliRunner
from dagster._daemon.types import DaemonHeartbeat
from dagster_shared.error import SerializableErrorInfo
from moto.server import ThreadedMotoServer
from rich.console import Console
from werkzeug.wrappers import Request, Response

from clipper_assets import cli
from clipper_assets.cli import deployment, doctor
from clipper_assets.cli.deployment import examine_deployment
from clipper_assets.cli.machine import Finding
from clipper_assets.runtime.daemons import SILENCE_S
from clipper_assets.settings import Settings
from clipper_assets_tests.support.loopback import on_loopback

Home = Callable[..., Path]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Makes the instance of DAGSTER_HOME, with what its dagster.yaml says; its workspace has no server."""
    workspace = tmp_path / "workspace.yaml"
    server = {"host": "127.0.0.1", "port": 1, "location_name": "clipper_assets"}
    workspace.write_text(yaml.safe_dump({"load_from": [{"grpc_server": server}]}))
    monkeypatch.setenv("CLIPPER_WORKSPACE", str(workspace))

    def make(**config: Any) -> Path:
        (tmp_path / "dagster.yaml").write_text(yaml.safe_dump({"telemetry": {"enabled": False}, **config}))
        monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
        return tmp_path

    return make


def found(subject: str) -> Finding:
    """Looks no further than to this one."""
    return next(each for each in examine_deployment(Settings()) if each.subject == subject)


def answering(bodies: Mapping[str, Any]) -> AbstractContextManager[str]:
    """The URL of a server that has JSON at these paths and 403 elsewhere."""

    @Request.application
    def answer(request: Request) -> Response:
        known = request.path in bodies
        body = json.dumps(bodies.get(request.path, {"message": "forbidden"}))
        return Response(body, 200 if known else 403, content_type="application/json")

    return on_loopback(answer)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    yield url
    server.stop()


def test_a_machine_without_an_instance_has_no_deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(examine_deployment(Settings())) == []
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    assert list(examine_deployment(Settings())) == []


def test_the_command_line_has_it_in_the_same_table(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home()
    monkeypatch.setattr(doctor, "console", Console(width=1000))
    monkeypatch.setattr(doctor, "examine", lambda settings: iter([Finding("machine", True, "fine", True)]))
    result = CliRunner().invoke(cli.main, ["doctor"])
    assert result.exit_code == 1
    assert "machine" in result.output
    assert "cannot run: daemons, code location" in result.output


def test_an_instance_that_does_not_load_is_one_line(home: Home) -> None:
    folder = home(storage={"postgres": {"postgres_db": {"password": {"env": "NOT_SET"}}}})
    (finding,) = examine_deployment(Settings())
    assert (finding.subject, finding.ok, finding.required) == ("instance", False, True)
    assert f"check {folder}/dagster.yaml" in finding.detail
    assert len(finding.detail.splitlines()) == 1


def test_a_schema_that_is_behind_is_told_with_its_remedy(home: Home) -> None:
    folder = home()
    assert found("instance storage").ok
    with sqlite3.connect(folder / "history" / "runs.db") as database:
        database.execute("update alembic_version set version_num = 'older'")
    finding = found("instance storage")
    assert not finding.ok
    assert finding.detail.startswith("the schema of the runs is at older instead of ")
    assert "`dagster instance migrate`" in finding.detail


@pytest.mark.parametrize(("age_s", "ok"), [(0, True), (SILENCE_S + 60, False)])
def test_daemons_are_well_that_said_so_a_moment_ago(home: Home, age_s: float, ok: bool) -> None:
    with dg.DagsterInstance.from_config(str(home())) as instance:
        for daemon in instance.get_required_daemon_types():
            instance.add_daemon_heartbeat(DaemonHeartbeat(time.time() - age_s, daemon, "id", []))
    finding = found("daemons")
    assert finding.ok is ok
    assert "SENSOR" in finding.detail


def test_a_daemon_with_errors_is_not_well(home: Home) -> None:
    with dg.DagsterInstance.from_config(str(home())) as instance:
        assert not found("daemons").ok
        error = SerializableErrorInfo("no", [], None)
        for daemon in instance.get_required_daemon_types():
            errors = [error] if daemon == "SENSOR" else []
            instance.add_daemon_heartbeat(DaemonHeartbeat(time.time(), daemon, "id", errors))
    assert found("daemons").detail.startswith("no healthy heartbeat of SENSOR;")


def test_the_launcher_of_one_machine_needs_nothing_else(home: Home) -> None:
    home(run_launcher={"module": "clipper_assets.launch", "class": "LocalGpuRunLauncher"})
    assert found("run launcher") == Finding("run launcher", True, "LocalGpuRunLauncher", required=True)


def test_a_launcher_that_is_not_installed(home: Home) -> None:
    home(run_launcher={"module": "clipper_assets.launch", "class": "NoLauncher"})
    finding = found("run launcher")
    assert not finding.ok
    assert "NoLauncher" in finding.detail


@pytest.mark.parametrize("there", [True, False])
def test_the_docker_engine_is_asked(home: Home, monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    home(run_launcher={"module": "dagster_docker", "class": "DockerRunLauncher", "config": {"image": "clipper"}})
    paths = {"/version": {"ApiVersion": "1.44"}, **({"/v1.44/_ping": "OK"} if there else {})}
    with answering(paths) as url:
        monkeypatch.setenv("DOCKER_HOST", url.replace("http://", "tcp://"))
        assert found("run launcher").ok is there


@pytest.mark.parametrize("allowed", [True, False])
def test_kubernetes_is_asked_for_the_jobs_of_the_namespace(home: Home, tmp_path: Path, allowed: bool) -> None:
    jobs = {"kind": "JobList", "apiVersion": "batch/v1", "metadata": {}, "items": []}
    with answering({"/apis/batch/v1/namespaces/clipper/jobs": jobs} if allowed else {}) as url:
        cluster = {"name": "here", "cluster": {"server": url}}
        context = {"name": "here", "context": {"cluster": "here", "user": "nobody"}}
        access = {"clusters": [cluster], "contexts": [context], "current-context": "here"}
        file = tmp_path / "kubeconfig"
        file.write_text(yaml.safe_dump({**access, "users": [{"name": "nobody", "user": {}}]}))
        config = {
            "service_account_name": "dagster",
            "instance_config_map": "dagster-instance",
            "dagster_home": "/opt/dagster",
            "job_namespace": "clipper",
            "load_incluster_config": False,
            "kubeconfig_file": str(file),
        }
        home(run_launcher={"module": "dagster_k8s", "class": "K8sRunLauncher", "config": config})
        finding = found("run launcher")
    assert finding.ok is allowed
    assert ("namespace clipper" if allowed else "(403)") in finding.detail


def test_ecs_is_asked_for_the_task_definition_of_runs(home: Home, aws: str) -> None:
    config = {"task_definition": "clipper-run", "container_name": "run", "use_current_ecs_task_config": False}
    home(run_launcher={"module": "clipper_assets.launch.ecs", "class": "StrictEcsRunLauncher", "config": config})
    assert not found("run launcher").ok
    boto3.client("ecs").register_task_definition(
        family="clipper-run", containerDefinitions=[{"name": "run", "image": "clipper", "memory": 512}]
    )
    finding = found("run launcher")
    assert finding.ok, finding.detail
    assert "task-definition/clipper-run" in finding.detail


def test_compute_logs_are_written_to_their_bucket(home: Home, aws: str, tmp_path: Path) -> None:
    config = {"bucket": "logs", "prefix": "compute-logs", "local_dir": str(tmp_path / "logs")}
    module = "dagster_aws.s3.compute_log_manager"
    home(compute_logs={"module": module, "class": "S3ComputeLogManager", "config": config})
    finding = found("compute logs")
    assert not finding.ok
    assert "check the bucket" in finding.detail
    boto3.client("s3").create_bucket(Bucket="logs")
    assert found("compute logs").ok


def test_a_code_location_without_a_server_does_not_load(home: Home) -> None:
    home()
    finding = found("code location")
    assert not finding.ok
    assert finding.detail.startswith("clipper_assets does not load: ")


def test_a_workspace_that_is_not_there(home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home()
    monkeypatch.setenv("CLIPPER_WORKSPACE", str(tmp_path / "none.yaml"))
    assert "there is no workspace file" in found("code location").detail


def test_the_pool_has_a_limit(home: Home) -> None:
    home()
    assert "dagster instance concurrency set gpu" in found("pool gpu").detail
    home(concurrency={"pools": {"default_limit": 3}})
    assert found("pool gpu").detail == "3 at once"
    with dg.DagsterInstance.from_config(str(home())) as instance:
        instance.event_log_storage.set_concurrency_slots("gpu", 2)
    assert found("pool gpu").detail == "2 at once"


def test_tokens_are_told_by_presence(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home()
    assert not found("AUTH_TOKEN").ok
    monkeypatch.setenv("AUTH_TOKEN", "a-token-of-the-tests-long-enough")
    assert found("AUTH_TOKEN") == Finding("AUTH_TOKEN", True, "set", required=False)


def test_a_full_disk_is_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home()
    assert found("scratch space").ok
    monkeypatch.setattr(deployment, "SCRATCH_BYTES", 10**18)
    assert "TMPDIR" in found("scratch space").detail
