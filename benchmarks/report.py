"""Prints a benchmark run as tables, and appends it to the history."""

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.results import Length, Results, Verdict, Way

CPU_COLUMNS = (
    "look_cpu_s",
    "make_cpu_s",
    "cpu_s",
    "decode_cpu_s",
    "encode_cpu_s",
    "floor_cpu_s",
    "ratio",
    "look_share",
)
OTHER_COLUMNS = ("wall_s", "largest_mb", "added_mb", "read_mb", "output_mb", "vmaf", "xpsnr")


def print_results(results: Results, limits: Sequence[Verdict], console: Console) -> None:
    """Prints the figures as tables, and whether each limit holds."""
    tables = (_cpu, _others, _steps, _lengths, _stages)
    for table in (*(build(results) for build in tables), limits_table(limits)):
        if table.row_count:
            console.print(table)


def append_history(file: Path, results: Results, limits: Sequence[Verdict]) -> None:
    """Appends the run as a line of JSON with date, commit, machine and all figures."""
    entry = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": {"cpu": _cpu_model(), "cores": os.cpu_count()},
        "ways": {way.name: {"seconds": way.seconds, **way.figures} for way in results.ways},
        "of_before": results.of_before,
        "of_old": results.of_old,
        "old_way_steps_cpu_s": results.old.steps_cpu_s,
        "lengths": [_length(*entry) for entry in zip(results.lengths, results.by_length, strict=True)],
        "stages_s": results.stages_s,
        "limits": [asdict(verdict) for verdict in limits],
    }
    with file.open("a") as history:
        history.write(json.dumps(_rounded(entry)) + "\n")


def _length(length: Length, ratio: float) -> dict[str, float]:
    figures = {"cpu_s": length.cpu_s, "ratio": ratio, "index_mb": length.index_mb, "media_mb": length.media_mb}
    return {"minutes": length.minutes, **figures}


def _cpu(results: Results) -> Table:
    table = _table(f"CPU-seconds of a clip of {results.auto.seconds:.0f} s, median of the rounds")
    for name in ("look", "make", "clip", "decode", "encode", "floor", "make / floor", "look / clip", "per second"):
        table.add_column(name, justify="right")
    for way in results.ways:
        table.add_row(_named(way, results), *_cells(way, CPU_COLUMNS), f"{way.figures['cpu_s'] / way.seconds:.3f}")
    return table


def _others(results: Results) -> Table:
    table = _table("Time, memory, bytes and quality of the same clips")
    for name in ("wall s", "largest MB", "added MB", "read MB", "output MB", "VMAF", "XPSNR dB"):
        table.add_column(name, justify="right")
    for way in results.ways:
        table.add_row(_named(way, results), *_cells(way, OTHER_COLUMNS))
    return table


def _named(way: Way, results: Results) -> str:
    """Returns the name, with the length of a clip that is shorter than the others."""
    return way.name if way.seconds == results.auto.seconds else f"{way.name} ({way.seconds:.0f} s)"


def _cells(way: Way, names: Sequence[str]) -> list[str]:
    return [f"{way.figures[name]:.2f}" if name in way.figures else "" for name in names]


def _steps(results: Results) -> Table:
    table = _table("Steps of the old way", first="step")
    table.add_column("CPU-s", justify="right")
    for name, seconds in results.old.steps_cpu_s.items():
        table.add_row(name, f"{seconds:.1f}")
    return table


def _lengths(results: Results) -> Table:
    table = _table("The clip of auto by length of the source, median of the rounds", first="minutes")
    for name in ("CPU-s", "x shortest", "index MB", "read beside it MB"):
        table.add_column(name, justify="right")
    for length, ratio in zip(results.lengths, results.by_length, strict=True):
        table.add_row(
            str(length.minutes),
            *(f"{figure:.2f}" for figure in (length.cpu_s, ratio, length.index_mb, length.media_mb)),
        )
    return table


def _stages(results: Results) -> Table:
    table = _table(f"This run took {sum(results.stages_s.values()) / 60:.1f} minutes", first="stage")
    table.add_column("seconds", justify="right")
    for name, seconds in results.stages_s.items():
        table.add_row(name, f"{seconds:.0f}")
    return table


def limits_table(limits: Sequence[Verdict]) -> Table:
    """Returns a table of limits, and whether each holds."""
    table = _table("Limits", first="subject")
    for name in ("measured", "limit", ""):
        table.add_column(name)
    for verdict in limits:
        table.add_row(verdict.subject, verdict.figure, verdict.limit, "[green]pass" if verdict.holds else "[red]FAIL")
    return table


def _table(title: str, first: str = "way") -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first)
    return table


def commit() -> str:
    """Returns the short hash of the checked-out commit, with `+changes` if files differ from it."""
    changed = _git("status", "--porcelain", "--untracked-files=no")
    return _git("rev-parse", "--short", "HEAD") + ("+changes" if changed else "")


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent).stdout.strip()


def _cpu_model() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "unknown")


def _rounded(value: Any) -> Any:
    """Returns the value with every float in it rounded to three places."""
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return round(value, 3) if isinstance(value, float) else value
