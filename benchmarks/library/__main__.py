"""Measures the library with 2,000 episodes of 10,000 words: `python -m benchmarks.library`.

The tables are made once, in .bench/library. Exits with 1 if a figure is above its limit.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from rich.console import Console

from benchmarks.catalogue.figure import Figure, line
from clipper_assets.library.housekeeping import tidy
from clipper_assets.library.update import write
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.support.analysts import TOOLS, code
from clipper_assets_tests.support.library import Tables, synthetic, write_library

ROOT = Path(".bench/library")
EPISODES, WORDS = 2_000, 10_000
QUERY_S, QUERY_MB, APPEND_S = 1.0, 500.0, 2.0
"""Limits of issue 11."""
APPENDED = 25
"""Episodes that are appended one after the other, so that there are small files as there are in an hour."""


def main() -> int:
    console = Console(highlight=False, soft_wrap=True)
    ROOT.mkdir(parents=True, exist_ok=True)
    storage = DirectoryStorage(root=str(ROOT))
    if not (ROOT / "made").exists():
        console.print(f"making {EPISODES:,} episodes of {WORDS:,} words")
        write_library(storage, synthetic(EPISODES, WORDS))
        tidy(storage)
        (ROOT / "made").touch()
    failed = False
    for figure in (*queries(), *appends(storage)):
        failed |= figure.failed
        console.print(f"  {line(figure)}", style="red" if figure.failed else None)
    return int(failed)


def queries() -> Iterator[Figure]:
    """Each query of docs/analysts.md with each tool, in a process of its own."""
    for name in code("")[1]:
        for tool in TOOLS:
            command = [sys.executable, "-m", "benchmarks.library.ask", tool, name, str(ROOT)]
            asked = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            yield Figure(f"{name}, {tool}", asked["seconds"], "s", QUERY_S)
            yield Figure(f"{name}, {tool}, peak", asked["peak_mb"], "MB", QUERY_MB)


def appends(storage: DirectoryStorage) -> Iterator[Figure]:
    """The slowest of some new episodes, the same again, which replaces them, and compaction."""
    new = list(synthetic_one_by_one(APPENDED))
    yield Figure("append an episode, slowest", max(appended(storage, tables) for tables in new), "s", APPEND_S)
    yield Figure("replace an episode, slowest", max(appended(storage, tables) for tables in new), "s", APPEND_S)
    began = time.perf_counter()
    tidy(storage)
    yield Figure("compaction and vacuum", time.perf_counter() - began, "s")
    yield Figure("replace an episode after compaction", appended(storage, new[0]), "s", APPEND_S)


def synthetic_one_by_one(episodes: int) -> Iterator[Tables]:
    for seed in range(episodes):
        (tables,) = synthetic(1, WORDS, seed=1_000 + seed)
        yield {name: renamed(table, f"appended/{seed}.mp4") for name, table in tables.items()}


def renamed(table: pa.Table, episode: str) -> pa.Table:
    """The table with another episode in every row."""
    column = pa.array([episode] * table.num_rows, pa.string())
    return table.set_column(table.schema.get_field_index("episode"), table.schema.field("episode"), column)


def appended(storage: DirectoryStorage, tables: Tables) -> float:
    """Seconds to replace an episode in all tables."""
    episode = str(tables["episodes"]["episode"][0])
    began = time.perf_counter()
    write([episode], [tables], storage)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
