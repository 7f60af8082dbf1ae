"""Synthetic talks: tables of words with given times."""

from collections.abc import Collection, Sequence

import numpy as np
import pyarrow as pa

from clipper_assets.highlights.pickers.base import Talk
from clipper_assets.highlights.rules import Rules, clip_count
from clipper_assets.transcript.words import Word, sentences, words_table

EPISODE = "test1/sample.mp4"


def words_of(spoken: Sequence[tuple[str, float, float]], language: str = "en") -> pa.Table:
    """A words table from (sentence, start, end); the words of a sentence have equal durations."""
    words, numbers = [], []
    for number, (text, start, end) in enumerate(spoken):
        parts = text.split()
        edges = np.linspace(start, end, len(parts) + 1).tolist()
        words += [Word(part, edges[i], edges[i + 1], segment=number) for i, part in enumerate(parts)]
        numbers += [number] * len(parts)
    return words_table(EPISODE, words, numbers, language, {})


def doubted(words: pa.Table, numbers: Collection[int]) -> pa.Table:
    """The same words, marked as `unsure` in the sentences with these numbers."""
    doubts = ["unsure" if sentence in numbers else None for sentence in words["sentence"].to_pylist()]
    return words.set_column(
        words.schema.get_field_index("doubt"), words.schema.field("doubt"), pa.array(doubts, pa.string())
    )


def steady(texts: Sequence[str], seconds: float = 5.0, gap: float = 0.6) -> list[tuple[str, float, float]]:
    """Sentences of equal length with equal gaps, after one second of silence."""
    return [(text, 1 + i * (seconds + gap), 1 + i * (seconds + gap) + seconds) for i, text in enumerate(texts)]


def talk_of(
    words: pa.Table,
    duration_s: float,
    rules: Rules | None = None,
    loudness: Sequence[float] | None = None,
    max_clips: int | None = None,
) -> Talk:
    spoken = sentences(words)
    return Talk(
        sentences=spoken,
        loudness=np.full(len(spoken), np.nan) if loudness is None else np.array(loudness),
        duration_s=duration_s,
        language=words["language"][0].as_py(),
        count=clip_count(sum(s.end - s.start for s in spoken if not s.doubtful), max_clips),
        rules=rules or Rules(),
    )


def ignored(share: float) -> None:
    """A progress report that does nothing."""
