"""`show_report`: the figures of each show as numbers, tables and plots in Dagster's UI."""

import time
from collections.abc import Iterable
from typing import Any

import dagster as dg

from clipper_assets.episodes.partitions import object_key
from clipper_assets.episodes.shows import ROOT, SHOWS, shows
from clipper_assets.reports.figures import STATES, ShowFigures, read_figures
from clipper_assets.reports.plot import most_talking, report_plot
from clipper_assets.runtime.asset_names import LIBRARY
from clipper_assets.runtime.errors import StorageError
from clipper_assets.runtime.refusal import in_one_sentence
from clipper_assets.runtime.tenant import JOB_TAGS, of_tenant
from clipper_assets.shows.show import load_show
from clipper_assets.storage.base import Storage
from clipper_assets.storage.hive import hive_folder
from clipper_assets.storage.lake import LAKE
from clipper_assets.storage.pictures import PICTURES
from clipper_assets.text.markdown import markdown_table, shortened

SHOW_REPORT = "show_report"
PLOTS = f"{LAKE}/{PICTURES}/{SHOW_REPORT}"
MAX_SPEAKERS = 20
FIRST, LAST = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
"""Tags of a run of several partitions at once."""


@of_tenant
@dg.asset(
    name=SHOW_REPORT,
    partitions_def=shows,
    group_name="reports",
    kinds={"deltalake"},
    deps=[dg.AssetDep(LIBRARY, partition_mapping=dg.AllPartitionMapping())],
    code_version="1",
    description="What a show has, costs and keeps, from the library: episodes, clips by state, spend by month, and the "
    "speakers' shares of the talking time. All shows are reported in one run.",
)
@in_one_sentence
def show_report(context: dg.AssetExecutionContext, storage: Storage) -> None:
    began = time.monotonic()
    figures = read_figures(storage, context.partition_keys)
    context.log.info(f"read the library in {time.monotonic() - began:.1f} s")
    for show, each in figures.items():
        context.add_asset_metadata(_metadata(storage, show, each), partition_key=show)
    _delete_plots_of_others(storage, context.instance.get_dynamic_partitions(SHOWS))


def _metadata(storage: Storage, show: str, figures: ShowFigures) -> dict[str, Any]:
    """The report of a show. A number without a value, such as a share of no decisions, is left out."""
    optional = {"kept_share": figures.kept_share, "usd_per_approved_clip": figures.usd_per_approved}
    return {
        "owner": _owner(storage, show),
        "episodes": figures.episodes,
        "hours": round(figures.hours, 4),
        "clips": figures.clips.total(),
        **{f"clips_{state.replace(' ', '_')}": figures.clips[state] for state in STATES},
        "usd": round(float(figures.total_usd), 4),
        "speakers": len(figures.talk_s),
        **{name: round(value, 4) for name, value in optional.items() if value is not None},
        "spend_by_month": dg.MetadataValue.md(_spend(figures)),
        "talking_time": dg.MetadataValue.md(_talk(figures)),
        "plot": _stored_plot(storage, show, report_plot(figures)),
    }


def _owner(storage: Storage, show: str) -> str:
    """Who answers for a show, by its `show.toml`, or why that is not known."""
    try:
        folder = "" if show == ROOT else f"{object_key(show)}/"
        return load_show(storage, folder).owner or "none; set `owner` in its show.toml"
    except (ValueError, StorageError) as mistake:
        return shortened(f"unknown: {mistake}")


def _spend(figures: ShowFigures) -> str:
    months = sorted(figures.usd.items(), reverse=True)
    return markdown_table(["month", "USD"], ([month, f"{usd:.4f}"] for month, usd in months)) if months else "none"


def _talk(figures: ShowFigures) -> str:
    shares = most_talking(figures.talk_shares(), MAX_SPEAKERS)
    rows = ([shortened(speaker), f"{100 * share:.1f} %"] for speaker, share in shares)
    return markdown_table(["speaker", "share"], rows) if shares else "none"


def _stored_plot(storage: Storage, show: str, png: bytes | None) -> dg.MetadataValue[str | None]:
    if png is None:
        return dg.MetadataValue.text("nothing to draw")
    storage.put_bytes(_plot_key(show), png)
    return dg.MetadataValue.url(storage.uri(_plot_key(show)))


def _plot_key(show: str) -> str:
    return f"{PLOTS}/{hive_folder(show, 'show')}/report.png"


def _delete_plots_of_others(storage: Storage, registered: Iterable[str]) -> None:
    """Delete the plots of shows that are gone: they name speakers."""
    kept = {_plot_key(show) for show in registered}
    for stored in list(storage.list_objects(PLOTS)):
        if stored.key not in kept:
            storage.delete(stored.key)


report_shows = dg.define_asset_job(
    "report_shows",
    selection=dg.AssetSelection.assets(show_report),
    tags={**JOB_TAGS, "dagster/priority": "-1"},
    description="Reports on shows: episodes, clips, spend and speakers.",
)


@dg.schedule(
    job=report_shows,
    cron_schedule="0 5 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Reports on all shows at 5:00 UTC, in one run.",
)
def report_shows_every_night(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    registered = context.instance.get_dynamic_partitions(SHOWS)
    if not registered:
        return dg.SkipReason("there is no show yet")
    return dg.RunRequest(tags={FIRST: registered[0], LAST: registered[-1]})
