"""The run launcher for one machine, with or without GPUs."""

import shutil
import tempfile
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Self

import dagster as dg
from dagster._config.config_schema import UserConfigSchema
from dagster._core.launcher.base import CheckRunHealthResult, LaunchRunContext, RunLauncher, WorkerStatus
from dagster._grpc.types import ExecuteRunArgs
from dagster._serdes import ConfigurableClass
from dagster._serdes.config_class import ConfigurableClassData

from clipper_assets.launch.gpus import Slots, gpus_here
from clipper_assets.launch.workers import SurvivorsError, Worker, kill_leftovers, leftovers, start
from clipper_assets.settings import Settings

WORKER_TAG, GPU_TAG = "clipper/worker", "clipper/gpu"
POOL = "gpu"
SCRATCH = "clipper-run-"
CANCEL_S = 10.0
"""Seconds that a cancelled run has to end by itself before it is killed."""
LOG_TAIL_BYTES = 4000


class LocalGpuRunLauncher(RunLauncher[Any], ConfigurableClass):
    """Launches each run as a process in its own session.

    A run with a step in the pool `gpu` gets a GPU, alone or shared (`CLIPPER_RUNS_PER_GPU`), and returns to the queue
    while none is free. Other runs see no GPU and do not wait for one. On a machine without GPUs all runs share the
    CPUs. When a worker is found dead, the remaining processes of its run are killed. Supports run monitoring; runs are
    not resumed, but retried by Dagster's run retries.
    """

    def __init__(self, inst_data: ConfigurableClassData | None = None):
        self._inst_data = inst_data
        self._workers: dict[str, Worker] = {}
        super().__init__()  # type: ignore[no-untyped-call]  # untyped in Dagster

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        return self._inst_data

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        return {}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Self:
        return cls(inst_data)

    def launch_run(self, context: LaunchRunContext) -> None:
        run, origin = context.dagster_run, context.job_code_origin
        if origin is None:
            raise dg.DagsterInvariantViolationError(
                f"run {run.run_id} has no code origin, so it cannot be launched; launch a new one"
            )
        command = ExecuteRunArgs(origin, run.run_id, self._instance.get_ref(), True).get_command_args()
        self.sweep()
        environment: dict[str, str] = {}
        slot = None
        if not self._needs_gpu(run):
            environment = {"CUDA_VISIBLE_DEVICES": ""}
        elif (slots := self.slots()).gpus:
            slot = slots.take()
            if slot is None:
                self._requeue(run)
                return
            environment = {"CUDA_VISIBLE_DEVICES": slot.gpu}
        try:
            scratch = self.scratch_of(run.run_id)
            scratch.mkdir(mode=0o700, exist_ok=True)
            worker = start(
                run.run_id,
                command,
                {"TMPDIR": str(scratch), **environment},
                self.log_of(run.run_id),
                lock=slot.lock if slot else None,
                on_end=partial(self._worker_ended, run.run_id),
            )
        finally:
            if slot:
                slot.release()
        self._workers[run.run_id] = worker
        self._instance.add_run_tags(run.run_id, {WORKER_TAG: worker.dump(), **({GPU_TAG: slot.gpu} if slot else {})})
        device = f"on GPU {slot.gpu}" if slot else "without a GPU"
        self._instance.report_engine_event(f"Started process {worker.pid} {device}.", run, cls=self.__class__)

    def _worker_ended(self, run_id: str) -> None:
        """Fails a run whose worker ended before the run started; run monitoring would notice only after a minute."""
        self._workers.pop(run_id, None)
        run = self._instance.get_run_by_id(run_id)
        if run and run.status is dg.DagsterRunStatus.STARTING:
            self._instance.report_run_failed(
                run, f"The process of the run ended before the run started.\n{self.get_run_worker_debug_info(run)}"
            )

    def _needs_gpu(self, run: dg.DagsterRun) -> bool:
        """Whether a step of the run is in the GPU pool; assumed for a run without a stored plan."""
        if run.execution_plan_snapshot_id is None:
            return True
        plan = self._instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id)
        executed = set(run.step_keys_to_execute or plan.step_keys_to_execute)
        return any(step.pool == POOL for step in plan.steps if step.key in executed)

    def slots(self) -> Slots:
        """Returns the GPU slots of this machine, and adapts the limit of the pool to them."""
        settings = Settings()
        slots = Slots(Path(self._instance.root_directory) / "gpus", gpus_here(settings.gpus), settings.runs_per_gpu)
        if slots.gpus:
            self._limit_pool(len(slots.gpus) * slots.share)
        return slots

    def _requeue(self, run: dg.DagsterRun) -> None:
        """Puts a run back into the queue, where it keeps its place by age until the daemon tries it again.

        A run that has been cancelled in the meantime stays cancelled.
        """
        current = self._instance.get_run_by_id(run.run_id)
        if current and current.status is dg.DagsterRunStatus.STARTING:
            self._instance.report_dagster_event(dg.DagsterEvent.job_enqueue(current), run_id=run.run_id)

    def _limit_pool(self, slot_count: int) -> None:
        """Limits the GPU pool to the number of slots, unless an operator has set a limit."""
        storage = self._instance.event_log_storage
        if not any(limit.name == POOL and not limit.from_default for limit in storage.get_pool_limits()):
            storage.set_concurrency_slots(POOL, slot_count)

    def log_of(self, run_id: str) -> Path:
        """Returns the file with the output of a run's processes."""
        return Path(self._instance.root_directory) / "runs" / f"{run_id}.log"

    def scratch_of(self, run_id: str) -> Path:
        """Returns the folder for the temporary files of a run."""
        return Path(tempfile.gettempdir()) / f"{SCRATCH}{run_id}"

    def sweep(self) -> None:
        """Deletes the temporary files of this instance's finished runs, because a killed run cannot do so itself."""
        for folder in Path(tempfile.gettempdir()).glob(f"{SCRATCH}*"):
            run = self._instance.get_run_by_id(folder.name.removeprefix(SCRATCH))
            if run and run.is_finished and not leftovers(run.run_id):
                shutil.rmtree(folder)

    @property
    def supports_check_run_worker_health(self) -> bool:
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        worker = self._worker(run.run_id)
        if worker and worker.is_alive():
            return CheckRunHealthResult(WorkerStatus.RUNNING, run_worker_id=str(worker.pid))
        try:
            cleanup = f"{kill_leftovers(run.run_id)} remaining processes of the run were killed"
        except SurvivorsError as survivors:
            cleanup = str(survivors)
        if worker is None:
            return CheckRunHealthResult(WorkerStatus.NOT_FOUND, f"the run has no worker process; {cleanup}")
        message = f"the worker process {worker.pid} is gone; {cleanup}"
        return CheckRunHealthResult(WorkerStatus.FAILED, message, run_worker_id=str(worker.pid))

    def get_run_worker_debug_info(self, run: dg.DagsterRun, include_container_logs: bool | None = True) -> str | None:
        log = self.log_of(run.run_id)
        if not log.is_file():
            return None
        with log.open("rb") as file:
            file.seek(max(log.stat().st_size - LOG_TAIL_BYTES, 0))
            return f"The end of {log}:\n{file.read().decode(errors='replace')}"

    def terminate(self, run_id: str) -> bool:
        """Interrupts the worker, and kills the processes of the run that are still alive after `CANCEL_S`.

        Returns False only if the run had finished. A run whose worker has not been started yet is cancelled too: the
        worker finds that when it starts.
        """
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return False
        self._instance.report_run_canceling(run)
        worker = self._worker(run_id)
        if worker:
            worker.interrupt()
        ended = worker is None or worker.wait(CANCEL_S)
        killed = kill_leftovers(run_id)
        current = self._instance.get_run_by_id(run_id)
        if current and not current.is_finished:
            outcome = (
                "It ended" if ended else f"It did not end within {CANCEL_S:g} s, so {killed} processes were killed"
            )
            self._instance.report_run_canceled(current, f"{outcome} without reporting its cancellation.")
        return True

    def _worker(self, run_id: str) -> Worker | None:
        run = self._instance.get_run_by_id(run_id)
        return Worker.parse(run.tags[WORKER_TAG]) if run and WORKER_TAG in run.tags else None

    def join(self, timeout: int = 30) -> None:
        deadline = time.monotonic() + timeout
        for run_id, worker in list(self._workers.items()):
            if not worker.wait(max(deadline - time.monotonic(), 0)):
                raise TimeoutError(f"run {run_id} did not end within {timeout} s")
