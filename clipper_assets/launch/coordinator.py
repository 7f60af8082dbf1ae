"""The run queue: tags each run with its show, and lets shows take turns."""

from collections.abc import Mapping, Sequence

import dagster as dg

from clipper_assets.episodes.shows import SHOW_TAG, shows_of
from clipper_assets.runtime.tenant import LOCATION_TAG, partition_sets_of

PARTITION, PRIORITY = "dagster/partition", "dagster/priority"
REQUESTED_TAG = "clipper/priority"
"""Tag of a run: the priority that was requested for it."""
TURN_TAG = "clipper/turn"
"""Tag of a run: its place among the runs of the same requested priority."""
TENANT_TAGS = {PARTITION: "clipper/tenant_partition", SHOW_TAG: "clipper/tenant_show"}
"""Further tags of a tenant's run, by the tag whose value they have after the tenant, as in `acme/show`.

Limits are on these tags, because two tenants may have an episode or a show of the same name.
"""
TURNS = 1_000_000
"""Turns of a requested priority: as many runs as a show may have before the queue is empty once."""
HIGHEST = 2_000
"""Highest priority that is told apart: Dagster stores priorities of steps in 32 bits."""
OLDEST = 50
"""Queued runs that are looked at for the current turn."""
STARTED = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
QUEUED = [dg.DagsterRunStatus.QUEUED]


class FairRunCoordinator(dg.QueuedRunCoordinator[dg.DagsterInstance]):
    """Dagster's run queue, in which shows take turns instead of waiting for each other's backlogs.

    Each run of an episode gets the tag `clipper/show`, by which `tag_concurrency_limits` limits each show, and each run
    of a tenant `TENANT_TAGS`.

    Runs of equal priority start in the order of start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996, section
    2): the turn of a run is the one after that of its show's last waiting run, but not before the current turn. Dagster
    starts queued runs by `dagster/priority`, then by age, so that the turn is written into the priority:
    `requested * 1,000,000 - turn`. Steps that wait for a pool go in the same order.
    """

    def submit_run(self, context: dg.SubmitRunContext) -> dg.DagsterRun:
        run = context.dagster_run
        if run.status is dg.DagsterRunStatus.NOT_STARTED:
            show, tenant = _show_and_tenant(self._instance, run.tags)
            of_show = {SHOW_TAG: show} if show else {}
            requested = _requested(run.tags)
            # Two tenants may have shows of the same name.
            location = {LOCATION_TAG: run.tags[LOCATION_TAG]} if LOCATION_TAG in run.tags else {}
            turn = _next_turn(self._instance, requested, of_show and {**of_show, **location})
            order = {
                REQUESTED_TAG: str(requested),
                TURN_TAG: str(turn),
                PRIORITY: str(_priority(requested, turn)),
            }
            self._instance.add_run_tags(run.run_id, {**of_show, **_of_tenant(tenant, {**run.tags, **of_show}), **order})
        return super().submit_run(context)


def _show_and_tenant(instance: dg.DagsterInstance, tags: Mapping[str, str]) -> tuple[str | None, str]:
    """The show of the episode or, for an asset of shows, of the run itself, and the tenant, empty without one.

    For a partition that is not registered, the show that the run's tag names. This process is not the tenant's.
    """
    partition = tags.get("dagster/partition/episodes") or tags.get(PARTITION) or ""
    for name in ("episodes", "shows"):
        for tenant, partitions in partition_sets_of(tags, name).items():
            if partition and instance.has_dynamic_partition(partitions, partition):
                return partition if name == "shows" else next(iter(shows_of([partition])), None), tenant
    return tags.get(SHOW_TAG), ""


def _of_tenant(tenant: str, tags: Mapping[str, str]) -> Mapping[str, str]:
    return {own: f"{tenant}/{tags[tag]}" for tag, own in TENANT_TAGS.items() if tenant and tag in tags}


def _requested(tags: Mapping[str, str]) -> int:
    """The requested priority: 0 if none is, or none that is a number, as in Dagster.

    A retried run inherits its parent's tags, in which `dagster/priority` has a turn in it.
    """
    priority, parent = _number(tags.get(PRIORITY)), _number(tags.get(REQUESTED_TAG))
    if REQUESTED_TAG in tags and priority == _priority(parent, _turn(tags)):
        return parent
    return max(-HIGHEST, min(priority, HIGHEST))


def _priority(requested: int, turn: int) -> int:
    return requested * TURNS - turn


def _number(tag: str | None) -> int:
    try:
        return int(tag or 0)
    except ValueError:
        return 0


def _turn(tags: Mapping[str, str]) -> int:
    return _number(tags.get(TURN_TAG))


def _next_turn(instance: dg.DagsterInstance, requested: int, of_show: Mapping[str, str]) -> int:
    """The turn of a new run among those of the same requested priority.

    The current turn is that of the latest run that has started and not ended, or of the first that waits. Once none
    does either, turns begin at 0 again.
    """
    alike = {REQUESTED_TAG: str(requested)}
    started = [run.tags for run in instance.get_runs(dg.RunsFilter(statuses=STARTED, tags=alike))]
    oldest = _waiting(instance, alike, OLDEST, ascending=True)
    current = max([*map(_turn, started), min(map(_turn, oldest), default=0)])
    if not of_show:
        return current
    newest = _waiting(instance, {**alike, **of_show}, 1)
    before = [_turn(tags) for tags in (*started, *newest) if of_show.items() <= tags.items()]
    return min(max([current, *(turn + 1 for turn in before)]), TURNS - 1)


def _waiting(
    instance: dg.DagsterInstance, tags: Mapping[str, str], limit: int, *, ascending: bool = False
) -> Sequence[Mapping[str, str]]:
    filters = dg.RunsFilter(statuses=QUEUED, tags=tags)
    return [run.tags for run in instance.get_runs(filters, limit=limit, ascending=ascending)]
