"""The run launcher of the simulation, which executes runs in warm processes."""

import logging
from collections.abc import Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from typing import Any, Self

import dagster as dg
from dagster._cli.api import _execute_run_command_body
from dagster._core.launcher.base import LaunchRunContext, RunLauncher
from dagster._serdes import ConfigurableClass
from dagster._serdes.config_class import ConfigurableClassData

log = logging.getLogger("dagster.benchmarks")


class WarmLauncher(RunLauncher[Any], ConfigurableClass):
    """Executes runs in a pool of long-lived processes, one per place, that have imported everything.

    A new process per run would cost seconds of CPU for imports. A deployment spends them on the machines of the runs,
    but the simulation has only one machine.
    """

    def __init__(self, places: int, inst_data: ConfigurableClassData | None = None):
        self._inst_data = inst_data
        self._places = ProcessPoolExecutor(places, mp_context=get_context("spawn"))
        super().__init__()  # type: ignore[no-untyped-call]  # untyped in Dagster

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        return self._inst_data

    @classmethod
    def config_type(cls) -> Any:
        return {"places": int}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Self:
        return cls(config_value["places"], inst_data)

    def launch_run(self, context: LaunchRunContext) -> None:
        future = self._places.submit(_execute, context.dagster_run.run_id)
        future.add_done_callback(_log_failure)

    def terminate(self, run_id: str) -> bool:
        return False


@cache
def _instance() -> dg.DagsterInstance:
    return dg.DagsterInstance.get()


def _execute(run_id: str) -> None:
    """Executes a run like `dagster api execute_run`."""
    _execute_run_command_body(run_id, _instance(), lambda _: None, False)


def _log_failure(future: Future[None]) -> None:
    if error := future.exception():
        log.error("failed to execute a run", exc_info=error)
