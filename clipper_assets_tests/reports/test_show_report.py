"""The report of a show says what the library's tables say, and nothing of another show."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest

from clipper_assets.costs.rows import COSTS
from clipper_assets.definitions import defs
from clipper_assets.episodes.shows import SHOWS as SHOWS_SET
from clipper_assets.library.assets import library
from clipper_assets.library.delta import stored_schema
from clipper_assets.library.replace import replace_rows
from clipper_assets.library.tables import CLIPS, EPISODES, SENTENCES
from clipper_assets.reports import plot
from clipper_assets.reports.assets import FIRST, LAST, report_shows_every_night, show_report
from clipper_assets.reports.figures import APPROVED, ShowFigures, read_figures
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.tables import TableSpec

SHOWS = ["full", "empty", "undecided", "%ff", "."]
CLIP_ROWS: list[dict[str, Any]] = [
    {"show": "full", "decision": "approved", "publishable": True},
    {"show": "full", "decision": "approved", "publishable": True},
    {"show": "full", "decision": "approved", "publishable": True, "look": "square-marker"},
    {"show": "full", "decision": "rejected", "publishable": False},
    {"show": "full", "decision": None, "publishable": True},
    {"show": "full", "decision": None, "publishable": False},
    {"show": "undecided", "decision": None, "publishable": True},
    {"show": "fuller", "decision": "approved", "publishable": True},
]
COST_ROWS: list[dict[str, Any]] = [
    {"show": "full", "at": datetime(2026, 10, 31, 23, 59, tzinfo=UTC), "usd": 1.0},
    {"show": "full", "at": datetime(2026, 11, 1, tzinfo=UTC), "usd": 2.0, "failed": True},
    {"show": "full", "at": datetime(2026, 11, 30, tzinfo=UTC), "usd": 3.0, "look": "square-marker"},
    {"show": "undecided", "at": datetime(2026, 11, 30, tzinfo=UTC), "usd": 0.5},
    {"show": "fuller", "at": datetime(2026, 11, 30, tzinfo=UTC), "usd": 100.0},
]


def write(storage: DirectoryStorage, spec: TableSpec, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows of an episode with nulls in the columns that do not matter."""
    written = [{"episode": "e.mp4", **row} for row in rows]
    replace_rows(storage, spec, {"e.mp4"}, pa.Table.from_pylist(written, schema=stored_schema(spec)))


@pytest.fixture
def storage(storage: DirectoryStorage) -> DirectoryStorage:
    lengths_s = (("full", 1800.0), ("full", 1800.0), ("undecided", 18.0), ("fuller", 1800.0))
    write(storage, EPISODES, [{"show": show, "duration_s": duration_s} for show, duration_s in lengths_s])
    write(storage, CLIPS, CLIP_ROWS)
    write(storage, COSTS, COST_ROWS)
    talk = [("full", "Ada", 0, 30), ("full", None, 30, 40), ("full", "Ada", 40, 70), ("full", "Bo | $x$", 70, 100)]
    many = [("undecided", f"SPEAKER_{number:03}", 0, number + 1) for number in range(300)]
    spoken = [{"show": row[0], "speaker": row[1], "start": row[2], "end": row[3]} for row in (*talk, *many)]
    write(storage, SENTENCES, spoken)
    storage.put_bytes("full/show.toml", b'owner = "team:talkers"')
    storage.put_bytes("undecided/show.toml", b"owner = 7")
    return storage


@pytest.fixture
def reports(storage: DirectoryStorage) -> dict[str, dict[str, Any]]:
    """The metadata of the reports of all shows, made in one run."""
    instance = dg.DagsterInstance.ephemeral()
    instance.add_dynamic_partitions(SHOWS_SET, SHOWS)
    every = {FIRST: SHOWS[0], LAST: SHOWS[-1]}
    assert dg.materialize([show_report], instance=instance, resources={"storage": storage}, tags=every).success
    records = instance.fetch_materializations(show_report.key, limit=10).records
    found = [record.asset_materialization for record in records]
    return {str(each.partition): {k: v.value for k, v in each.metadata.items()} for each in found if each}


def test_a_report_has_the_figures_of_its_show_only(
    storage: DirectoryStorage, reports: dict[str, dict[str, Any]]
) -> None:
    assert reports.keys() == set(SHOWS)
    numbers = {name: value for name, value in reports["full"].items() if isinstance(value, int | float)}
    assert numbers == {
        "episodes": 2,
        "hours": 1.0,
        "clips": 5,
        "clips_approved": 2,
        "clips_rejected": 1,
        "clips_ready": 1,
        "clips_held_back": 1,
        "kept_share": pytest.approx(2 / 3, abs=1e-4),
        "usd": 6.0,
        "usd_per_approved_clip": 3.0,
        "speakers": 3,
    }
    report = reports["full"]
    assert report["owner"] == "team:talkers"
    assert report["spend_by_month"].splitlines()[2:] == ["| 2026-11 | 5.0000 |", "| 2026-10 | 1.0000 |"]
    assert report["talking_time"].splitlines()[2:] == [
        "| Ada | 60.0 % |",
        "| Bo \\| $x$ | 30.0 % |",
        "| unknown | 10.0 % |",
    ]
    assert report["plot"] == storage.uri("lake/pictures/show_report/show=full/report.png")
    assert storage.read_bytes("lake/pictures/show_report/show=full/report.png").startswith(b"\x89PNG")


def test_a_show_without_episodes_or_decisions_has_no_shares(reports: dict[str, dict[str, Any]]) -> None:
    for show in ("empty", "undecided"):
        assert not {"kept_share", "usd_per_approved_clip"} & reports[show].keys()
    assert (reports["empty"]["episodes"], reports["empty"]["usd"], reports["empty"]["plot"]) == (
        0,
        0.0,
        "nothing to draw",
    )
    assert reports["undecided"]["hours"] == 0.005
    assert "owner" in reports["undecided"]["owner"]
    assert reports["undecided"]["owner"].startswith("unknown: undecided/show.toml")
    assert reports["undecided"]["spend_by_month"].splitlines()[2:] == ["| 2026-11 | 0.5000 |"]
    assert reports["%ff"]["owner"].startswith("unknown: ")  # registered by hand


def test_of_300_speakers_those_who_talk_most_are_named(reports: dict[str, dict[str, Any]]) -> None:
    rows = reports["undecided"]["talking_time"].splitlines()[2:]
    assert reports["undecided"]["speakers"] == 300
    assert len(rows) == 20
    assert rows[0].startswith("| SPEAKER_299 |")
    assert rows[-1].startswith("| 281 others |")


def test_few_clips_are_counted_in_whole_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Any] = []
    monkeypatch.setattr(plot, "png_of", drawn.append)
    plot.report_plot(ShowFigures(episodes=1, clips=Counter({APPROVED: 2})))
    (figure,) = drawn
    assert [tick for tick in figure.axes[0].get_yticks() if tick % 1] == []


def test_the_report_is_after_the_library_in_the_lineage() -> None:
    graph = defs.resolve_asset_graph()
    assert graph.get(show_report.key).parent_keys == {library.key}


def test_the_plot_of_a_show_that_is_gone_is_deleted(storage: DirectoryStorage) -> None:
    for show in ("full", "gone"):
        storage.put_bytes(f"lake/pictures/show_report/show={show}/report.png", b"PNG")
    instance = dg.DagsterInstance.ephemeral()
    instance.add_dynamic_partitions(SHOWS_SET, ["full", "empty"])
    resources = {"storage": storage}
    assert dg.materialize([show_report], instance=instance, resources=resources, partition_key="empty").success
    (kept,) = storage.list_objects("lake/pictures/show_report")
    assert kept.key == "lake/pictures/show_report/show=full/report.png"


def test_without_a_library_all_is_zero(tmp_path: Any) -> None:
    (figures,) = read_figures(DirectoryStorage(root=str(tmp_path)), ["a"]).values()
    assert (figures.episodes, figures.total_usd, figures.kept_share, figures.talk_shares()) == (0, 0.0, None, [])


def test_every_night_all_shows_are_reported_in_one_run() -> None:
    with dg.instance_for_test() as instance, dg.build_schedule_context(instance) as context:
        assert isinstance(report_shows_every_night(context), dg.SkipReason)
        instance.add_dynamic_partitions(SHOWS_SET, SHOWS)
        request = report_shows_every_night(context)
    assert isinstance(request, dg.RunRequest)
    assert (request.tags[FIRST], request.tags[LAST]) == ("full", ".")
