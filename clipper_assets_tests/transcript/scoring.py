"""How far a transcript is from the truth."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from clipper_assets.transcript.words import Word


def plain(text: str) -> str:
    return re.sub(r"[^a-z0-9']", "", text.lower())


def word_error_rate(truth: Sequence[str], heard: Sequence[str]) -> float:
    """Edits (substitutions, deletions, insertions) per true word."""
    row = list(range(len(heard) + 1))
    for number, said in enumerate(truth, start=1):
        last = row
        row = [number]
        for column, word in enumerate(heard):
            row.append(min(last[column] + (plain(said) != plain(word)), last[column + 1] + 1, row[-1] + 1))
    return row[-1] / len(truth)


def matches(truth: Sequence[Word], heard: Sequence[Word]) -> list[tuple[Word, Word]]:
    """Every word that was heard right: as it was said, and as it was heard."""
    matcher = SequenceMatcher(None, [plain(w.text) for w in truth], [plain(w.text) for w in heard], autojunk=False)
    return [
        (truth[match.a + step], heard[match.b + step])
        for match in matcher.get_matching_blocks()
        for step in range(match.size)
    ]


def start_errors(truth: Sequence[Word], heard: Sequence[Word]) -> NDArray[np.float64]:
    """Seconds between the true and the heard start of every word that was heard right."""
    return np.array([abs(said.start - found.start) for said, found in matches(truth, heard)])
