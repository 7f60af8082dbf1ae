"""`python -m benchmarks.search`: measures whether search finds the right passages, and how fast it is.

The exit code is 1 if a limit does not hold. Questions and meetings are those of ../shared/data/search (or --data). A
question counts as found if one of the first five passages overlaps a span of turns that answers it. Speed is measured
on synthetic episodes whose words have a Zipf distribution, so that the most frequent word is in every passage.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console

from clipper_assets.runtime.asset_names import ALIGNED_TRANSCRIPT
from clipper_assets.search.library import Library
from clipper_assets.search.query import Filters
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.lake import parquet_bytes, table_key
from clipper_assets.transcript.sentences import split_sentences
from clipper_assets.transcript.words import Word, words_table

DATA = Path(__file__).parent.parent.parent / "shared" / "data" / "search"
IN_LIBRARY, IN_EPISODE = 0.55, 0.83
"""Lowest shares of questions that are found, among all episodes and among the passages of the right one."""
P95_S, ADDED_S = 0.1, 1.0
VOCABULARY = 60_000
WORD_S = 0.4
QUERIES = {
    "frequent word": "w0",
    "rare word": "w20000",
    "three words": "w7 w60 w900",
    "question": "w0 w1 w2 w30 w400 w5000 w3 w90",
    "phrase of frequent words": '"w0 w1"',
    "phrase of three": '"w0 w1 w2"',
    "rare phrase": '"w3 w4000"',
    "prefix": "w123*",
    "short prefix": "w1*",
    "frequent word of a speaker": "w0",
    "frequent word of a show": "w0",
}
FILTERS = {
    "frequent word of a speaker": Filters(speaker="speaker 1"),
    "frequent word of a show": Filters(show="show-7"),
}


@dataclass(frozen=True)
class Turn:
    """What one person says at a stretch."""

    number: int
    speaker: str
    text: str


def store(storage: DirectoryStorage, key: str, turns: Sequence[Turn], punctuated: bool = True) -> pa.Table:
    """Store turns as the words table of an episode; the turn's number becomes the segment of its words."""
    spoken = [(turn, text) for turn in turns for text in turn.text.split()]
    words = [
        Word(text, WORD_S * place, WORD_S * (place + 1), turn.number, speaker=turn.speaker)
        for place, (turn, text) in enumerate(spoken)
    ]
    numbers = split_sentences(words, "en") if punctuated else [place // 12 for place in range(len(words))]
    table = words_table(key, words, numbers, "en", {})
    storage.put_bytes(table_key(ALIGNED_TRANSCRIPT, "words", key), parquet_bytes(table.drop_columns(["episode"])))
    return table


def recall(data: Path, folder: Path) -> tuple[float, float]:
    """The shares of questions that are found in the library and within the episode."""
    storage, library = _library(folder)
    turns_of = {}
    rows = pq.read_table(data / "turns.parquet").to_pylist()
    for episode, turns in groupby(rows, key=lambda row: row["episode"]):
        key = f"{episode}.mp4"
        table = store(storage, key, [Turn(row["turn"], row["speaker"], row["text"]) for row in turns])
        turns_of[key] = {row["sentence"]: row["segment"] for row in table.select(["sentence", "segment"]).to_pylist()}
    library.synchronize()
    questions = pq.read_table(data / "queries.parquet").to_pylist()

    def found(row: dict[str, Any], filters: Filters) -> bool:
        for hit in library.search(str(row["query"])[:300], filters, limit=5).hits:
            first, last = (turns_of[hit.partition][hit.passage[place].number] for place in (0, -1))
            if hit.partition == f"{row['episode']}.mp4" and any(
                first <= end and last >= begin for begin, end in row["spans"]
            ):
                return True
        return False

    return (
        sum(found(row, Filters()) for row in questions) / len(questions),
        sum(found(row, Filters(episode=f"{row['episode']}.mp4")) for row in questions) / len(questions),
    )


def synthetic(episodes: int, words: int, seed: int = 0) -> Iterator[tuple[str, list[Turn]]]:
    """Episodes of so many words, with turns of 60 words by two speakers, in 20 shows."""
    generator = np.random.default_rng(seed)
    weights = 1 / np.arange(1, VOCABULARY + 1)
    vocabulary = np.array([f"w{number}" for number in range(VOCABULARY)])
    for episode in range(episodes):
        spoken = vocabulary[generator.choice(VOCABULARY, words, p=weights / weights.sum())]
        turns = [
            Turn(number, f"Speaker {number % 2}", " ".join(spoken[start : start + 60]))
            for number, start in enumerate(range(0, words, 60))
        ]
        yield f"show-{episode % 20}/episode-{episode}.mp4", turns


def seconds(action: Callable[[], object]) -> float:
    """How long an action takes by the clock."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def _library(folder: Path) -> tuple[DirectoryStorage, Library]:
    (folder / "storage").mkdir(parents=True)
    storage = DirectoryStorage(root=str(folder / "storage"))
    return storage, Library(storage, folder / "index")


def measure_speed(console: Console, folder: Path, episodes: int, words: int, repeats: int) -> dict[str, bool]:
    """Index synthetic episodes and search them; returns the limits, and whether each holds."""
    storage, library = _library(folder)
    for key, turns in synthetic(episodes, words):
        store(storage, key, turns, punctuated=False)
    console.print(f"indexing {episodes} episodes: {seconds(library.synchronize):.1f} s")
    size = sum(file.stat().st_size for file in (folder / "index").rglob("*") if file.is_file())
    console.print(f"size of the index: {size / 1e6:.0f} MB")
    console.print(f"looking into the unchanged lake: {seconds(library.synchronize):.2f} s")
    limits = {}
    for name, query in QUERIES.items():
        filters = FILTERS.get(name, Filters())
        times = sorted(seconds(partial(library.search, query, filters)) for _ in range(repeats))
        p95 = times[int(0.95 * (repeats - 1))]
        limits[f"{name}: p95 {1000 * p95:.1f} ms, at most {1000 * P95_S:.0f} ms"] = p95 <= P95_S
    key, turns = next(synthetic(1, words, seed=1))
    store(storage, f"new/{key}", turns, punctuated=False)
    added = seconds(library.synchronize)
    limits[f"adding an episode: {added:.2f} s, less than {ADDED_S:.0f} s"] = added < ADDED_S
    return limits


@click.command()
@click.option(
    "--data", type=click.Path(path_type=Path), default=DATA, show_default=True, help="folder of the questions"
)
@click.option("--episodes", type=click.IntRange(1), default=2000, show_default=True, help="synthetic episodes")
@click.option("--words", type=click.IntRange(100), default=10_000, show_default=True, help="words of each of them")
@click.option("--repeats", type=click.IntRange(2), default=40, show_default=True, help="searches per kind of query")
def main(data: Path, episodes: int, words: int, repeats: int) -> None:
    """Measure recall and speed of the search."""
    console = Console(soft_wrap=True)
    if not all((data / name).is_file() for name in ("turns.parquet", "queries.parquet")):
        raise click.ClickException(f"{data} has no turns.parquet and queries.parquet; name their folder with --data")
    with TemporaryDirectory() as folder:
        in_library, in_episode = recall(data, Path(folder) / "recall")
        limits = {
            f"recall@5 in the library: {in_library:.3f}, at least {IN_LIBRARY}": in_library >= IN_LIBRARY,
            f"recall@5 within the episode: {in_episode:.3f}, at least {IN_EPISODE}": in_episode >= IN_EPISODE,
            **measure_speed(console, Path(folder) / "speed", episodes, words, repeats),
        }
    for limit, holds in limits.items():
        console.print(("ok      " if holds else "FAILED  ") + limit, style=None if holds else "red", markup=False)
    if not all(limits.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
