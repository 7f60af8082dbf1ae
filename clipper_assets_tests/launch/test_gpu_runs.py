"""What runs learn about the GPUs of the machine, with Dagster's real queue daemon and fake GPUs."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.test_utils import create_test_daemon_workspace_context
from dagster._core.workspace.load_target import EmptyWorkspaceTarget
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import QueuedRunCoordinatorDaemon

from clipper_assets.definitions import defs
from clipper_assets.launch import launcher as module
from clipper_assets.launch.workers import Worker

QUEUED, STARTING = dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING
PARTITION = "show/talk.mp4"
ORIGIN = RemoteJobOrigin(
    RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("clipper_assets"), "__repository__"), "clip_episode"
)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """An instance with the concurrency of the project's dagster.yaml."""
    overrides = {
        "run_launcher": {"module": "clipper_assets.launch", "class": "LocalGpuRunLauncher"},
        "concurrency": {
            "runs": {"max_concurrent_runs": 8},
            "pools": {"default_limit": 1, "granularity": "op", "op_granularity_run_buffer": 8},
        },
    }
    with dg.instance_for_test(temp_dir=str(tmp_path), overrides=overrides) as instance:
        instance.add_dynamic_partitions("episodes", [PARTITION])
        yield instance


@pytest.fixture
def environments(monkeypatch: pytest.MonkeyPatch) -> dict[str, Mapping[str, str]]:
    """The environment of each started run; no process is really started."""
    environments: dict[str, Mapping[str, str]] = {}

    def start(run_id: str, command: Sequence[str], environment: Mapping[str, str], log: Path, **_: object) -> Worker:
        environments[run_id] = {name: value for name, value in environment.items() if name != "TMPDIR"}
        return Worker(os.getpid(), 0.0)

    monkeypatch.setattr(module, "start", start)
    return environments


@pytest.fixture
def tick(instance: dg.DagsterInstance) -> Iterator[Callable[[], None]]:
    """One iteration of the queue daemon."""
    with create_test_daemon_workspace_context(EmptyWorkspaceTarget(), instance) as workspace:
        daemon = QueuedRunCoordinatorDaemon(interval_seconds=1)

        def tick() -> None:
            assert [error for error in daemon.run_iteration(workspace) if error] == []

        yield tick


def add_queued_run(instance: dg.DagsterInstance, *selected: str) -> str:
    """Adds a run of these assets, or of all, to the queue; returns its id."""
    job = defs.resolve_job_def("clip_episode")
    keys = {dg.AssetKey(name) for name in selected}
    selected_job = job.get_subset(asset_selection=keys) if keys else job
    return instance.create_run_for_job(
        selected_job,
        asset_selection=frozenset(keys) or None,
        status=QUEUED,
        tags={"dagster/partition": PARTITION},
        remote_job_origin=ORIGIN,
        job_code_origin=JobPythonOrigin(
            "clip_episode",
            RepositoryPythonOrigin(sys.executable, ModuleCodePointer("clipper_assets.definitions", "defs")),
        ),
    ).run_id


def status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run
    return run.status


def limits(instance: dg.DagsterInstance) -> dict[str, int]:
    return {limit.name: limit.limit for limit in instance.event_log_storage.get_pool_limits()}


def test_runs_overlap_and_see_no_gpu_before_the_step_that_takes_one(
    instance: dg.DagsterInstance,
    tick: Callable[[], None],
    environments: dict[str, Mapping[str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLIPPER_GPUS", "0,1")
    monkeypatch.setenv("CLIPPER_RUNS_PER_GPU", "2")
    runs = [add_queued_run(instance, "aligned_transcript") for _ in range(3)]
    tick()
    assert {status(instance, run_id) for run_id in runs} == {STARTING}
    expected = {"CUDA_VISIBLE_DEVICES": "", "CLIPPER_GPUS": "0,1", "CLIPPER_GPU_LOCKS": str(tmp_path / "gpus")}
    assert environments == dict.fromkeys(runs, expected)
    assert limits(instance)["gpu"] == 4


def test_a_retry_from_the_transcript_starts_although_others_wait_for_a_gpu(
    instance: dg.DagsterInstance, tick: Callable[[], None], environments: dict[str, Mapping[str, str]]
) -> None:
    """Otherwise new episodes, which start with another step, would overtake it for as long as some are waiting."""
    storage = instance.event_log_storage
    storage.set_concurrency_slots("gpu", 1)
    for number in range(7):
        storage.claim_concurrency_slot("gpu", f"run{number}", "aligned_transcript")
    retry = add_queued_run(instance, "aligned_transcript")
    tick()
    assert status(instance, retry) is STARTING


@pytest.mark.parametrize(
    ("named", "expected"),
    [pytest.param("", {"CUDA_VISIBLE_DEVICES": ""}, id="none wanted"), pytest.param(None, {}, id="none there")],
)
def test_without_gpus_runs_share_the_cores(
    instance: dg.DagsterInstance,
    tick: Callable[[], None],
    environments: dict[str, Mapping[str, str]],
    named: str | None,
    expected: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if named is not None:
        monkeypatch.setenv("CLIPPER_GPUS", named)
    run_id = add_queued_run(instance, "aligned_transcript")
    tick()
    assert environments == {run_id: expected}
    assert limits(instance)["gpu"] == 1
