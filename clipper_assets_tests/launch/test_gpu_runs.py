"""Which runs get a GPU, and what the queue does with them: the real daemon's looks at it, with pretended GPUs."""

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
def seen(monkeypatch: pytest.MonkeyPatch) -> dict[str, str | None]:
    """What each run that was started is told of GPUs; no process is."""
    seen: dict[str, str | None] = {}

    def start(run_id: str, command: Sequence[str], more: Mapping[str, str], log: Path, **_: object) -> Worker:
        seen[run_id] = more.get("CUDA_VISIBLE_DEVICES")
        return Worker(os.getpid(), 0.0)

    monkeypatch.setattr(module, "start", start)
    return seen


@pytest.fixture
def look(instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """One look of the daemon at its queue, in which nobody may sleep."""
    with create_test_daemon_workspace_context(EmptyWorkspaceTarget(), instance) as workspace:
        daemon = QueuedRunCoordinatorDaemon(interval_seconds=1)

        def look() -> None:
            with monkeypatch.context() as awake:
                awake.setattr(time, "sleep", lambda _: pytest.fail("the daemon slept"))
                assert [error for error in daemon.run_iteration(workspace) if error] == []

        yield look


def queued(instance: dg.DagsterInstance, *selected: str) -> str:
    """A run of those assets, or all, in the queue."""
    job = defs.resolve_job_def("clip_episode")
    keys = {dg.AssetKey(name) for name in selected}
    part = job.get_subset(asset_selection=keys) if keys else job
    return instance.create_run_for_job(
        part,
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


def test_a_run_waits_in_the_queue_for_a_gpu_and_one_that_needs_none_does_not(
    instance: dg.DagsterInstance,
    look: Callable[[], None],
    seen: dict[str, str | None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLIPPER_GPUS", "0")
    busy = Slots(tmp_path / "gpus", ["0"], 1).take()
    assert busy
    whole, rendering, picking = (
        queued(instance),
        queued(instance, "rendered_clips"),
        queued(instance, "highlight_windows"),
    )
    for _ in range(3):
        look()
        assert [status(instance, run_id) for run_id in (whole, rendering, picking)] == [QUEUED, QUEUED, STARTING]
    assert seen == {picking: ""}
    busy.release()
    look()
    assert (status(instance, whole), seen[whole]) == (STARTING, "0")
    started = instance.get_run_by_id(whole)
    assert started
    assert started.tags[GPU_TAG] == "0"


def test_no_run_waits_on_a_machine_without_a_gpu(
    instance: dg.DagsterInstance,
    look: Callable[[], None],
    seen: dict[str, str | None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLIPPER_GPUS", "")
    runs = [queued(instance), queued(instance, "highlight_windows")]
    look()
    assert [status(instance, run_id) for run_id in runs] == [STARTING, STARTING]
    assert seen == {runs[0]: None, runs[1]: ""}


def test_a_run_that_is_cancelled_while_it_is_launched_does_not_come_back(
    instance: dg.DagsterInstance,
    look: Callable[[], None],
    seen: dict[str, str | None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLIPPER_GPUS", "0")
    run_id = queued(instance)

    def taken(_: Slots) -> None:
        run = instance.get_run_by_id(run_id)
        assert run
        instance.report_run_canceled(run)

    monkeypatch.setattr(Slots, "take", taken)
    look()
    assert status(instance, run_id) is dg.DagsterRunStatus.CANCELED
    assert seen == {}
