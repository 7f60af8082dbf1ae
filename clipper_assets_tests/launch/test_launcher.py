"""The decisions of the launcher, with fake workers; `e2e/test_launcher.py` uses real runs."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.launcher.base import WorkerStatus
from dagster._core.test_utils import create_run_for_test

from clipper_assets.launch import launcher as module
from clipper_assets.launch.launcher import WORKER_TAG, LocalGpuRunLauncher
from clipper_assets.launch.workers import SurvivorsError, Worker, kill_leftovers, leftovers, this_process
from clipper_assets_tests.launch.test_workers import WAITS, start_ready

STUBBORN = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n" + WAITS


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    launcher = {"module": "clipper_assets.launch", "class": "LocalGpuRunLauncher"}
    with dg.instance_for_test(temp_dir=str(tmp_path), overrides={"run_launcher": launcher}) as instance:
        yield instance


@pytest.fixture
def launcher(instance: dg.DagsterInstance) -> LocalGpuRunLauncher:
    launcher = instance.run_launcher
    assert isinstance(launcher, LocalGpuRunLauncher)
    return launcher


@pytest.fixture
def run(instance: dg.DagsterInstance) -> Iterator[dg.DagsterRun]:
    run = create_run_for_test(instance, "clip_episode", status=dg.DagsterRunStatus.STARTED)
    yield run
    kill_leftovers(run.run_id)


def add_worker(instance: dg.DagsterInstance, run: dg.DagsterRun, folder: Path, code: str) -> Worker:
    worker = start_ready(run.run_id, folder, code)
    instance.add_run_tags(run.run_id, {WORKER_TAG: worker.dump()})
    return worker


def test_a_run_is_healthy_while_its_worker_is_alive(
    instance: dg.DagsterInstance, launcher: LocalGpuRunLauncher, run: dg.DagsterRun, tmp_path: Path
) -> None:
    assert launcher.check_run_worker_health(run).status is WorkerStatus.NOT_FOUND
    worker = add_worker(instance, run, tmp_path, WAITS)
    assert launcher.check_run_worker_health(run).status is WorkerStatus.RUNNING
    kill_leftovers(run.run_id)
    health = launcher.check_run_worker_health(run)
    assert health.status is WorkerStatus.FAILED
    assert health.msg == f"the worker process {worker.pid} is gone; 0 remaining processes of the run were killed"


def test_run_monitoring_leaves_a_run_alone_that_executes_in_the_process_of_a_command(
    instance: dg.DagsterInstance, launcher: LocalGpuRunLauncher
) -> None:
    """`clipper process` beside the daemon of `make dev`."""
    seen = []

    @dg.op
    def look(context: dg.OpExecutionContext) -> None:
        seen.append(launcher.check_run_worker_health(context.run).status)

    @dg.job(tags={WORKER_TAG: this_process().dump()})
    def process() -> None:
        look()

    assert process.execute_in_process(instance=instance).success
    assert seen == [WorkerStatus.RUNNING]


def test_a_run_with_unkillable_processes_is_still_reported_as_failed(
    launcher: LocalGpuRunLauncher, run: dg.DagsterRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(run_id: str) -> int:
        raise SurvivorsError(f"run {run_id} has processes that cannot be killed: [7]")

    monkeypatch.setattr(module, "kill_leftovers", cannot)
    health = launcher.check_run_worker_health(run)
    assert health.status is WorkerStatus.NOT_FOUND
    assert health.msg
    assert "cannot be killed: [7]" in health.msg


def test_a_worker_that_ignores_the_interrupt_is_killed(
    instance: dg.DagsterInstance,
    launcher: LocalGpuRunLauncher,
    run: dg.DagsterRun,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "CANCEL_S", 0.3)
    add_worker(instance, run, tmp_path, STUBBORN)
    assert launcher.terminate(run.run_id)
    assert leftovers(run.run_id) == []
    cancelled = instance.get_run_by_id(run.run_id)
    assert cancelled
    assert cancelled.status is dg.DagsterRunStatus.CANCELED
    assert not launcher.terminate(run.run_id)


def test_a_run_whose_worker_has_not_started_is_cancelled(
    instance: dg.DagsterInstance, launcher: LocalGpuRunLauncher
) -> None:
    run = create_run_for_test(instance, "clip_episode", status=dg.DagsterRunStatus.STARTING)
    assert launcher.terminate(run.run_id)
    cancelled = instance.get_run_by_id(run.run_id)
    assert cancelled
    assert cancelled.status is dg.DagsterRunStatus.CANCELED


def test_the_debug_info_is_the_end_of_the_log(launcher: LocalGpuRunLauncher, run: dg.DagsterRun) -> None:
    assert launcher.get_run_worker_debug_info(run) is None
    log = launcher.log_of(run.run_id)
    log.parent.mkdir(parents=True)
    log.write_text("x" * 10_000 + "the last words")
    debug_info = launcher.get_run_worker_debug_info(run)
    assert debug_info
    assert debug_info.endswith("the last words")
    assert len(debug_info) < 5000


def test_only_the_temporary_files_of_finished_runs_are_deleted(
    instance: dg.DagsterInstance,
    launcher: LocalGpuRunLauncher,
    run: dg.DagsterRun,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    finished = create_run_for_test(instance, "clip_episode", status=dg.DagsterRunStatus.FAILURE)
    exiting = create_run_for_test(instance, "clip_episode", status=dg.DagsterRunStatus.SUCCESS)
    worker = start_ready(exiting.run_id, tmp_path, WAITS)
    for run_id in (finished.run_id, run.run_id, exiting.run_id, "of-another-instance"):
        launcher.scratch_of(run_id).mkdir()
        (launcher.scratch_of(run_id) / "clip.mp4").touch()
    launcher.sweep()
    remaining = {path.name.removeprefix("clipper-run-") for path in tmp_path.glob("clipper-run-*")}
    assert remaining == {run.run_id, exiting.run_id, "of-another-instance"}
    assert worker.is_alive()
    kill_leftovers(exiting.run_id)
    launcher.sweep()
    assert not launcher.scratch_of(exiting.run_id).exists()
