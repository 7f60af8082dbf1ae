"""`/metrics`, for Prometheus: runs and queue as they are, and counters of what ended since this process began.

Counters begin at zero with each process, as Prometheus expects them to; two API processes count the same runs, so take
`max without (instance)` of them and not their sum. No label has an episode's name.
"""

import logging
import time
from collections import deque
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import dagster as dg
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

log = logging.getLogger(__name__)

ENDS = {
    dg.DagsterEventType.RUN_SUCCESS: "success",
    dg.DagsterEventType.RUN_FAILURE: "failure",
    dg.DagsterEventType.RUN_CANCELED: "canceled",
}
READ = {
    dg.DagsterEventType.STEP_SUCCESS,
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
}
RUNS_PER_PAGE = 100
SECONDS = (1, 5, 15, 60, 300, 900, 3600, 14400)
SHARES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)


@dataclass
class Meter:
    """Metrics of a Dagster instance. Each run is read once, when it has ended."""

    instance: dg.DagsterInstance
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    _read_to: dict[dg.DagsterEventType, str | None] = field(default_factory=dict)
    _unread: deque[tuple[str, dg.DagsterEventType]] = field(default_factory=deque)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        for kind in ENDS:
            newest = self.instance.fetch_run_status_changes(kind, limit=1)
            self._read_to[kind] = newest.cursor if newest.records else None
        here: Any = {"registry": self.registry}
        self.runs = Gauge("clipper_runs", "Runs by Dagster's status.", ["status"], **here)
        self.oldest = Gauge("clipper_queue_oldest_seconds", "How long the oldest queued run has waited.", **here)
        self.ended = Counter("clipper_runs_ended", "Runs that ended.", ["status"], **here)
        self.retried = Counter("clipper_runs_retried", "Failed runs that are tried again by themselves.", **here)
        self.steps = Histogram("clipper_step_seconds", "Seconds that a step took.", ["step"], buckets=SECONDS, **here)
        self.stages = Histogram(
            "clipper_transcript_stage_seconds",
            "Seconds that a stage took.",
            ["engine", "stage"],
            buckets=SECONDS,
            **here,
        )
        self.factors = Histogram(
            "clipper_transcript_real_time_factor",
            "Seconds that a stage took for each second of the episode.",
            ["engine", "stage"],
            buckets=SHARES,
            **here,
        )
        self.tokens = Counter("clipper_openai_tokens", "Tokens of the highlight picker.", ["direction"], **here)
        self.cost = Counter("clipper_openai_cost_dollars", "Price of those tokens, where it is known.", **here)
        self.clips = Counter("clipper_clips", "Clips, by whether they may be posted.", ["publishable"], **here)
        self.gates = Counter("clipper_gate_failures", "Clips that did not pass a gate.", ["gate", "blocking"], **here)
        self.degraded = Counter("clipper_degraded", "Fallbacks that were taken.", ["step"], **here)
        # Without a zero before it the first increase of a counter is none for Prometheus.
        for counter, values in (
            (self.ended, ENDS.values()),
            (self.clips, ("true", "false")),
            (self.tokens, ("in", "out")),
        ):
            for value in values:
                counter.labels(value)

    def read(self) -> bytes:
        """All metrics as they are now."""
        with self._lock:
            self._look_for_ended()
            # One that cannot be read is lost, and neither repeated nor in the way of the others.
            while self._unread:
                run_id, kind = self._unread.popleft()
                try:
                    self._take(run_id, kind)
                except (TypeError, AttributeError, ValueError, KeyError) as error:
                    log.warning("metrics: what run %s says of itself cannot be read: %s", run_id, error)
            for status in dg.DagsterRunStatus:
                count = self.instance.get_runs_count(dg.RunsFilter(statuses=[status]))
                self.runs.labels(status.value.lower()).set(count)
            queued = dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED])
            first = self.instance.get_run_records(queued, limit=1, ascending=True)
            self.oldest.set(max(time.time() - first[0].create_timestamp.timestamp(), 0.0) if first else 0.0)
            return generate_latest(self.registry)

    def _look_for_ended(self) -> None:
        for kind in ENDS:
            more = True
            while more:
                found = self.instance.fetch_run_status_changes(
                    kind,
                    limit=RUNS_PER_PAGE,
                    cursor=self._read_to[kind],
                    ascending=True,
                )
                self._unread += [(record.run_id, kind) for record in found.records]
                if found.records:
                    self._read_to[kind] = found.cursor
                more = found.has_more

    def _take(self, run_id: str, kind: dg.DagsterEventType) -> None:
        self.ended.labels(ENDS[kind]).inc()
        run = self.instance.get_run_by_id(run_id)
        if run and run.tags.get("dagster/will_retry") == "true":
            self.retried.inc()
        for record in self.instance.get_records_for_run(run_id, of_type=READ).records:
            event = record.event_log_entry.dagster_event
            if event is None:
                continue
            if event.event_type is dg.DagsterEventType.STEP_SUCCESS:
                self.steps.labels(event.step_key).observe(event.step_success_data.duration_ms / 1000)
            elif event.event_type is dg.DagsterEventType.ASSET_MATERIALIZATION:
                self._take_materialization(event.step_materialization_data.materialization)
            else:
                self._take_check(event.asset_check_evaluation_data)

    def _take_materialization(self, made: dg.AssetMaterialization) -> None:
        facts: dict[str, Any] = {name: value.value for name, value in made.metadata.items()}
        name = made.asset_key.to_user_string()
        if name == "aligned_transcript":
            for stage, seconds in facts.get("seconds", {}).items():
                self.stages.labels(facts.get("engine", "unknown"), stage).observe(seconds)
            for stage, share in facts.get("real_time_factor", {}).items():
                self.factors.labels(facts.get("engine", "unknown"), stage).observe(share)
        elif name == "highlight_windows":
            self.tokens.labels("in").inc(facts.get("tokens_in", 0))
            self.tokens.labels("out").inc(facts.get("tokens_out", 0))
            self.cost.inc(facts.get("cost_usd") or 0)
        elif name == "rendered_clips":
            self.clips.labels("true").inc(facts.get("publishable", 0))
            self.clips.labels("false").inc(len(facts.get("held_back", {})))

    def _take_check(self, found: dg.AssetCheckEvaluation) -> None:
        gates, degraded = found.metadata.get("gates"), found.metadata.get("degraded")
        for row in gates.records if isinstance(gates, dg.TableMetadataValue) else ():
            if not row.data["passed"]:
                self.gates.labels(row.data["gate"], str(row.data["blocking"]).lower()).inc()
        fallbacks: Any = degraded.value if degraded else ()
        for fallback in fallbacks:
            self.degraded.labels(fallback.get("step", found.check_name.removesuffix("_not_degraded"))).inc()
