"""`clip_stale_runs`: requests the runs that `clip_stale` planned, a few at a time and behind those of people."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from clipper_assets.catalogue.clip_stale import PARTITION_TAG, episodes_of, unfinished_runs
from clipper_assets.catalogue.plans import Plan, newest_plan_id, read_plan
from clipper_assets.catalogue.stale import Comparison, Difference
from clipper_assets.episodes.claims import UPLOAD_TAG, upload_tag
from clipper_assets.episodes.discovery.requests import BEHIND_PEOPLE
from clipper_assets.episodes.partitions import EPISODES, object_key
from clipper_assets.runtime.asset_names import EPISODE_COSTS, RAW_VIDEO
from clipper_assets.runtime.errors import StorageError
from clipper_assets.runtime.tenant import asset_key, runs_filter
from clipper_assets.settings import Settings
from clipper_assets.storage.base import Storage
from clipper_assets.storage.damaged import DamagedError
from clipper_assets.text.markdown import shortened

CLIP_STALE_TAG = "clipper/clip_stale"
"""Tag of a run that `clip_stale` planned: the id of the run of `clip_stale`."""
DIFFERS_TAG = "clipper/differs"
"""Tag of such a run: the first step that differs, and why."""
MOST_AT_ONCE = 50
"""Most runs of the plan that are queued or running."""
COMPARED_PER_TICK = 20
"""Most episodes that a tick compares again, because a tick may take 60 s."""


@dataclass
class Progress:
    """How far the plan of the run `plan` is requested: the next entry, and earlier ones that wait for another run."""

    plan: str
    next: int = 0
    waiting: list[int] = field(default_factory=list)
    done: bool = False

    @classmethod
    def of(cls, plan: str, cursor: str | None) -> "Progress":
        progress = cls(**json.loads(cursor)) if cursor else cls(plan)
        return progress if progress.plan == plan else cls(plan)


def build_clip_stale_runs(job: Any) -> dg.SensorDefinition:
    """The sensor, on by default: it does nothing until somebody has run `clip_stale` with `dry_run: false`."""

    @dg.sensor(
        name="clip_stale_runs",
        job=job,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Requests the runs that the newest plan of clip_stale needs: at most 50 at once, behind people, "
        "and none for an episode while it has another run.",
    )
    def clip_stale_runs(
        context: dg.SensorEvaluationContext, storage: Storage, settings: dg.ResourceParam[Settings]
    ) -> dg.SensorResult | dg.SkipReason:
        plan_id = newest_plan_id(storage)
        if plan_id is None:
            return dg.SkipReason("clip_stale has planned nothing")
        progress = Progress.of(plan_id, context.cursor)
        if progress.done:
            return dg.SkipReason(f"all runs that clip_stale {plan_id} planned are requested")
        try:
            plan = read_plan(storage, plan_id)
        except DamagedError as damaged:
            return dg.SkipReason(str(damaged))
        comparison = Comparison(storage, settings, context.instance, plan.overrides)
        requests = list(_requests(plan, progress, comparison, context.log))
        progress.done = progress.next == len(plan.differences) and not progress.waiting
        left = len(plan.differences) - progress.next + len(progress.waiting)
        return dg.SensorResult(
            run_requests=requests,
            cursor=json.dumps(vars(progress)),
            skip_reason=None if requests else f"no run can be requested now; {left} are left",
        )

    return clip_stale_runs


def _requests(plan: Plan, progress: Progress, comparison: Comparison, log: Any) -> Iterator[dg.RunRequest]:
    """The runs to request now; moves `progress` on."""
    runs = unfinished_runs(comparison.instance)
    busy, free = episodes_of(runs), MOST_AT_ONCE - sum(CLIP_STALE_TAG in run.tags for run in runs)
    numbers, progress.waiting = [*progress.waiting, *range(progress.next, len(plan.differences))], []
    compared = 0
    for number in numbers:
        difference = plan.differences[number]
        if free == 0 and number >= progress.next:
            break
        progress.next = max(progress.next, number + 1)
        ran_since = _ran_since(difference.episode, plan, comparison.instance)
        if free == 0 or difference.episode in busy or (ran_since and compared == COMPARED_PER_TICK):
            progress.waiting.append(number)
            continue
        compared += ran_since
        needed = _again(difference, comparison, log) if ran_since else difference
        if needed and comparison.instance.has_dynamic_partition(EPISODES, needed.episode):
            busy.add(needed.episode)
            free -= 1
            yield _request(needed, plan, number, comparison.storage)


def _ran_since(episode: str, plan: Plan, instance: dg.DagsterInstance) -> bool:
    """Whether the episode had another run since the plan was begun: one of a person, or one of an earlier plan."""
    filters = runs_filter(tags={PARTITION_TAG: episode}, created_after=plan.began_at)
    return instance.get_runs_count(filters) > 0


def _again(difference: Difference, comparison: Comparison, log: Any) -> Difference | None:
    """What differs now in the same aspect; None if the run since then has made it, or it cannot be compared."""
    try:
        differences = comparison.of(difference.episode).differences
    except (ValueError, StorageError) as unreadable:
        log.warning(f"{difference.episode} is left out, because it cannot be compared: {unreadable}")
        return None
    return next((each for each in differences if each.aspect == difference.aspect), None)


def _request(difference: Difference, plan: Plan, number: int, storage: Storage) -> dg.RunRequest:
    upload = storage.stat(object_key(difference.episode)) if RAW_VIDEO in difference.steps else None
    tags = {CLIP_STALE_TAG: plan.run_id, **({UPLOAD_TAG: upload_tag(upload)} if upload else {})}
    return request_of(difference, f"clip_stale/{plan.run_id}/{number}", tags)


def request_of(difference: Difference, run_key: str, tags: Mapping[str, str] | None = None) -> dg.RunRequest:
    """The run of the steps of a difference and of the costs, behind those of people, whose tags say what differs."""
    return dg.RunRequest(
        partition_key=difference.episode,
        run_key=run_key,
        asset_selection=[asset_key(step) for step in (*difference.steps, EPISODE_COSTS)],
        run_config={"ops": {step: {"config": config} for step, config in difference.configs.items()}},
        tags={
            DIFFERS_TAG: shortened(f"{difference.steps[0]}: {difference.why}"),
            "dagster/priority": BEHIND_PEOPLE,
            **(tags or {}),
        },
    )
