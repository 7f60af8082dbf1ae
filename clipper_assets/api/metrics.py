"""Prometheus metrics: gauges of runs and queue, and counters of runs that ended since this process started.

Counters start at zero in each process, as Prometheus expects. Several API processes count the same runs, so aggregate
with `max without (instance)`, not with a sum. No label contains the name of an episode.
"""

import logging
import time
from collections import deque
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import dagster as dg
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from clipper_assets.costs.collect import STEPS
from clipper_assets.runtime.asset_names import (
    AD_SPANS,
    ALIGNED_TRANSCRIPT,
    CHAPTERS,
    HIGHLIGHT_WINDOWS,
    RENDERED_CLIPS,
)
from clipper_assets.runtime.spend import USD
from clipper_assets.runtime.tenant import TENANT, asset_name, own_run, runs_filter

log = logging.getLogger(__name__)

ENDS = {
    dg.DagsterEventType.RUN_SUCCESS: "success",
    dg.DagsterEventType.RUN_FAILURE: "failure",
    dg.DagsterEventType.RUN_CANCELED: "canceled",
}
READ = {
    dg.DagsterEventType.STEP_SUCCESS,
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.ASSET_OBSERVATION,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
}
RUNS_PER_PAGE = 100
SECONDS = (1, 5, 15, 60, 300, 900, 3600, 14400)
SHARES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)


@dataclass
class Meter:
    """Metrics of a Dagster instance. The log of each run is read once, after the run has ended."""

    instance: dg.DagsterInstance
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    _cursors: dict[dg.DagsterEventType, str | None] = field(default_factory=dict)
    _unread: deque[tuple[str, dg.DagsterEventType]] = field(default_factory=deque)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        for kind in ENDS:
            newest = self.instance.fetch_run_status_changes(kind, limit=1)
            self._cursors[kind] = newest.cursor if newest.records else None
        options: Any = {"registry": self.registry}
        self.runs = Gauge("clipper_runs", "Runs by Dagster status.", ["status"], **options)
        self.oldest = Gauge("clipper_queue_oldest_seconds", "Seconds that the oldest queued run has waited.", **options)
        self.ended = Counter("clipper_runs_ended", "Runs that ended.", ["status"], **options)
        self.retried = Counter("clipper_runs_retried", "Failed runs that Dagster retries.", **options)
        self.steps = Histogram("clipper_step_seconds", "Seconds per step.", ["step"], buckets=SECONDS, **options)
        self.stages = Histogram(
            "clipper_transcript_stage_seconds",
            "Duration of a transcription stage in seconds.",
            ["engine", "stage"],
            buckets=SECONDS,
            **options,
        )
        self.factors = Histogram(
            "clipper_transcript_real_time_factor",
            "Seconds that a transcription stage took per second of the episode.",
            ["engine", "stage"],
            buckets=SHARES,
            **options,
        )
        self.tokens = Counter(
            "clipper_openai_tokens", "OpenAI tokens of adverts, highlights and chapters.", ["direction"], **options
        )
        self.cost = Counter("clipper_openai_cost_dollars", "Cost of these tokens, if the price is known.", **options)
        self.spent = Counter("clipper_spent_dollars", "Cost of steps, failed ones included.", ["step"], **options)
        self.clips = Counter("clipper_clips", "Clips by whether they are ready to post.", ["publishable"], **options)
        self.gates = Counter("clipper_gate_failures", "Clips that failed a gate.", ["gate", "blocking"], **options)
        self.degraded = Counter("clipper_degraded", "Fallbacks used.", ["step"], **options)
        # Prometheus sees no increase in a counter that first appears with a value above zero.
        for counter, values in (
            (self.ended, ENDS.values()),
            (self.clips, ("true", "false")),
            (self.tokens, ("in", "out")),
        ):
            for value in values:
                counter.labels(value)

    def read(self) -> bytes:
        """Returns all metrics in the Prometheus text format."""
        with self._lock:
            self._find_ended_runs()
            # A run whose log cannot be read is skipped for good, so that it does not block the others.
            while self._unread:
                run_id, kind = self._unread.popleft()
                try:
                    self._count_run(run_id, kind)
                except (TypeError, AttributeError, ValueError, KeyError) as error:
                    log.warning("metrics: skipped run %s, whose log cannot be read: %s", run_id, error)
            for status in dg.DagsterRunStatus:
                count = self.instance.get_runs_count(runs_filter(statuses=[status]))
                self.runs.labels(status.value.lower()).set(count)
            queued = runs_filter(statuses=[dg.DagsterRunStatus.QUEUED])
            first = self.instance.get_run_records(queued, limit=1, ascending=True)
            self.oldest.set(max(time.time() - first[0].create_timestamp.timestamp(), 0.0) if first else 0.0)
            return generate_latest(self.registry)

    def _find_ended_runs(self) -> None:
        for kind in ENDS:
            more = True
            while more:
                page = self.instance.fetch_run_status_changes(
                    kind,
                    limit=RUNS_PER_PAGE,
                    cursor=self._cursors[kind],
                    ascending=True,
                )
                self._unread += [(record.run_id, kind) for record in page.records]
                if page.records:
                    self._cursors[kind] = page.cursor
                more = page.has_more

    def _count_run(self, run_id: str, kind: dg.DagsterEventType) -> None:
        run = own_run(self.instance, run_id)
        if TENANT and run is None:
            return
        self.ended.labels(ENDS[kind]).inc()
        if run and run.tags.get("dagster/will_retry") == "true":
            self.retried.inc()
        for record in self.instance.get_records_for_run(run_id, of_type=READ).records:
            event = record.event_log_entry.dagster_event
            if event is None:
                continue
            if event.event_type is dg.DagsterEventType.STEP_SUCCESS:
                self.steps.labels(event.step_key).observe(event.step_success_data.duration_ms / 1000)
            elif event.event_type is dg.DagsterEventType.ASSET_MATERIALIZATION:
                self._count_materialization(event.step_materialization_data.materialization)
                self._count_spent(event.step_materialization_data.materialization)
            elif event.event_type is dg.DagsterEventType.ASSET_OBSERVATION:
                self._count_spent(event.asset_observation_data.asset_observation)
            else:
                self._count_check(event.asset_check_evaluation_data)

    def _count_materialization(self, materialization: dg.AssetMaterialization) -> None:
        facts: dict[str, Any] = {name: value.value for name, value in materialization.metadata.items()}
        name = asset_name(materialization.asset_key)
        if name == ALIGNED_TRANSCRIPT:
            for stage, seconds in facts.get("seconds", {}).items():
                self.stages.labels(facts.get("engine", "unknown"), stage).observe(seconds)
            for stage, share in facts.get("real_time_factor", {}).items():
                self.factors.labels(facts.get("engine", "unknown"), stage).observe(share)
        elif name in (AD_SPANS, HIGHLIGHT_WINDOWS, CHAPTERS):
            self.tokens.labels("in").inc(facts.get("tokens_in", 0))
            self.tokens.labels("out").inc(facts.get("tokens_out", 0))
            self.cost.inc(facts.get("cost_usd") or 0)
        elif name == RENDERED_CLIPS:
            self.clips.labels("true").inc(facts.get("publishable", 0))
            self.clips.labels("false").inc(len(facts.get("held_back", {})))

    def _count_spent(self, event: dg.AssetMaterialization | dg.AssetObservation) -> None:
        step, facts = asset_name(event.asset_key), event.metadata
        if step in STEPS and USD in facts:
            usd: Any = facts[USD].value
            self.spent.labels(step).inc(usd)

    def _count_check(self, evaluation: dg.AssetCheckEvaluation) -> None:
        gates, degraded = evaluation.metadata.get("gates"), evaluation.metadata.get("degraded")
        for row in gates.records if isinstance(gates, dg.TableMetadataValue) else ():
            if not row.data["passed"]:
                self.gates.labels(row.data["gate"], str(row.data["blocking"]).lower()).inc()
        fallbacks: Any = degraded.value if degraded else ()
        for fallback in fallbacks:
            self.degraded.labels(fallback.get("step", evaluation.check_name.removesuffix("_not_degraded"))).inc()
