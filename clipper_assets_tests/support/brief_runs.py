"""A run launcher for the daemon whose runs do nothing but last for a moment, or until they may end."""

import time
from collections.abc import Mapping
from pathlib import Path
from threading import Thread
from typing import Any, Self

import dagster as dg
from dagster._config.config_schema import UserConfigSchema
from dagster._core.launcher.base import LaunchRunContext, RunLauncher
from dagster._serdes import ConfigurableClass
from dagster._serdes.config_class import ConfigurableClassData

LASTS_S = 1.0
MAY_END = "runs-may-end"
"""A file in `DAGSTER_HOME`, without which no run ends."""


class BriefRuns(RunLauncher[Any], ConfigurableClass):
    """Reports each run as started, and as successful after LASTS_S, or later, when there is the file `MAY_END`.

    Runs end in the order in which they started, so that which one starts next does not depend on the machine.
    """

    def __init__(self, inst_data: ConfigurableClassData | None = None):
        self._inst_data = inst_data
        self._latest: Thread | None = None
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
        run = context.dagster_run
        self._report(run, dg.DagsterEventType.RUN_START)
        self._latest = Thread(target=self._end, args=(run, self._latest), daemon=True)
        self._latest.start()

    def _end(self, run: dg.DagsterRun, earlier: Thread | None) -> None:
        time.sleep(LASTS_S)
        while not (Path(self._instance.root_directory) / MAY_END).exists():
            time.sleep(LASTS_S)
        if earlier:
            earlier.join()
        self._report(run, dg.DagsterEventType.RUN_SUCCESS)

    def _report(self, run: dg.DagsterRun, event: dg.DagsterEventType) -> None:
        self._instance.report_dagster_event(dg.DagsterEvent(event.value, job_name=run.job_name), run_id=run.run_id)

    def terminate(self, run_id: str) -> bool:
        raise NotImplementedError
