"""A chapter, and the table of an episode's chapters."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import pyarrow as pa

from clipper_assets.runtime.degraded import DEGRADED, Degraded
from clipper_assets.storage.tables import Column, TableSpec

SPOKEN = "spoken"
"""Value of the column `worded_by`: titles and summary are sentences of the transcript."""

CHAPTERS_TABLE = TableSpec(
    "chapters",
    [
        Column("episode", pa.string(), "partition key of the episode"),
        Column("chapter", pa.int32(), "chapter, from 0, in time order"),
        Column("start", pa.float64(), "seconds from the start of the episode; 0 for the first chapter"),
        Column("end", pa.float64(), "seconds from the start of the episode; where the next chapter starts"),
        Column("first_sentence", pa.int32(), "first sentence of the chapter"),
        Column("last_sentence", pa.int32(), "last sentence of the chapter, included"),
        Column("title", pa.string(), "title of the chapter"),
        Column("summary", pa.string(), "summary of the whole episode, the same in every row"),
        Column("worded_by", pa.string(), "`openai:<model>`, or `spoken` for sentences of the transcript"),
        Column("degraded", DEGRADED, "fallbacks of the chapters"),
    ],
)


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """One topic of an episode: sentences `first_sentence`..`last_sentence` (both included); times in seconds."""

    start: float
    end: float
    first_sentence: int
    last_sentence: int
    title: str = ""


@dataclass(frozen=True)
class Chapters:
    """All chapters of an episode in time order, and its summary; `worded_by` says who wrote the texts."""

    chapters: Sequence[Chapter]
    summary: str = ""
    worded_by: str = SPOKEN
    degraded: Sequence[Degraded] = ()


def chapters_table(episode: str, chapters: Chapters) -> pa.Table:
    rows = [
        {
            **asdict(chapter),
            "episode": episode,
            "chapter": number,
            "summary": chapters.summary,
            "worded_by": chapters.worded_by,
            "degraded": [entry.as_dict() for entry in chapters.degraded],
        }
        for number, chapter in enumerate(chapters.chapters)
    ]
    return CHAPTERS_TABLE.table(rows)


def read_chapters(table: pa.Table) -> Chapters:
    """The chapters of a table of chapters."""
    rows = table.to_pylist()
    chapters = [Chapter(**{name: row[name] for name in Chapter.__dataclass_fields__}) for row in rows]
    if not rows:
        return Chapters(chapters)
    first = rows[0]
    return Chapters(chapters, first["summary"], first["worded_by"], tuple(Degraded(**e) for e in first["degraded"]))
