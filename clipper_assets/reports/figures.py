"""What the library's tables say about each show: episodes, clips by state, spend and who talks."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from clipper_assets.costs.rows import COSTS
from clipper_assets.library.delta import dataset
from clipper_assets.library.tables import CLIPS, EPISODES, SENTENCES
from clipper_assets.storage.base import Storage
from clipper_assets.storage.tables import TableSpec

if TYPE_CHECKING:
    import pyarrow.dataset as pads

APPROVED, REJECTED, READY, HELD_BACK = STATES = "approved", "rejected", "ready", "held back"
UNKNOWN = "unknown"
"""The speaker of sentences without one."""


@dataclass
class ShowFigures:
    """The figures of one show.

    Attributes:
        episodes: Number of episodes in the library.
        hours: Their length.
        clips: Number of clips in the default look, by state.
        usd: Dollars by month, `2026-11`, in which the step ended; steps that failed included.
        talk_s: Seconds of talking by speaker.
    """

    episodes: int = 0
    hours: float = 0.0
    clips: Counter[str] = field(default_factory=Counter)
    usd: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    talk_s: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    @property
    def kept_share(self) -> float | None:
        """Share of the clips with a decision that were approved; None without a decision."""
        decided = self.clips[APPROVED] + self.clips[REJECTED]
        return self.clips[APPROVED] / decided if decided else None

    @property
    def total_usd(self) -> float:
        return sum(self.usd.values())

    @property
    def usd_per_approved(self) -> float | None:
        """Dollars of all episodes by approved clip; None without one."""
        return self.total_usd / self.clips[APPROVED] if self.clips[APPROVED] else None

    def talk_shares(self) -> list[tuple[str, float]]:
        """The speakers' shares of the talking time, the largest first."""
        total = sum(self.talk_s.values())
        shares = {speaker: seconds / total for speaker, seconds in self.talk_s.items() if total}
        return sorted(shares.items(), key=lambda each: -each[1])


def read_figures(storage: Storage, shows: Collection[str]) -> Mapping[str, ShowFigures]:
    """The figures of shows (partition keys), from the newest version of each table; zeros for one without episodes.

    Reads each table once, and of it only the files that have rows of these shows. Raises DeltaError of deltalake, or
    OSError, if a table cannot be read.
    """
    import pyarrow.compute as pc

    figures = {show: ShowFigures() for show in shows}
    for row in _summed(storage, EPISODES, shows, [], ["duration_s"]):
        figures[row["show"]].episodes = row["count"]
        figures[row["show"]].hours = (row["duration_s"] or 0.0) / 3600
    for row in _summed(storage, CLIPS, shows, ["decision", "publishable"], [], pc.field("look").is_null()):
        state = row["decision"] or (READY if row["publishable"] else HELD_BACK)
        figures[row["show"]].clips[state] += row["count"]
    for row in _summed(storage, COSTS, shows, ["month"], ["usd"]):
        figures[row["show"]].usd[row["month"]] += row["usd"] or 0.0
    for row in _summed(storage, SENTENCES, shows, ["speaker"], ["seconds"]):
        figures[row["show"]].talk_s[row["speaker"] or UNKNOWN] += row["seconds"] or 0.0
    return figures


def _summed(
    storage: Storage,
    spec: TableSpec,
    shows: Collection[str],
    groups: list[str],
    sums: list[str],
    only: "pads.Expression | None" = None,
) -> Iterator[dict[str, Any]]:
    """The sums of columns, and the number of rows as `count`, by show and other columns.

    `month` and `seconds` are computed, for tables with `at`, and with `start` and `end`.
    """
    import pyarrow.compute as pc

    computed = {
        "month": pc.strftime(pc.field("at"), format="%Y-%m"),
        "seconds": pc.field("end") - pc.field("start"),
    }
    of_shows = pc.field("show").isin(pa.array(shows, pa.string()))
    columns = {name: computed.get(name, pc.field(name)) for name in ["show", *groups, *sums]}
    rows = dataset(storage, spec).to_table(columns=columns, filter=of_shows if only is None else of_shows & only)
    grouped = rows.group_by(["show", *groups]).aggregate([(name, "sum") for name in sums] + [([], "count_all")])
    for row in grouped.to_pylist():
        yield {name.removesuffix("_sum").removesuffix("_all"): value for name, value in row.items()}
