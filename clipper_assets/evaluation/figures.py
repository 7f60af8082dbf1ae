"""The figures of a picker and its prompt, from what people decided about its clips."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist, fmean
from typing import Any

import pyarrow as pa

from clipper_assets.edits.model import Decision
from clipper_assets.evaluation.decisions import TIME
from clipper_assets.storage.tables import Column, TableSpec
from clipper_assets.text.markdown import markdown_table

Row = Mapping[str, Any]
"""A row of `DECISIONS`."""

RANKS = (1, 3, 5)
CONFIDENCE = 0.95
EVALUATION = TableSpec(
    "evaluation",
    [
        Column("show", pa.string(), "folder of the show; null for all shows together", nullable=True),
        Column("picker", pa.string(), "`openai:<model>` or `heuristic`"),
        Column("prompt", pa.string(), "name of the prompt; null without a model", nullable=True),
        Column("prompt_version", pa.string(), "hash of the prompt; null without a model", nullable=True),
        Column("episodes", pa.int32(), "episodes that somebody edited"),
        Column("clips", pa.int32(), "clips of these episodes"),
        Column("decisions", pa.int32(), "clips that were approved or rejected"),
        Column("kept", pa.int32(), "clips that were approved"),
        Column("kept_share", pa.float64(), "kept / decisions", nullable=True),
        Column("kept_low", pa.float64(), "lower end of its 95 % interval (Wilson)", nullable=True),
        Column("kept_high", pa.float64(), "upper end of its 95 % interval (Wilson)", nullable=True),
        *(
            Column(
                f"precision_at_{k}",
                pa.float64(),
                f"share of the {k} best clips that was kept, mean over episodes; clips without a decision do not count",
                nullable=True,
            )
            for k in RANKS
        ),
        Column("start_shift_s", pa.float64(), "mean move of the start of clips that were not rejected", nullable=True),
        Column("end_shift_s", pa.float64(), "mean move of the end of clips that were not rejected", nullable=True),
        Column("moved_share", pa.float64(), "share of them whose start or end was moved", nullable=True),
        Column("retitled_share", pa.float64(), "share of them with another title or hook", nullable=True),
        Column("first_edited_at", TIME, "when somebody first edited such a clip"),
        Column("last_edited_at", TIME, "when somebody last edited such a clip"),
    ],
)


@dataclass(frozen=True)
class Version:
    """A picker and its prompt."""

    picker: str
    prompt: str | None
    prompt_version: str | None

    @classmethod
    def of(cls, row: Row) -> "Version":
        return cls(row["picker"], row["prompt"], row["prompt_version"])

    def __str__(self) -> str:
        return f"{self.prompt} ({self.prompt_version})" if self.prompt else self.picker


def wilson(kept: int, decisions: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The confidence interval of a share, as if the decisions were independent.

    Wilson, "Probable inference, the law of succession, and statistical inference", J. American Statistical Association
    22(158), 1927; recommended for small samples by Brown, Cai & DasGupta, Statistical Science 16(2), 2001.
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, weight = kept / decisions, z * z / decisions
    middle = (share + weight / 2) / (1 + weight)
    half = z * sqrt(share * (1 - share) / decisions + weight / (4 * decisions)) / (1 + weight)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def precision_at(k: int, rows: Iterable[Row]) -> float | None:
    """The share of the `k` best clips that was kept, mean over the episodes with a decision about one of them.

    Clips without a decision are left out, as Sakai, "Alternatives to bpref" (SIGIR 2007) does with documents that
    nobody judged.
    """
    kept: dict[str, list[bool]] = defaultdict(list)
    for row in rows:
        if row["clip"] < k and row["decision"]:
            kept[row["episode"]].append(is_kept(row))
    return fmean(fmean(each) for each in kept.values()) if kept else None


def is_kept(row: Row) -> bool:
    return bool(row["decision"] == Decision.approved)


def evaluation_rows(decisions: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows of `EVALUATION`: each picker and prompt over all shows, then in each show; most decisions first."""
    groups: dict[tuple[str | None, Version], list[Row]] = defaultdict(list)
    for row in decisions:
        groups[None, Version.of(row)].append(row)
        groups[row["show"], Version.of(row)].append(row)
    rows = [{"show": show, **vars(version), **_figures(group)} for (show, version), group in groups.items()]
    return sorted(rows, key=lambda row: (row["show"] or "", row["show"] is not None, -row["decisions"]))


def preview(rows: Iterable[Row]) -> str:
    """The rows over all shows as a Markdown table."""
    header = ["picker", "prompt", "clips", "decisions", "kept", "at 1, 3, 5", "start moved", "end moved", "retitled"]
    return markdown_table(header, (_shown(row) for row in rows if row["show"] is None))


def _shown(row: Row) -> list[object]:
    kept = f"{percent(row['kept_share'])} ({percent(row['kept_low'])} to {percent(row['kept_high'])})"
    return [
        row["picker"],
        Version.of(row) if row["prompt"] else "",
        row["clips"],
        row["decisions"],
        kept if row["decisions"] else "",
        ", ".join(percent(row[f"precision_at_{k}"]) for k in RANKS),
        *("" if row[name] is None else f"{row[name]:+.1f} s" for name in ("start_shift_s", "end_shift_s")),
        percent(row["retitled_share"]),
    ]


def percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _figures(rows: Sequence[Row]) -> dict[str, Any]:
    decided = [row for row in rows if row["decision"]]
    kept = sum(map(is_kept, decided))
    low, high = wilson(kept, len(decided)) if decided else (None, None)
    used = [row for row in rows if row["decision"] != Decision.rejected]

    def mean(figure: Callable[[Row], float]) -> float | None:
        return fmean(map(figure, used)) if used else None

    return {
        "episodes": len({row["episode"] for row in rows}),
        "clips": len(rows),
        "decisions": len(decided),
        "kept": kept,
        "kept_share": kept / len(decided) if decided else None,
        "kept_low": low,
        "kept_high": high,
        **{f"precision_at_{k}": precision_at(k, rows) for k in RANKS},
        "start_shift_s": mean(lambda row: row["start_shift_s"]),
        "end_shift_s": mean(lambda row: row["end_shift_s"]),
        "moved_share": mean(lambda row: bool(row["start_shift_s"] or row["end_shift_s"])),
        "retitled_share": mean(lambda row: row["retitled"]),
        "first_edited_at": min(row["first_edited_at"] for row in rows),
        "last_edited_at": max(row["last_edited_at"] for row in rows),
    }
