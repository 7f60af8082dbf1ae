"""The ten queries of docs/analysts.md: the three ways agree with an answer computed in plain Python."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from clipper_assets.library.plain import plain
from clipper_assets.library.tables import EPISODES, FOLDER, SENTENCES, TABLES
from clipper_assets.library.turns import turns_of
from clipper_assets.library.views import connected
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.support.analysts import TOOLS, code
from clipper_assets_tests.support.library import Tables, synthetic, write_library

Rows = dict[str, list[dict[str, Any]]]
NAMES = tuple(code("")[1])
TALK: list[tuple[str | None, str, dict[str, Any]]] = [
    ("Anna", "We keep Honey, BEES!", {}),
    ("Anna", "Honey", {}),
    ("Anna", "bees and honeybees?", {"question": True}),
    (None, "Zoë's café; Zoëlle isn't Zoe.", {"doubtful": 2}),
    ("Anna", "Tired? Buy honey bees at Zoe's.", {"question": True, "advert": True}),
    ("O'Brien", 'She said "honey bees" twice?', {"question": True}),
]


def special(tables: Tables) -> Tables:
    """An episode in the show `it's` with what is easily counted wrong, and without clips; it was published first."""
    rows = [
        {"episode": "it's.mp4", "show": "it's", "sentence": number, "turn": number // 3, "language": "en"}
        | {"start": 10.0 * number, "end": 10.0 * number + 4, "speaker": speaker, "words": len(text.split())}
        | {"doubtful": 0, "text": text, "plain": plain(text), "question": False, "advert": False}
        | changed
        for number, (speaker, text, changed) in enumerate(TALK)
    ]
    sentences = SENTENCES.table(rows)
    episode = tables["episodes"].slice(0, 1).to_pylist()[0]
    episode |= {"episode": "it's.mp4", "show": "it's", "title": "It's", "clips": 0, "approved": 0, "rejected": 0}
    episode |= {"published_at": pd.Timestamp("2023-12-31T23:59:59Z"), "degraded": ["no_model", "no_model"]}
    replaced = {"episodes": EPISODES.table([episode]), "sentences": sentences, "turns": turns_of(sentences)}
    return {name: replaced.get(name, table.slice(0, 0)) for name, table in tables.items()}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("storage")
    tables = next(iter(synthetic(episodes=40, words=1500)))
    write_library(DirectoryStorage(root=str(folder)), [tables, special(tables)])
    return folder


@pytest.fixture(scope="module")
def rows() -> Rows:
    tables = next(iter(synthetic(episodes=40, words=1500)))
    both = [tables, special(tables)]
    return {spec.name: pa.concat_tables([some[spec.name] for some in both]).to_pylist() for spec in TABLES}


def answer(root: Path, tool: str, name: str) -> list[tuple[Any, ...]]:
    """The rows of the answer; null is None, and numbers are rounded."""
    first, queries = code(str(root / FOLDER))
    if tool == "sql":
        found = connected(DirectoryStorage(root=str(root)), root / "spill").execute(queries[name][tool]).fetchall()
    else:
        names: dict[str, Any] = {}
        exec(first[tool] + queries[name][tool], names)
        table = names["answer"]
        found = list(table.itertuples(index=False, name=None)) if tool == "pandas" else table.rows()
    return [tuple(clean(value) for value in row) for row in found]


def clean(value: Any) -> Any:
    if isinstance(value, list | str):
        return value
    return None if pd.isna(value) else round(float(value), 6)


def in_order(found: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(found, key=repr)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("tool", TOOLS)
def test_a_query_of_the_page_gives_the_right_answer(root: Path, rows: Rows, tool: str, name: str) -> None:
    expected = [tuple(clean(value) for value in row) for row in EXPECTED[name](rows)]
    assert expected
    found = answer(root, tool, name)
    if name in ("who-said", "monologue"):
        assert found == expected
    else:
        assert in_order(found) == in_order(expected)


def test_the_page_has_ten_queries_each_in_three_ways() -> None:
    queries = code("")[1]
    assert len(queries) == 10
    assert all(set(ways) == set(TOOLS) for ways in queries.values())
    assert set(queries) == set(EXPECTED)


def spoken(rows: Rows) -> Iterator[dict[str, Any]]:
    return (row for row in rows["sentences"] if not row["advert"])


def grouped(some: Iterator[dict[str, Any]] | list[dict[str, Any]], *names: str) -> dict[tuple[Any, ...], list[Any]]:
    groups = defaultdict(list)
    for row in some:
        groups[tuple(row[name] for name in names)].append(row)
    return groups


def words_per_minute(rows: Rows) -> Iterator[tuple[Any, ...]]:
    for key, some in grouped(spoken(rows), "show", "speaker").items():
        words = sum(row["words"] - row["doubtful"] for row in some)
        yield *key, 60 * words / sum(row["end"] - row["start"] for row in some)


def containing(rows: Rows, *words: str) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Episode and sentence of each sentence with these words in a row, in time order."""
    episodes = {row["episode"]: row for row in rows["episodes"]}
    sentences = [(episodes[row["episode"]], row) for row in rows["sentences"]]
    for episode, row in sorted(sentences, key=lambda pair: (pair[0]["published_at"], pair[1]["start"])):
        text = plain(row["text"]).split()
        if any(tuple(text[at : at + len(words)]) == words for at in range(len(text))):
            yield episode, row


def who_said(rows: Rows) -> Iterator[tuple[Any, ...]]:
    for episode, row in containing(rows, "honey", "bees"):
        yield episode["title"], row["speaker"], row["start"], row["text"]


def clips_by_month(rows: Rows) -> Iterator[tuple[Any, ...]]:
    for row in rows["episodes"]:
        row["month"] = f"{row['published_at']:%Y-%m}"
    for key, some in grouped(rows["episodes"], "show", "month").items():
        usd, approved = sum(row["usd"] for row in some), sum(row["approved"] for row in some)
        yield *key, sum(row["clips"] for row in some), usd, usd / approved if approved else None


def kept(rows: Rows) -> Iterator[tuple[Any, ...]]:
    once = {(row["episode"], row["clip"]): row for row in rows["clips"] if row["look"] is None and row["decision"]}
    for key, some in grouped(list(once.values()), "prompt", "prompt_version").items():
        yield *key, len(some), sum(row["decision"] == "approved" for row in some) / len(some)


def monologue(rows: Rows) -> list[tuple[Any, ...]]:
    turns = []
    for (episode, _, speaker), some in grouped(spoken(rows), "episode", "turn", "speaker").items():
        seconds = sum(row["end"] - row["start"] for row in some)
        words = sum(row["words"] - row["doubtful"] for row in some)
        if speaker is not None:
            turns.append((episode, speaker, some[0]["start"], seconds, words))
    return sorted(turns, key=lambda turn: (-turn[3], turn[0]))[:5]


def questions(rows: Rows) -> Iterator[tuple[Any, ...]]:
    for key, some in grouped(spoken(rows), "show", "speaker").items():
        yield *key, sum(row["question"] for row in some)


def languages(rows: Rows) -> Iterator[tuple[Any, ...]]:
    for key, some in grouped(rows["episodes"], "language").items():
        yield *key, len(some), sum(row["duration_s"] for row in some) / 3600


def degraded(rows: Rows) -> Any:
    return Counter(reason for row in rows["episodes"] for reason in set(row["degraded"])).items()


def corrections(rows: Rows) -> Iterator[tuple[Any, ...]]:
    for key, some in grouped(rows["episodes"], "show").items():
        yield *key, 1000 * sum(row["corrections"] for row in some) / sum(row["words"] for row in some)


def first_mention(rows: Rows) -> Iterator[tuple[Any, ...]]:
    first: dict[str, Any] = {}
    for episode, row in containing(rows, "zoe"):
        first.setdefault(row["show"], (row["show"], episode["title"], row["start"], row["speaker"], row["text"]))
    return iter(first.values())


EXPECTED: dict[str, Any] = {
    "words-per-minute": words_per_minute,
    "who-said": who_said,
    "clips-by-month": clips_by_month,
    "kept": kept,
    "monologue": monologue,
    "questions": questions,
    "languages": languages,
    "degraded": degraded,
    "corrections": corrections,
    "first-mention": first_mention,
}


def test_the_answers_about_the_special_episode_are_known(rows: Rows) -> None:
    said = [row for row in who_said(rows) if row[0] == "It's"]
    assert [row[3] for row in said] == [TALK[0][1], TALK[4][1], TALK[5][1]]
    assert next(row for row in first_mention(rows) if row[0] == "it's")[2] == 30.0
    asked = {row[1]: row[2] for row in questions(rows) if row[0] == "it's"}
    assert asked == {"Anna": 1, None: 0, "O'Brien": 1}
    assert next(row for row in clips_by_month(rows) if row[0] == "it's")[1:3] == ("2023-12", 0)
    assert len({row[:2] for row in kept(rows)}) == 4
