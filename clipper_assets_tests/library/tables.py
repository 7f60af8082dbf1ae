"""Rows for tests of the library."""

from typing import Any

import pyarrow as pa

from clipper_assets.library.tables import WORDS

HOSTILE = ("it's.mp4", "100%25 =#?.mp4", "Ünïcode 日本 🎙.mp4", 'a"b\\c\n.mp4', "'; DROP TABLE words; --", "''", "a'''b")
"""Keys of episodes that a predicate in SQL must quote."""


def word_rows(episode: str, count: int = 3, text: str = "so") -> pa.Table:
    """Rows of the table `words`: `count` words, all of them `text`."""
    row: dict[str, Any] = {column.name: None for column in WORDS.columns}
    row |= {"episode": episode, "show": ".", "sentence": 0, "text": text, "start": 0.0, "end": 1.0, "language": "en"}
    return WORDS.table([{**row, "word": number} for number in range(count)])
