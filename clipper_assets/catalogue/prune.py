"""The job `prune_runs`, which removes old runs that nothing needs."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import dagster as dg
from pydantic import Field

from clipper_assets.catalogue.superseded import Superseded
from clipper_assets.costs.collect import refresh
from clipper_assets.runtime.partition_keys import EPISODE_TAG
from clipper_assets.runtime.refusal import faults_in_one_sentence
from clipper_assets.runtime.run_removal import remove_run
from clipper_assets.runtime.run_status import FINISHED_STATUSES
from clipper_assets.runtime.tenant import JOB_TAGS, runs_filter
from clipper_assets.settings import Settings
from clipper_assets.storage.base import Storage

PAGE = 500
"""Runs that are read at once."""


class PruneConfig(dg.Config):
    """Run config of `prune_runs`."""

    dry_run: bool = Field(default=False, description="only count the runs that would be removed")
    most_runs: int = Field(
        default=5000, ge=1, description="most runs that one run of the job removes; the next one continues"
    )


@dataclass
class Pruned:
    """What was done with finished runs.

    Attributes:
        looked_at: How many were looked at.
        removed: How many were removed.
        logs_left: Of how many the logs stay, by the reason.
        lost_costs: Why costs could not be kept, in a phrase for people for each episode.
    """

    looked_at: int = 0
    removed: int = 0
    logs_left: Counter[str] = field(default_factory=Counter)
    lost_costs: list[str] = field(default_factory=list)


def prune(storage: Storage, instance: dg.DagsterInstance, before: datetime, *, most_runs: int, dry_run: bool) -> Pruned:
    """Remove the superseded runs that finished before a time, oldest first; a dry run only counts them.

    What the runs cost is stored before.
    """
    pruned, superseded, stored = Pruned(), Superseded(storage, instance), set[str]()
    for run in finished_runs(instance, before):
        pruned.looked_at += 1
        if not superseded.includes(run):
            continue
        pruned.removed += 1
        episode = run.tags.get(EPISODE_TAG, run.tags.get("dagster/partition", ""))
        if not dry_run and episode in superseded.partitions - stored:
            pruned.lost_costs += [lost.reason for lost in refresh(storage, instance, episode).degraded]
            stored.add(episode)
        if not dry_run and (why_logs_stay := remove_run(instance, run.run_id)):
            pruned.logs_left[why_logs_stay] += 1
        if pruned.removed == most_runs:
            break
    return pruned


@dg.op(
    name="superseded_runs",
    description="Removes old runs that newer runs have superseded, with their events, logs and files.",
)
def prune_superseded(
    context: dg.OpExecutionContext, config: PruneConfig, storage: Storage, settings: dg.ResourceParam[Settings]
) -> dg.Output[None]:
    before = datetime.now(UTC) - timedelta(days=settings.prune_runs_after_days)
    with faults_in_one_sentence(context):
        pruned = prune(storage, context.instance, before, most_runs=config.most_runs, dry_run=config.dry_run)
    done = "would be removed" if config.dry_run else "removed"
    context.log.info(f"{pruned.removed} of {pruned.looked_at} runs that finished before {before:%Y-%m-%d} {done}")
    for why, count in pruned.logs_left.items():
        context.log.warning(f"the logs of {count} runs stay, because {why}")
    for lost in pruned.lost_costs:
        context.log.warning(lost)
    return dg.Output(
        None,
        metadata={
            "dry_run": config.dry_run,
            "finished_before": f"{before:%Y-%m-%d}",
            "looked_at": pruned.looked_at,
            "removed": pruned.removed,
            "needed": pruned.looked_at - pruned.removed,
            "logs_left": pruned.logs_left.total(),
        },
    )


@dg.job(
    tags={**JOB_TAGS, "dagster/priority": "-1"},
    description="Removes finished runs that are old and that newer runs have superseded.",
)
def prune_runs() -> None:
    prune_superseded()


prune_runs_every_day = dg.ScheduleDefinition(
    name="prune_runs_every_day",
    job=prune_runs,
    cron_schedule="30 3 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Removes superseded runs at 3:30 UTC.",
)


def finished_runs(instance: dg.DagsterInstance, before: datetime) -> Iterator[dg.DagsterRun]:
    """The runs that finished before a time, oldest first; they may be removed while they are read."""
    filters = runs_filter(statuses=list(FINISHED_STATUSES), updated_before=before)
    records = instance.get_run_records(filters, limit=PAGE, ascending=True)
    while records:
        cursor = records[-1].dagster_run.run_id
        following = instance.get_run_records(filters, limit=PAGE, cursor=cursor, ascending=True)
        yield from (record.dagster_run for record in records)
        records = following
