"""`catalogue`: what there is of all episodes, and what needs a person."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from clipper_assets.catalogue.census import take_census
from clipper_assets.catalogue.checks import (
    CATALOGUE,
    MOST_SHOWN,
    SPECS,
    has_no_orphans,
    held_back_is_known,
    is_fresh,
    link,
    not_degraded_for_long,
)
from clipper_assets.catalogue.entries import ENTRIES, KEY, Entry, read_entries, store_entries
from clipper_assets.catalogue.orphans import orphans
from clipper_assets.catalogue.sizes import stored_sizes
from clipper_assets.catalogue.waiting import Waiting, waiting_uploads
from clipper_assets.episodes.partitions import EPISODES
from clipper_assets.runtime.asset_names import RENDERED_CLIPS
from clipper_assets.runtime.degraded import Degraded, not_degraded, not_degraded_spec
from clipper_assets.runtime.refusal import in_one_sentence
from clipper_assets.runtime.tenant import JOB_TAGS, of_tenant
from clipper_assets.settings import Settings
from clipper_assets.storage.base import Storage
from clipper_assets.storage.tables import TableResult
from clipper_assets.text.markdown import short_table, shortened


@of_tenant
@dg.asset(
    name=CATALOGUE,
    group_name="catalogue",
    kinds={"parquet"},
    code_version="1",
    metadata={"dagster/column_schema": ENTRIES.column_schema},
    check_specs=[*SPECS, not_degraded_spec(CATALOGUE)],
    deps=[RENDERED_CLIPS],
    freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=50), warn_window=timedelta(hours=26)),
    description="Clips of all episodes: how many there are, are ready to post, are held back or were made with "
    "fallbacks, and what needs a person.",
)
@in_one_sentence
def catalogue(context: dg.AssetExecutionContext, storage: Storage, settings: dg.ResourceParam[Settings]) -> TableResult:
    began, now = time.monotonic(), datetime.now(UTC)
    census = take_census(storage, now)
    partitions = context.instance.get_dynamic_partitions(EPISODES)
    entries, damaged = read_entries(storage, context.instance, census.manifests)
    waiting = waiting_uploads(storage, context.instance, census, entries)
    store_entries(storage, entries)
    return TableResult(
        check_results=[
            held_back_is_known(entries),
            not_degraded_for_long(entries, settings.degraded_days, now),
            has_no_orphans(orphans(census, partitions)),
            is_fresh(waiting, now),
            not_degraded(CATALOGUE, [Degraded(CATALOGUE, each).as_dict() for each in damaged[:MOST_SHOWN]]),
        ],
        metadata={
            "dagster/row_count": len(entries),
            "dagster/uri": storage.uri(KEY),
            "episodes": len(partitions),
            "uploads": len(census.uploads),
            **_totals(entries),
            **stored_sizes(census),
            "unreadable": len(damaged),
            "waiting": len(waiting),
            "oldest_waiting": shortened(str(waiting[0])) if waiting else "none",
            "worst": dg.MetadataValue.md(worst(entries, waiting)),
            "seconds": round(time.monotonic() - began, 2),
        },
    )


def _totals(entries: Sequence[Entry]) -> dict[str, Any]:
    return {
        "clips": sum(entry.clips for entry in entries),
        "publishable": sum(entry.publishable for entry in entries),
        "held_back": sum(entry.held_back for entry in entries),
        "degraded": sum(bool(entry.degraded) for entry in entries),
    }


def worst(entries: Sequence[Entry], waiting: Sequence[Waiting]) -> str:
    """The episodes that need a person most, as a Markdown table: waiting, then held back, then with fallbacks."""
    header = ["episode", "clips", "ready to post", "held back", "fallbacks"]
    rows: list[list[object]] = [[link(each.episode), each.run, 0, 0, ""] for each in waiting]
    ordered = sorted(entries, key=lambda entry: (-len(entry.unseen), -entry.held_back, -len(entry.degraded)))
    rows += [
        [link(entry.episode), entry.clips, entry.publishable, entry.held_back, shortened("; ".join(entry.degraded))]
        for entry in ordered
        if entry.held_back or entry.degraded
    ]
    return short_table(header, rows, MOST_SHOWN, "nothing needs a person")


check_catalogue = dg.define_asset_job(
    "check_catalogue",
    selection=dg.AssetSelection.assets(catalogue),
    tags={**JOB_TAGS, "dagster/priority": "-1"},
    description="Counts what there is of all episodes, and checks what needs a person.",
)
check_every_night = dg.ScheduleDefinition(
    name="check_catalogue_every_night",
    job=check_catalogue,
    cron_schedule="30 4 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Checks the catalogue at 4:30 UTC.",
)
