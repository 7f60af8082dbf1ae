"""The job `collect_garbage`, and the check that says beforehand what it would remove."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
from pydantic import Field

from clipper_assets.catalogue.checks import CATALOGUE
from clipper_assets.catalogue.garbage import Garbage, Gone, find_garbage, remove_gone, remove_leftovers
from clipper_assets.catalogue.lost_looks import remove_lost
from clipper_assets.catalogue.missing import MOST_VANISHED, VanishedError
from clipper_assets.runtime.refusal import faults_in_one_sentence
from clipper_assets.runtime.tenant import JOB_TAGS, asset_key
from clipper_assets.settings import Settings
from clipper_assets.storage.base import Storage
from clipper_assets.text.markdown import short_table

MOST_SHOWN = 50
"""Most episodes and files that are named in the metadata, which Dagster's event log keeps."""
OP = "garbage"
"""Its name is not the job's, because the names of ops and jobs must differ."""


class GarbageConfig(dg.Config):
    """Run config of `collect_garbage`."""

    dry_run: bool = Field(default=True, description="only say what would be removed")
    most_vanished: float = Field(
        default=MOST_VANISHED,
        ge=0,
        le=1,
        description="largest share of the uploads that may vanish between two looks; if more do, nothing is removed; "
        "1 allows any",
    )


@dg.asset_check(
    asset=asset_key(CATALOGUE),
    name="catalogue_has_no_garbage",
    description="Warns of leftovers, of episodes whose upload is missing and of looks without a partition, which "
    "`collect_garbage` would remove. "
    "Removes nothing.",
)
def catalogue_has_no_garbage(
    context: dg.AssetCheckExecutionContext, storage: Storage, settings: dg.ResourceParam[Settings]
) -> dg.AssetCheckResult:
    now, after = datetime.now(UTC), timedelta(days=settings.garbage_after_days)
    with faults_in_one_sentence(context.op_execution_context):
        try:
            garbage = find_garbage(storage, context.instance, now, after, MOST_VANISHED)
        except VanishedError as vanished:
            return dg.AssetCheckResult(passed=False, description=str(vanished))
    return dg.AssetCheckResult(
        passed=not (garbage.gone or garbage.lost or garbage.killed or garbage.abandoned),
        severity=dg.AssetCheckSeverity.WARN,
        description=summary(garbage, now),
        metadata=metadata(garbage, now),
    )


@dg.op(
    name=OP,
    description="Removes what belongs to uploads that are gone, and the leftovers of killed copies.",
)
def collect(
    context: dg.OpExecutionContext, config: GarbageConfig, storage: Storage, settings: dg.ResourceParam[Settings]
) -> dg.Output[None]:
    now, after = datetime.now(UTC), timedelta(days=settings.garbage_after_days)
    with faults_in_one_sentence(context):
        garbage = find_garbage(storage, context.instance, now, after, config.most_vanished)
        context.log.info(summary(garbage, now))
        shown = metadata(garbage, now)
        if not config.dry_run:
            shown["removed"] = dg.MetadataValue.md(_remove(context, storage, garbage, now))
    return dg.Output(None, metadata={"dry_run": config.dry_run, **shown})


@dg.job(
    tags={**JOB_TAGS, "dagster/priority": "-1"},
    description="Says which episodes have lost their upload; with `dry_run: false` it removes those that lost it long "
    "ago, clips of looks whose partition was removed, and leftovers of killed copies.",
)
def collect_garbage() -> None:
    collect()


collect_garbage_every_day = dg.ScheduleDefinition(
    name="collect_garbage_every_day",
    job=collect_garbage,
    cron_schedule="0 3 * * *",
    run_config=dg.RunConfig(ops={OP: GarbageConfig(dry_run=False)}),
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Removes garbage at 3:00 UTC. Off by default; `catalogue_has_no_garbage` says what it removes.",
)


def _remove(context: dg.OpExecutionContext, storage: Storage, garbage: Garbage, now: datetime) -> str:
    """Remove what is due; returns what was removed as a Markdown table."""
    rows = []
    for gone in garbage.due(now):
        why_it_stays = remove_gone(storage, context.instance, gone)
        if why_it_stays:
            context.log.info(f"{gone.partition} stays, because {why_it_stays}")
        else:
            context.log.info(f"removed {gone.partition}: {gone.objects} objects, {gone.size_bytes} bytes")
            rows.append([gone.partition, gone.objects, megabytes(gone.size_bytes)])
    for lost in garbage.lost:
        why_it_stays = remove_lost(storage, context.instance, lost)
        done = f"stays, because {why_it_stays}" if why_it_stays else f"is removed: {lost.objects} objects"
        context.log.info(f"the look {lost.name} {done}")
    remove_leftovers(storage, garbage)
    return short_table(["episode", "objects", "MB"], rows, MOST_SHOWN, "no episode")


def summary(garbage: Garbage, now: datetime) -> str:
    """What was found, in one or two sentences."""
    leftovers = len(garbage.killed) + len(garbage.abandoned)
    sentences = []
    if garbage.gone:
        due = garbage.due(now)
        first = garbage.gone[0]
        sentences.append(
            f"{len(garbage.gone)} of {garbage.episodes} episodes have no upload; "
            + (
                f"{len(due)} of them may be removed now."
                if due
                else f"the first one, {first.partition}, may be removed on {first.due:%Y-%m-%d}."
            )
        )
    if garbage.lost:
        names = ", ".join(lost.name for lost in garbage.lost)
        sentences.append(f"Looks were removed in Dagster, and their clips may be removed now: {names}.")
    if leftovers:
        sentences.append(f"{leftovers} files and uploads were left behind by killed copies.")
    return " ".join(sentences) or f"Each of the {garbage.episodes} episodes has its upload."


def metadata(garbage: Garbage, now: datetime) -> dict[str, Any]:
    """Counts, sizes and a table of what was found, as metadata for the UI."""
    due = garbage.due(now)
    shown: dict[str, Any] = {
        "episodes": garbage.episodes,
        "without_upload": len(garbage.gone),
        "due": len(due),
        "due_objects": sum(gone.objects for gone in due),
        "due_bytes": sum(gone.size_bytes for gone in due),
        "lost_looks": len(garbage.lost),
        "lost_look_bytes": sum(lost.size_bytes for lost in garbage.lost),
        "leftovers": len(garbage.killed) + len(garbage.abandoned),
        "leftover_bytes": sum(stored.size_bytes for stored in garbage.killed),
        "garbage": dg.MetadataValue.md(_table(garbage.gone)),
    }
    if garbage.not_listed:
        shown["not_listed"] = garbage.not_listed
    return shown


def megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.1f}"


def _table(gone: Sequence[Gone]) -> str:
    header = ["episode", "upload missing since", "may be removed on", "clip files", "MB", "edited by people"]
    rows = [
        [
            each.partition,
            f"{each.since:%Y-%m-%d}",
            f"{each.due:%Y-%m-%d}",
            each.clips.objects,
            megabytes(each.size_bytes),
            "yes" if each.edited else "no",
        ]
        for each in gone
    ]
    return short_table(header, rows, MOST_SHOWN, "nothing to remove")
