"""Checks of `clipper doctor` on a deployment: the Dagster instance of DAGSTER_HOME and what its runs need."""

import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg

from clipper_assets.cli.machine import Finding
from clipper_assets.runtime.compute_logs import write_compute_log
from clipper_assets.runtime.daemons import heartbeats
from clipper_assets.runtime.pools import ENCODE, GPU, LLM
from clipper_assets.runtime.workspace import load_workspace
from clipper_assets.settings import Settings

SCRATCH_BYTES = 2_000_000_000
"""Free bytes that a run needs in its temporary folder, with a margin."""
PROBE = ["clipper-doctor"]


def examine_deployment(settings: Settings) -> Iterator[Finding]:
    """Checks the instance of DAGSTER_HOME, if it has a dagster.yaml. Of secrets, reports only whether they are set."""
    home = os.environ.get("DAGSTER_HOME")
    if not home or not (Path(home) / "dagster.yaml").is_file():
        return
    try:
        instance = dg.DagsterInstance.from_config(home)
    except Exception as error:  # noqa: BLE001  # each database driver and cloud client raises its own errors
        yield Finding("instance", False, f"{_sentence(error)}; check {home}/dagster.yaml and its environment", True)
        return
    with instance:
        yield Finding("instance", True, f"{home}/dagster.yaml", required=True)
        remedy = "check the database, and run `dagster instance migrate` after an upgrade"
        yield _attempt("instance storage", lambda: _schema(instance), remedy)
        yield _attempt(
            "daemons", lambda: heartbeats(instance), "check that `dagster-daemon run` is running, and see its log"
        )
        yield _attempt("run launcher", lambda: _launcher(instance), "check its settings, address and permissions")
        yield _attempt("compute logs", lambda: _write_log(instance), "check the bucket or folder and its permissions")
        for pool in (GPU, ENCODE, LLM):
            remedy = f"run `clipper pools`, or `dagster instance concurrency set {pool} N`"
            yield _attempt(f"pool {pool}", partial(_pool, instance, pool), remedy, required=False)
        token = bool(settings.auth_token)
        yield Finding("AUTH_TOKEN", token, "set" if token else "not set; clipper-api needs it", False)
        yield _attempt("scratch space", _scratch, "free some space, or set TMPDIR to a larger folder", required=False)
        yield _attempt("code location", lambda: _locations(instance, settings), "check CLIPPER_WORKSPACE and its log")


def _attempt(subject: str, check: Callable[[], str], remedy: str, required: bool = True) -> Finding:
    """Runs a check. The finding has its result, or the reason why it failed and the remedy."""
    try:
        return Finding(subject, True, check(), required)
    except Exception as error:  # noqa: BLE001  # see above
        return Finding(subject, False, f"{_sentence(error)}; {remedy}", required)


def _sentence(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".:;") if lines else type(error).__name__


def _schema(instance: dg.DagsterInstance) -> str:
    """Raises RuntimeError if the schema of the database does not match the installed Dagster."""
    parts: dict[str, Any] = {
        "runs": instance.run_storage,
        "events": instance.event_log_storage,
        "schedules": instance.schedule_storage,
    }
    for name, storage in parts.items():
        revision, newest = storage.alembic_version()
        if revision != newest:
            raise RuntimeError(f"the schema of the {name} is at revision {revision} instead of {newest}")
    instance.get_runs_count()
    return f"{type(instance.run_storage).__name__}, schema up to date"


def _launcher(instance: dg.DagsterInstance) -> str:
    launcher: Any = instance.run_launcher
    name = type(launcher).__name__
    match name:
        case "DockerRunLauncher":
            import docker  # noqa: PLC0415  # installed with this launcher

            docker.from_env().ping()
            return f"{name}, the engine answers"
        case "K8sRunLauncher":
            launcher._api_client.batch_api.list_namespaced_job(namespace=launcher.job_namespace, limit=1)
            return f"{name}, may list jobs in namespace {launcher.job_namespace}"
        case "EcsRunLauncher" | "StrictEcsRunLauncher":
            response = launcher.ecs.describe_task_definition(taskDefinition=launcher.task_definition)
            return f"{name}, starts {response['taskDefinition']['taskDefinitionArn']}"
    return name


def _write_log(instance: dg.DagsterInstance) -> str:
    name = write_compute_log(instance, PROBE, "ok\n")
    return f"{name}, is writable"


def _locations(instance: dg.DagsterInstance, settings: Settings) -> str:
    """Raises RuntimeError if a code location of the workspace does not load."""
    if not settings.workspace.is_file():
        raise RuntimeError(f"no workspace file {settings.workspace}")
    with warnings.catch_warnings():
        # Dagster's warning has a traceback; the error is reported in one sentence instead.
        warnings.simplefilter("ignore")
        with load_workspace(instance, settings.workspace) as context:
            entries = context.create_request_context().get_code_location_entries()
    for name, entry in entries.items():
        if entry.load_error:
            raise RuntimeError(f"{name} does not load: {entry.load_error.message.strip().splitlines()[0]}")
    return f"{', '.join(entries)} loads"


def _pool(instance: dg.DagsterInstance, pool: str) -> str:
    """Raises RuntimeError if the number of concurrent steps in the pool is not limited."""
    limits = {limit.name: limit.limit for limit in instance.event_log_storage.get_pool_limits()}
    limit = limits.get(pool, instance.global_op_concurrency_default_limit)
    if limit is None:
        raise RuntimeError("the pool has no limit")
    return f"at most {limit} steps at once"


def _scratch() -> str:
    """Raises RuntimeError if less than `SCRATCH_BYTES` are free."""
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < SCRATCH_BYTES:
        raise RuntimeError(f"{folder} has {free / 1e9:.1f} GB free, but a run may need {SCRATCH_BYTES / 1e9:.1f} GB")
    return f"{free / 1e9:.1f} GB free in {folder}"
