"""The words table, with one row per spoken word, and the sentences in it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from math import isfinite
from typing import Literal

import pyarrow as pa

from clipper_assets.storage.tables import Column, TableSpec
from clipper_assets.text.clean import clean_text
from clipper_assets.text.scripts import joined

WORDS = TableSpec(
    "words",
    [
        Column("episode", pa.string(), "partition key of the episode"),
        Column("segment", pa.int32(), "ASR segment or subtitle cue, from 0"),
        Column("sentence", pa.int32(), "sentence, from 0; windows begin and end on these"),
        Column("word", pa.int32(), "word, from 0, in time order"),
        Column("text", pa.string(), "the word as spoken, with its punctuation"),
        Column("start", pa.float64(), "seconds from the start of the episode; never decreases"),
        Column("end", pa.float64(), "seconds from the start of the episode; start < end <= duration"),
        Column("confidence", pa.float32(), "0..1; null if the engine gives none", nullable=True),
        Column(
            "timing",
            pa.string(),
            "where the times come from: `aligned` (by an aligner, to the sound), `attention` (Whisper's own, rougher), "
            "`given` (by the transcript file, and not confirmed), or `interpolated` between neighbours",
        ),
        Column("speaker", pa.string(), "`SPEAKER_00`... or a name; null when unknown", nullable=True),
        Column("channel", pa.int8(), "number of the microphone, from 0; null for a single mix", nullable=True),
        Column("language", pa.string(), "ISO 639-1 code of the spoken language"),
        Column(
            "doubt",
            pa.string(),
            "why the word may not have been said, `repeated` or `unsure` (see doubt.py); null if there is no doubt",
            nullable=True,
        ),
    ],
)


Doubt = Literal["repeated", "unsure"]
Timing = Literal["aligned", "attention", "given", "interpolated"]


@dataclass(frozen=True)
class Word:
    """One word; times in seconds from the start of the episode, `text` with its punctuation."""

    text: str
    start: float
    end: float
    segment: int
    confidence: float | None = None
    timing: Timing = "aligned"
    speaker: str | None = None
    channel: int | None = None
    doubt: Doubt | None = None


@dataclass(frozen=True)
class Sentence:
    """Consecutive words that form a sentence; `first_word` and `last_word` are row numbers, both included.

    A `doubtful` sentence has words that may not have been said, so no window contains it.
    """

    number: int
    text: str
    start: float
    end: float
    first_word: int
    last_word: int
    speaker: str | None
    doubtful: bool = False


def words_table(
    episode: str, words: Sequence[Word], sentence_of: Sequence[int], language: str, provenance: dict[str, str]
) -> pa.Table:
    """The words table of words in time order; `sentence_of[i]` is the sentence number of `words[i]`."""
    rows = [
        {
            **asdict(word),
            "text": clean_text(word.text),
            "confidence": word.confidence if word.confidence is not None and isfinite(word.confidence) else None,
            "episode": episode,
            "sentence": sentence,
            "word": number,
            "language": language,
        }
        for number, (word, sentence) in enumerate(zip(words, sentence_of, strict=True))
    ]
    return WORDS.table(rows, provenance)


def sentences(words: pa.Table) -> list[Sentence]:
    """The sentences of a words table, in order."""
    read = []
    for number, group in groupby(words.to_pylist(), key=lambda row: row["sentence"]):
        rows = list(group)
        read.append(
            Sentence(
                number=number,
                text=joined([row["text"] for row in rows]),
                start=rows[0]["start"],
                end=max(row["end"] for row in rows),
                first_word=rows[0]["word"],
                last_word=rows[-1]["word"],
                speaker=rows[0]["speaker"],
                doubtful=any(row["doubt"] for row in rows),
            )
        )
    return read
