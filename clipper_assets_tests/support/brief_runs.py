"""A run launcher for the daemon, whose runs do nothing: those of shows last until they may end, others for a moment."""

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

from clipper_assets.episodes.shows import SHOW_TAG

LASTS_S = 1.0
MAY_END = "runs-may-end"
"""A file in `DAGSTER_HOME`, without which no run of a show ends."""


class BriefRuns(RunLauncher[Any], ConfigurableClass):
    """Reports each run as started and, after LASTS_S, as successful; runs of shows only once the file `MAY_END` exists.

    Runs of shows end in the order in which they started, so that which one starts next does not depend on the machine.
    Other runs, such as those of a schedule that falls due during a test, never hold a place in the queue.
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
        if SHOW_TAG in run.tags:
            self._latest = Thread(target=self._end_in_turn, args=(run, self._latest), daemon=True)
            self._latest.start()
        else:
            Thread(target=self._end, args=(run,), daemon=True).start()

    def _end_in_turn(self, run: dg.DagsterRun, earlier: Thread | None) -> None:
        time.sleep(LASTS_S)
        while not (Path(self._instance.root_directory) / MAY_END).exists():
            time.sleep(LASTS_S)
        if earlier:
            earlier.join()
        self._report(run, dg.DagsterEventType.RUN_SUCCESS)

    def _end(self, run: dg.DagsterRun) -> None:
        time.sleep(LASTS_S)
        self._report(run, dg.DagsterEventType.RUN_SUCCESS)

    def _report(self, run: dg.DagsterRun, event: dg.DagsterEventType) -> None:
        self._instance.report_dagster_event(dg.DagsterEvent(event.value, job_name=run.job_name), run_id=run.run_id)

    def terminate(self, run_id: str) -> bool:
        raise NotImplementedError
