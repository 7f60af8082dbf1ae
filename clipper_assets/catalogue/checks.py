"""Asset checks of `catalogue`, over all episodes. All of them warn: none of them stops a run."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode

import dagster as dg

from clipper_assets.catalogue.entries import Entry
from clipper_assets.catalogue.waiting import LATE, Waiting
from clipper_assets.runtime.asset_names import RENDERED_CLIPS
from clipper_assets.runtime.tenant import asset_key
from clipper_assets.text.markdown import short_table, shortened

CATALOGUE = "catalogue"
MOST_SHOWN = 20
"""Most episodes that a check or a table names, because Dagster's event log keeps them."""
HELD_BACK_IS_KNOWN = dg.AssetCheckSpec(
    "catalogue_held_back_is_known",
    asset=CATALOGUE,
    description="Warns of clips that are held back without a person knowing: nobody decided about the clip or edited "
    "the episode since it was rendered, and no webhook of its run was delivered.",
)
NOT_DEGRADED_FOR_LONG = dg.AssetCheckSpec(
    "catalogue_not_degraded_for_long",
    asset=CATALOGUE,
    description="Warns of episodes that were made with fallbacks more than `CLIPPER_DEGRADED_DAYS` days ago.",
)
HAS_NO_ORPHANS = dg.AssetCheckSpec(
    "catalogue_has_no_orphans",
    asset=CATALOGUE,
    description="Warns of clips and folders of the lake whose episode has neither an upload nor a partition.",
)
IS_FRESH = dg.AssetCheckSpec(
    "catalogue_is_fresh",
    asset=CATALOGUE,
    description="Warns of uploads that are older than a day and have no finished clips, or were replaced since.",
)
SPECS = [HELD_BACK_IS_KNOWN, NOT_DEGRADED_FOR_LONG, HAS_NO_ORPHANS, IS_FRESH]


def held_back_is_known(entries: Iterable[Entry]) -> dg.AssetCheckResult:
    """The result of `HELD_BACK_IS_KNOWN`."""
    rows = [[link(entry.episode), shortened("; ".join(entry.unseen))] for entry in entries if entry.unseen]
    return _result(
        HELD_BACK_IS_KNOWN,
        ["episode", "held back"],
        rows,
        "Episodes with clips that are held back without a person knowing",
    )


def not_degraded_for_long(entries: Iterable[Entry], days: int, now: datetime) -> dg.AssetCheckResult:
    """The result of `NOT_DEGRADED_FOR_LONG`, the oldest first."""
    long = [
        (entry.degraded_since, entry)
        for entry in entries
        if entry.degraded_since and now - entry.degraded_since > timedelta(days=days)
    ]
    rows = [
        [link(entry.episode), f"{since:%Y-%m-%d}", shortened("; ".join(entry.degraded))]
        for since, entry in sorted(long, key=lambda each: each[0])
    ]
    return _result(
        NOT_DEGRADED_FOR_LONG,
        ["episode", "since", "fallbacks"],
        rows,
        f"Episodes made with fallbacks more than {days} days ago",
    )


def has_no_orphans(orphans: Sequence[str]) -> dg.AssetCheckResult:
    """The result of `HAS_NO_ORPHANS`."""
    return _result(
        HAS_NO_ORPHANS, ["orphan"], [[shortened(orphan)] for orphan in orphans], "Folders that belong to no episode"
    )


def is_fresh(waiting: Iterable[Waiting], now: datetime) -> dg.AssetCheckResult:
    """The result of `IS_FRESH`."""
    rows = [
        [link(each.episode), f"{each.uploaded_at:%Y-%m-%d %H:%M}", each.run] for each in waiting if each.is_late(now)
    ]
    days = LATE / timedelta(days=1)
    return _result(
        IS_FRESH, ["episode", "uploaded (UTC)", "run"], rows, f"Uploads older than {days:g} day without finished clips"
    )


def link(episode: str) -> str:
    """Markdown that opens the partition of the episode's clips in Dagster's UI."""
    query = urlencode({"view": "partitions", "partition": episode})
    return f"[{shortened(episode)}](/assets/{'/'.join(asset_key(RENDERED_CLIPS).path)}?{query})"


def _result(
    spec: dg.AssetCheckSpec, header: Sequence[str], rows: Sequence[Sequence[str]], what: str
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=spec.name,
        passed=not rows,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{what}: {len(rows)}" if rows else None,
        metadata={
            "found": len(rows),
            "shown": dg.MetadataValue.md(short_table(header, rows, MOST_SHOWN, "nothing")),
        },
    )
