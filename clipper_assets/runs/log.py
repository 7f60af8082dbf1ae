"""Reads the state, steps, progress and log lines of a run from its event log, the only source of truth."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Literal

import dagster as dg
from cachetools import LRUCache

from clipper_assets.runs.model import Degraded, EpisodeState, Step, StepState
from clipper_assets.runtime.asset_names import (
    AD_SPANS,
    ALIGNED_TRANSCRIPT,
    CAMERA_PATHS,
    CHAPTERS,
    CLIP_VARIANTS,
    EPISODE_COSTS,
    HIGHLIGHT_WINDOWS,
    LIBRARY,
    RAW_VIDEO,
    RENDERED_CLIPS,
    SCENES,
)
from clipper_assets.runtime.partition_keys import EPISODE_TAG, LOOK_TAG
from clipper_assets.runtime.progress import read_progress
from clipper_assets.runtime.tenant import asset_name, runs_filter

WEIGHTS = {
    RAW_VIDEO: 5.0,
    ALIGNED_TRANSCRIPT: 35.0,
    AD_SPANS: 1.0,
    HIGHLIGHT_WINDOWS: 3.0,
    CHAPTERS: 1.0,
    SCENES: 10.0,
    CAMERA_PATHS: 1.0,
    RENDERED_CLIPS: 44.0,
    EPISODE_COSTS: 0.0,
    LIBRARY: 0.0,
}
"""Share of each step in the duration of a run, in per cent, for an hour of talk with WhisperX on a GPU."""
LOOK_WEIGHTS = {CLIP_VARIANTS: 100.0}
"""The same for a run of a look."""
FRESH_S = 0.5
"""Seconds between two reads of a run's log, however many clients watch it."""
CACHED_RUNS = 500

ENDS = {
    "PIPELINE_SUCCESS": EpisodeState.done,
    "PIPELINE_FAILURE": EpisodeState.failed,
    "PIPELINE_CANCELED": EpisodeState.cancelled,
}


@dataclass(frozen=True)
class LiveEvent:
    """An event for clients, made of one log record; `number` is the number of the record in the log."""

    number: int
    kind: Literal["step", "progress", "log"]
    data: dict[str, Any]


@dataclass
class RunView:
    """The state of a run, as far as its log has been read."""

    run_id: str
    selected_assets: frozenset[str]
    state: EpisodeState = EpisodeState.queued
    steps: dict[str, Step] = field(default_factory=dict)
    events: list[LiveEvent] = field(default_factory=list)
    degraded: list[Degraded] = field(default_factory=list)
    error: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    cursor: str | None = None
    read_at: float = 0.0
    lock: Lock = field(default_factory=Lock, repr=False)

    def __post_init__(self) -> None:
        for name in self.weights:
            state = StepState.pending if name in self.selected_assets else StepState.kept
            self.steps[name] = Step(name=name, state=state, percent=100.0 if state is StepState.kept else 0.0)

    @property
    def weights(self) -> Mapping[str, float]:
        return LOOK_WEIGHTS if CLIP_VARIANTS in self.selected_assets else WEIGHTS

    @property
    def ended(self) -> bool:
        return self.state in ENDS.values()

    @property
    def percent(self) -> float:
        """Progress of the whole run in per cent; 100 only when the run is done."""
        if self.state is EpisodeState.done:
            return 100.0
        selected = [self.steps[name] for name in self.weights if name in self.selected_assets]
        total_weight = sum(self.weights[step.name] for step in selected) or 1.0
        return min(round(sum(self.weights[step.name] * step.percent for step in selected) / total_weight, 1), 99.0)

    @property
    def doing(self) -> str | None:
        step = next((step for step in self.steps.values() if step.state is StepState.running), None)
        if step is None:
            return None
        return f"{step.name}: {step.doing}" if step.doing else step.name

    def read(self, instance: dg.DagsterInstance) -> None:
        """Reads the records that were added to the log since the last call."""
        with self.lock:
            if self.ended or time.monotonic() - self.read_at < FRESH_S:
                return
            more = True
            while more:
                page = instance.get_records_for_run(self.run_id, cursor=self.cursor, limit=1000)
                for record in page.records:
                    self._add_record(record.storage_id, record.event_log_entry)
                self.cursor, more = page.cursor, page.has_more
            self.read_at = time.monotonic()

    def _add_record(self, number: int, entry: dg.EventLogEntry) -> None:
        at = datetime.fromtimestamp(entry.timestamp, UTC)
        event = entry.dagster_event
        step = self.steps.get(entry.step_key or "")
        if event is None:
            self._add_line(number, entry, at, step)
            return
        kind = event.event_type_value
        if kind == "PIPELINE_START":
            self.state, self.started_at = EpisodeState.running, at
        elif kind in ENDS:
            self.state, self.finished_at = ENDS[kind], at
            if kind == "PIPELINE_FAILURE":
                self.error = self.error or event.message or "the run failed; see its log"
                self._emit(number, "log", {"level": "ERROR", "step": None, "message": self.error}, at)
        elif kind == "ASSET_CHECK_EVALUATION":
            self._add_check(event)
        elif step and (changed := _changed(step, event, at)):
            self.steps[step.name] = changed
            if changed.error:
                self.error = self.error or changed.error
            self._emit(number, "step", {"step": changed.model_dump(mode="json")}, at)

    def _add_line(self, number: int, entry: dg.EventLogEntry, at: datetime, step: Step | None) -> None:
        if step and (progress := read_progress(entry.user_message)):
            doing, percent = progress
            # A step has several stages, each from 0 to 100; the progress shown for the step never decreases.
            updated = step.model_copy(update={"doing": doing, "percent": max(step.percent, min(percent, 99))})
            self.steps[step.name] = updated
            self._emit(number, "progress", {"step": step.name, "doing": doing, "stage_percent": percent}, at)
        elif int(entry.level) >= logging.INFO:
            line = {
                "level": logging.getLevelName(int(entry.level)),
                "step": entry.step_key,
                "message": entry.user_message,
            }
            self._emit(number, "log", line, at)

    def _add_check(self, event: dg.DagsterEvent) -> None:
        evaluation = event.asset_check_evaluation_data
        if evaluation.check_name.endswith("_not_degraded") and "degraded" in evaluation.metadata:
            entries: Any = evaluation.metadata["degraded"].value
            step = evaluation.check_name.removesuffix("_not_degraded")
            self.degraded += [Degraded(step=entry.get("step", step), reason=entry["reason"]) for entry in entries]

    def _emit(self, number: int, kind: Literal["step", "progress", "log"], data: dict[str, Any], at: datetime) -> None:
        self.events.append(LiveEvent(number, kind, {**data, "at": at.isoformat(), "percent": self.percent}))


def _changed(step: Step, event: dg.DagsterEvent, at: datetime) -> Step | None:
    kind = event.event_type_value
    if kind == "STEP_START":
        return step.model_copy(update={"state": StepState.running, "started_at": at})
    if kind == "STEP_SUCCESS":
        return step.model_copy(update={"state": StepState.done, "percent": 100.0, "doing": None, "finished_at": at})
    if kind == "STEP_FAILURE":
        data = event.step_failure_data
        description = data.user_failure_data.description if data.user_failure_data else None
        error = description or (data.error.message.strip() if data.error else None) or "the step failed; see the log"
        return step.model_copy(update={"state": StepState.failed, "doing": None, "finished_at": at, "error": error})
    return None


def _selected_assets(run: dg.DagsterRun) -> frozenset[str]:
    """Returns the names of the assets that a run materializes."""
    if LOOK_TAG in run.tags:
        return frozenset(LOOK_WEIGHTS)
    if run.asset_selection:
        return frozenset(map(asset_name, run.asset_selection))
    return frozenset(run.step_keys_to_execute or WEIGHTS)


class Runs:
    """The runs of a Dagster instance; the log of each is read once for all clients."""

    def __init__(self, instance: dg.DagsterInstance):
        self.instance = instance
        self._views: LRUCache[str, RunView] = LRUCache(CACHED_RUNS)
        self._lock = Lock()
        self._watched: dict[str, Watch] = {}

    def latest(self, partition: str) -> dg.DagsterRun | None:
        """Returns the newest run of an episode, or None."""
        filters = runs_filter(tags={"dagster/partition": partition})
        return next(iter(self.instance.get_runs(filters=filters, limit=1)), None)

    def latest_by_look(self, partition: str) -> dict[str, dg.DagsterRun]:
        """Returns the newest run of each look of an episode, by look."""
        runs = self.instance.get_runs(filters=runs_filter(tags={EPISODE_TAG: partition}))
        return {run.tags[LOOK_TAG]: run for run in reversed(runs)}

    def view(self, run: dg.DagsterRun) -> RunView:
        """Returns the view of a run, at most `FRESH_S` seconds old."""
        with self._lock:
            view = self._views.get(run.run_id)
            if view is None:
                view = self._views[run.run_id] = RunView(run.run_id, _selected_assets(run))
        view.read(self.instance)
        return view

    @asynccontextmanager
    async def watch(self, run: dg.DagsterRun) -> AsyncIterator["Watch"]:
        """Shares one reader of a run's log among all watchers; the reader stops with the last of them."""
        watch = self._watched.get(run.run_id)
        if watch is None:
            watch = self._watched[run.run_id] = Watch(self, run)
        watch.watchers += 1
        try:
            yield watch
        finally:
            watch.watchers -= 1
            if not watch.watchers:
                watch.task.cancel()
                self._watched.pop(run.run_id, None)


class Watch:
    """A run that is being watched: keeps its events and waits for new ones."""

    def __init__(self, runs: Runs, run: dg.DagsterRun):
        self.watchers = 0
        self.view: RunView | None = None
        self._new_events = asyncio.Event()
        self.task = asyncio.create_task(self._read(runs, run))

    async def _read(self, runs: Runs, run: dg.DagsterRun) -> None:
        while self.view is None or not self.view.ended:
            self.view = await asyncio.to_thread(runs.view, run)
            self._new_events.set()
            self._new_events = asyncio.Event()
            await asyncio.sleep(FRESH_S)

    async def events(self, after: int) -> AsyncIterator[LiveEvent]:
        """Yields the events after record `after` until the run ends. Raises the error that ended the reader, if any."""
        position = 0
        while True:
            new_events = self._new_events
            view = self.view
            ended = view is not None and view.ended
            for event in self._from(position):
                position += 1
                if event.number > after:
                    yield event
            if ended:
                return
            if self.task.done():
                self.task.result()
                return
            waiting = asyncio.create_task(new_events.wait())
            try:
                await asyncio.wait({waiting, self.task}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                waiting.cancel()

    def _from(self, position: int) -> Iterator[LiveEvent]:
        return iter(self.view.events[position:] if self.view else [])
