"""Which runs get a GPU and which wait in the queue, with Dagster's real queue daemon and fake GPUs."""

import os
import sys
import time
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
from clipper_assets.launch.gpus import Slots
from clipper_assets.launch.launcher import GPU_TAG
from clipper_assets.launch.workers import Worker

QUEUED, STARTING = dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING
CODE = ModuleCodePointer("clipper_assets.definitions", "defs")
PARTITION = "show/talk.mp4"
ORIGIN = RemoteJobOrigin(
    RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("clipper_assets"), "__repository__"), "clip_episode"
)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    overrides = {
        "run_launcher": {"module": "clipper_assets.launch", "class": "LocalGpuRunLauncher"},
        "run_coordinator": {"module": "dagster", "class": "QueuedRunCoordinator"},
    }
    with dg.instance_for_test(temp_dir=str(tmp_path), overrides=overrides) as instance:
        instance.add_dynamic_partitions("episodes", [PARTITION])
        yield instance


@pytest.fixture
def visible_gpus(monkeypatch: pytest.MonkeyPatch) -> dict[str, str | None]:
    """`CUDA_VISIBLE_DEVICES` of each started run; no process is really started."""
    visible_gpus: dict[str, str | None] = {}

    def start(run_id: str, command: Sequence[str], environment: Mapping[str, str], log: Path, **_: object) -> Worker:
        visible_gpus[run_id] = environment.get("CUDA_VISIBLE_DEVICES")
        return Worker(os.getpid(), 0.0)

    monkeypatch.setattr(module, "start", start)
    return visible_gpus


@pytest.fixture
def tick(instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """One iteration of the queue daemon, which must not sleep."""
    with create_test_daemon_workspace_context(EmptyWorkspaceTarget(), instance) as workspace:
        daemon = QueuedRunCoordinatorDaemon(interval_seconds=1)

        def tick() -> None:
            with monkeypatch.context() as awake:
                awake.setattr(time, "sleep", lambda _: pytest.fail("the daemon slept"))
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


def test_only_runs_that_need_a_gpu_wait_for_a_free_one(
    instance: dg.DagsterInstance,
    tick: Callable[[], None],
    visible_gpus: dict[str, str | None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLIPPER_GPUS", "0")
    busy = Slots(tmp_path / "gpus", ["0"], 1).take()
    assert busy
    whole, rendering, picking = (
        add_queued_run(instance),
        add_queued_run(instance, "rendered_clips"),
        add_queued_run(instance, "highlight_windows"),
    )
    for _ in range(3):
        tick()
        assert [status(instance, run_id) for run_id in (whole, rendering, picking)] == [QUEUED, QUEUED, STARTING]
    assert visible_gpus == {picking: ""}
    busy.release()
    tick()
    assert (status(instance, whole), visible_gpus[whole]) == (STARTING, "0")
    started = instance.get_run_by_id(whole)
    assert started
    assert started.tags[GPU_TAG] == "0"


def test_runs_do_not_wait_on_a_machine_without_gpus(
    instance: dg.DagsterInstance,
    tick: Callable[[], None],
    visible_gpus: dict[str, str | None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLIPPER_GPUS", "")
    runs = [add_queued_run(instance), add_queued_run(instance, "highlight_windows")]
    tick()
    assert [status(instance, run_id) for run_id in runs] == [STARTING, STARTING]
    assert visible_gpus == {runs[0]: None, runs[1]: ""}


def test_a_run_cancelled_during_its_launch_is_not_queued_again(
    instance: dg.DagsterInstance,
    tick: Callable[[], None],
    visible_gpus: dict[str, str | None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLIPPER_GPUS", "0")
    run_id = add_queued_run(instance)

    def taken(_: Slots) -> None:
        run = instance.get_run_by_id(run_id)
        assert run
        instance.report_run_canceled(run)

    monkeypatch.setattr(Slots, "take", taken)
    tick()
    assert status(instance, run_id) is dg.DagsterRunStatus.CANCELED
    assert visible_gpus == {}
