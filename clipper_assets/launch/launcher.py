"""The run launcher for one machine, with or without GPUs.

Dagster documents that instances may have launchers of their own, but exports none of the classes to derive them from.
"""

import shutil
import tempfile
import time
from collections.abc import Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Self

import dagster as dg
from dagster._config.config_schema import UserConfigSchema
from dagster._core.launcher.base import CheckRunHealthResult, LaunchRunContext, RunLauncher, WorkerStatus
from dagster._grpc.types import ExecuteRunArgs
from dagster._serdes import ConfigurableClass
from dagster._serdes.config_class import ConfigurableClassData

from clipper_assets.launch.pools import set_limits
from clipper_assets.launch.workers import SurvivorsError, Worker, kill_leftovers, leftovers, start
from clipper_assets.runtime.gpus import VISIBLE, gpus_here
from clipper_assets.runtime.run_removal import run_log
from clipper_assets.settings import Settings

WORKER_TAG = "clipper/worker"
SCRATCH = "clipper-run-"
CANCEL_S = 10.0
"""Seconds that a cancelled run has to end by itself before it is killed."""
LOG_TAIL_BYTES = 4000


class LocalGpuRunLauncher(RunLauncher[Any], ConfigurableClass):
    """Launches each run as a process in its own session.

    A run sees no GPU; a step that computes on one takes a free GPU of this machine for its own time (`on_own_gpu`), so
    that runs overlap. When a worker is found dead, the remaining processes of its run are killed. Supports run
    monitoring; runs are not resumed, but retried by Dagster's run retries.
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
        scratch = self.scratch_of(run.run_id)
        scratch.mkdir(mode=0o700, exist_ok=True)
        worker = start(
            run.run_id,
            command,
            {"TMPDIR": str(scratch), **self._gpu_environment},
            self.log_of(run.run_id),
            on_end=partial(self._worker_ended, run.run_id),
        )
        self._workers[run.run_id] = worker
        self._instance.add_run_tags(run.run_id, {WORKER_TAG: worker.dump()})
        self._instance.report_engine_event(f"Started process {worker.pid}.", run, cls=self.__class__)

    @cached_property
    def _gpu_environment(self) -> Mapping[str, str]:
        """What tells runs of this machine's GPUs. The limits of the pools are set from the same ones.

        Looked up once, in the daemon, which is the only process that launches runs.
        """
        settings = Settings()
        set_limits(self._instance, settings)
        gpus = gpus_here(settings.gpus)
        if not gpus:
            return {} if settings.gpus is None else {VISIBLE: ""}
        locks = settings.gpu_locks or Path(self._instance.root_directory) / "gpus"
        return {VISIBLE: "", "CLIPPER_GPUS": ",".join(gpus), "CLIPPER_GPU_LOCKS": str(locks)}

    def _worker_ended(self, run_id: str) -> None:
        """Fails a run whose worker ended before the run started; run monitoring would notice only after a minute."""
        self._workers.pop(run_id, None)
        run = self._instance.get_run_by_id(run_id)
        if run and run.status is dg.DagsterRunStatus.STARTING:
            self._instance.report_run_failed(
                run, f"The process of the run ended before the run started.\n{self.get_run_worker_debug_info(run)}"
            )

    def log_of(self, run_id: str) -> Path:
        """Returns the file with the output of a run's processes."""
        return run_log(self._instance, run_id)

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
