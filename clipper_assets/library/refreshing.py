"""The job `refresh_library`, which every hour brings the Delta tables up to date and tidies them."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from clipper_assets.costs.collect import refresh as collect_costs
from clipper_assets.costs.reporting import materialization
from clipper_assets.library.assets import IS_COMPLETE, is_complete, metadata, not_updated
from clipper_assets.library.housekeeping import Tidied, tidy
from clipper_assets.library.refresh import Refreshed, Rows, refresh
from clipper_assets.library.update import counted
from clipper_assets.runtime.asset_names import LIBRARY
from clipper_assets.runtime.partition_keys import EPISODE_TAG
from clipper_assets.runtime.refusal import faults_in_one_sentence
from clipper_assets.runtime.run_status import NOT_FINISHED_STATUSES
from clipper_assets.runtime.tenant import JOB_TAGS, asset_key, runs_filter
from clipper_assets.storage.base import Storage
from clipper_assets.storage.damaged import DamagedError
from clipper_assets.text.markdown import short_table

MOST_SHOWN = 50
"""Most episodes that are named in the metadata, which Dagster's event log keeps."""
EPISODE_TAGS = ("dagster/partition", EPISODE_TAG)
"""Tags of a run with its episode; the second one where its other partition is a look."""


@dg.op(
    name="stored_library",
    description="Brings the rows of episodes that changed up to date, removes those of episodes that are gone, joins "
    "small files, and removes files that are out of use.",
)
def refresh_stored(context: dg.OpExecutionContext, storage: Storage) -> dg.Output[None]:
    runs = context.instance.get_runs(runs_filter(statuses=list(NOT_FINISHED_STATUSES)))
    busy = {run.tags[tag] for run in runs for tag in EPISODE_TAGS if tag in run.tags}

    def collect(episode: str) -> None:
        collected = collect_costs(storage, context.instance, episode)
        for fallback in collected.degraded:
            context.log.warning(f"{episode}: {fallback.reason}")
        try:
            costs = materialization(storage, context.instance, episode, collected)
        except DamagedError as damaged:
            context.log.warning(f"{episode}: the costs are stored, but not shown in the UI: {damaged}")
            return
        if costs:
            context.log_event(costs)

    def checked(episode: str, check: dg.AssetCheckResult) -> None:
        # In the run, because Dagster stores one evaluation of a partition without a run. The stub misses the class.
        evaluation: Any = dg.AssetCheckEvaluation(
            asset_key(LIBRARY),
            IS_COMPLETE.name,
            check.passed,
            severity=check.severity,
            description=check.description,
            partition=episode,
        )
        context.log_event(evaluation)

    def done(updated: Mapping[str, Rows]) -> None:
        found = counted(storage, list(updated))
        for episode, rows in updated.items():
            shown = metadata(storage, rows)
            context.log_event(dg.AssetMaterialization(asset_key(LIBRARY), partition=episode, metadata=shown))
            checked(episode, is_complete(rows, found[episode]))

    def failed(episode: str, error: Exception) -> str:
        check = not_updated(context.log, episode, error)
        checked(episode, check)
        return str(check.description)

    with faults_in_one_sentence(context):
        refreshed = refresh(storage, busy, collect, done, failed)
        tidied = tidy(storage)
    return dg.Output(None, metadata=_facts(refreshed, tidied))


def _facts(refreshed: Refreshed, tidied: Tidied) -> dict[str, dg.MetadataValue[str] | dg.MetadataValue[int] | int]:
    rows = list(refreshed.unreadable.items())
    return {
        "updated": len(refreshed.updated),
        "removed": len(refreshed.removed),
        "left": refreshed.left,
        "unreadable": len(rows),
        "files_joined": tidied.joined,
        "files_removed": tidied.removed,
        "episodes": dg.MetadataValue.md(
            short_table(["episode", "why it is left as it is"], rows, MOST_SHOWN, "every episode is up to date")
        ),
    }


@dg.job(
    tags={**JOB_TAGS, "dagster/priority": "-1"},
    description="Brings the Delta tables of the library up to date with reviews, corrections, variants and removals.",
)
def refresh_library() -> None:
    refresh_stored()


refresh_library_every_hour = dg.ScheduleDefinition(
    name="refresh_library_every_hour",
    job=refresh_library,
    cron_schedule="10 * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Brings the Delta tables of the library up to date at ten past every hour.",
)
