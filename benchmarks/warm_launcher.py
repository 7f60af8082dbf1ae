"""The run launcher of the simulation."""

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
    """Runs execute in as many processes as there are GPUs, which have all imported and stay.

    A process of its own for each run takes seconds of a processor, which a deployment has on the machines of the runs
    and not on that of the daemon: here there is but one machine.
    """

    def __init__(self, places: int, inst_data: ConfigurableClassData | None = None):
        self._inst_data = inst_data
        self._places = ProcessPoolExecutor(places, mp_context=get_context("spawn"))
        super().__init__()  # type: ignore[no-untyped-call]  # Dagster's has no types

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
        done = self._places.submit(_execute, context.dagster_run.run_id)
        done.add_done_callback(_complain)

    def terminate(self, run_id: str) -> bool:
        return False


@cache
def _instance() -> dg.DagsterInstance:
    return dg.DagsterInstance.get()


def _execute(run_id: str) -> None:
    """As `dagster api execute_run` does."""
    _execute_run_command_body(run_id, _instance(), lambda _: None, False)


def _complain(done: Future[None]) -> None:
    if error := done.exception():
        log.error("a run could not be executed", exc_info=error)
