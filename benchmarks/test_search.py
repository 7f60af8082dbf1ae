"""The benchmark of the search: what it says without questions, and that it measures every kind of query."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from click.testing import CliRunner
from rich.console import Console

from benchmarks.search import QUERIES, main, measure_speed, recall


def test_missing_questions_are_said(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--data", str(tmp_path)])
    assert result.exit_code == 1
    assert "has no turns.parquet and queries.parquet; name their folder with --data" in result.output


def test_a_question_counts_if_a_passage_overlaps_its_span(tmp_path: Path) -> None:
    filler = [
        f"We talked about subject {number} for a while, at some length and in some detail." for number in range(60)
    ]
    turns = [{"episode": "a", "turn": number, "speaker": "Anna", "text": text} for number, text in enumerate(filler)]
    turns[30]["text"] = "The remote control needs a rubber case."
    spans = {"right": [[28, 31]], "wrong": [[0, 2]]}
    questions = [{"episode": "a", "query": "What about the rubber case?", "spans": spans[name]} for name in spans]
    pq.write_table(pa.Table.from_pylist(turns), tmp_path / "turns.parquet")
    pq.write_table(pa.Table.from_pylist(questions), tmp_path / "queries.parquet")
    assert recall(tmp_path, tmp_path / "work") == (0.5, 0.5)


def test_every_kind_of_query_has_a_limit(tmp_path: Path) -> None:
    limits = measure_speed(Console(), tmp_path, episodes=2, words=300, repeats=2)
    assert len(limits) == len(QUERIES) + 1
