"""`clipper doctor` on a real SQLite instance; container engines and clouds are fake servers on loopback."""

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
    """Creates the instance of DAGSTER_HOME from the contents of a dagster.yaml; its workspace has no code server."""
    workspace = tmp_path / "workspace.yaml"
    server = {"host": "127.0.0.1", "port": 1, "location_name": "clipper_assets"}
    workspace.write_text(yaml.safe_dump({"load_from": [{"grpc_server": server}]}))
    monkeypatch.setenv("CLIPPER_WORKSPACE", str(workspace))

    def make(**config: Any) -> Path:
        (tmp_path / "dagster.yaml").write_text(yaml.safe_dump({"telemetry": {"enabled": False}, **config}))
        monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
        return tmp_path

    return make


def finding_of(subject: str) -> Finding:
    """Runs the checks up to this one and returns its finding."""
    return next(finding for finding in examine_deployment(Settings()) if finding.subject == subject)


def server_with(bodies: Mapping[str, Any]) -> AbstractContextManager[str]:
    """A server that answers these paths with JSON and all others with 403; yields its URL."""

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


def test_without_an_instance_there_are_no_findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(examine_deployment(Settings())) == []
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    assert list(examine_deployment(Settings())) == []


def test_the_command_reports_the_deployment_in_the_same_table(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home()
    monkeypatch.setattr(doctor, "console", Console(width=1000))
    monkeypatch.setattr(doctor, "examine", lambda settings: iter([Finding("machine", True, "fine", True)]))
    result = CliRunner().invoke(cli.main, ["doctor"])
    assert result.exit_code == 1
    assert "machine" in result.output
    assert "cannot run: daemons, code location" in result.output


def test_an_instance_that_does_not_load_is_one_finding_of_one_line(home: Home) -> None:
    folder = home(storage={"postgres": {"postgres_db": {"password": {"env": "NOT_SET"}}}})
    (finding,) = examine_deployment(Settings())
    assert (finding.subject, finding.ok, finding.required) == ("instance", False, True)
    assert f"check {folder}/dagster.yaml" in finding.detail
    assert len(finding.detail.splitlines()) == 1


def test_an_outdated_schema_is_reported_with_its_remedy(home: Home) -> None:
    folder = home()
    assert finding_of("instance storage").ok
    with sqlite3.connect(folder / "history" / "runs.db") as database:
        database.execute("update alembic_version set version_num = 'older'")
    finding = finding_of("instance storage")
    assert not finding.ok
    assert finding.detail.startswith("the schema of the runs is at revision older instead of ")
    assert "`dagster instance migrate`" in finding.detail


@pytest.mark.parametrize(("age_s", "ok"), [(0, True), (SILENCE_S + 60, False)])
def test_daemons_need_a_recent_heartbeat(home: Home, age_s: float, ok: bool) -> None:
    with dg.DagsterInstance.from_config(str(home())) as instance:
        for daemon in instance.get_required_daemon_types():
            instance.add_daemon_heartbeat(DaemonHeartbeat(time.time() - age_s, daemon, "id", []))
    finding = finding_of("daemons")
    assert finding.ok is ok
    assert "SENSOR" in finding.detail


def test_a_daemon_with_errors_is_reported(home: Home) -> None:
    with dg.DagsterInstance.from_config(str(home())) as instance:
        assert not finding_of("daemons").ok
        error = SerializableErrorInfo("no", [], None)
        for daemon in instance.get_required_daemon_types():
            errors = [error] if daemon == "SENSOR" else []
            instance.add_daemon_heartbeat(DaemonHeartbeat(time.time(), daemon, "id", errors))
    assert finding_of("daemons").detail.startswith("no healthy heartbeat of SENSOR;")


def test_the_local_launcher_needs_nothing_else(home: Home) -> None:
    home(run_launcher={"module": "clipper_assets.launch", "class": "LocalGpuRunLauncher"})
    assert finding_of("run launcher") == Finding("run launcher", True, "LocalGpuRunLauncher", required=True)


def test_a_missing_launcher_class_is_named(home: Home) -> None:
    home(run_launcher={"module": "clipper_assets.launch", "class": "NoLauncher"})
    finding = finding_of("run launcher")
    assert not finding.ok
    assert "NoLauncher" in finding.detail


@pytest.mark.parametrize("is_running", [True, False])
def test_the_docker_engine_is_pinged(home: Home, monkeypatch: pytest.MonkeyPatch, is_running: bool) -> None:
    home(run_launcher={"module": "dagster_docker", "class": "DockerRunLauncher", "config": {"image": "clipper"}})
    paths = {"/version": {"ApiVersion": "1.44"}, **({"/v1.44/_ping": "OK"} if is_running else {})}
    with server_with(paths) as url:
        monkeypatch.setenv("DOCKER_HOST", url.replace("http://", "tcp://"))
        assert finding_of("run launcher").ok is is_running


@pytest.mark.parametrize("allowed", [True, False])
def test_permission_to_list_jobs_in_the_namespace_is_checked(home: Home, tmp_path: Path, allowed: bool) -> None:
    jobs = {"kind": "JobList", "apiVersion": "batch/v1", "metadata": {}, "items": []}
    with server_with({"/apis/batch/v1/namespaces/clipper/jobs": jobs} if allowed else {}) as url:
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
        finding = finding_of("run launcher")
    assert finding.ok is allowed
    assert ("namespace clipper" if allowed else "(403)") in finding.detail


def test_the_task_definition_of_runs_is_looked_up_in_ecs(home: Home, aws: str) -> None:
    config = {"task_definition": "clipper-run", "container_name": "run", "use_current_ecs_task_config": False}
    home(run_launcher={"module": "clipper_assets.launch.ecs", "class": "StrictEcsRunLauncher", "config": config})
    assert not finding_of("run launcher").ok
    boto3.client("ecs").register_task_definition(
        family="clipper-run", containerDefinitions=[{"name": "run", "image": "clipper", "memory": 512}]
    )
    finding = finding_of("run launcher")
    assert finding.ok, finding.detail
    assert "task-definition/clipper-run" in finding.detail


def test_writing_compute_logs_to_their_bucket_is_tried(home: Home, aws: str, tmp_path: Path) -> None:
    config = {"bucket": "logs", "prefix": "compute-logs", "local_dir": str(tmp_path / "logs")}
    module = "dagster_aws.s3.compute_log_manager"
    home(compute_logs={"module": module, "class": "S3ComputeLogManager", "config": config})
    finding = finding_of("compute logs")
    assert not finding.ok
    assert "check the bucket" in finding.detail
    boto3.client("s3").create_bucket(Bucket="logs")
    assert finding_of("compute logs").ok


def test_a_code_location_without_a_server_is_reported(home: Home) -> None:
    home()
    finding = finding_of("code location")
    assert not finding.ok
    assert finding.detail.startswith("clipper_assets does not load: ")


def test_a_missing_workspace_file_is_reported(home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home()
    monkeypatch.setenv("CLIPPER_WORKSPACE", str(tmp_path / "none.yaml"))
    assert "no workspace file" in finding_of("code location").detail


def test_the_limit_of_the_gpu_pool_is_reported_or_asked_for(home: Home) -> None:
    home()
    assert "dagster instance concurrency set gpu" in finding_of("pool gpu").detail
    home(concurrency={"pools": {"default_limit": 3}})
    assert finding_of("pool gpu").detail == "at most 3 steps at once"
    with dg.DagsterInstance.from_config(str(home())) as instance:
        instance.event_log_storage.set_concurrency_slots("gpu", 2)
    assert finding_of("pool gpu").detail == "at most 2 steps at once"


def test_tokens_are_reported_only_as_set_or_not(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home()
    assert not finding_of("AUTH_TOKEN").ok
    monkeypatch.setenv("AUTH_TOKEN", "a-token-of-the-tests-long-enough")
    assert finding_of("AUTH_TOKEN") == Finding("AUTH_TOKEN", True, "set", required=False)


def test_a_full_disk_is_reported(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home()
    assert finding_of("scratch space").ok
    monkeypatch.setattr(deployment, "SCRATCH_BYTES", 10**18)
    assert "TMPDIR" in finding_of("scratch space").detail
