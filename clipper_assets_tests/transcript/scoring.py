"""Compares a transcript with the true words."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from clipper_assets.transcript.words import Word


def normalized(text: str) -> str:
    return re.sub(r"[^a-z0-9']", "", text.lower())


def word_error_rate(truth: Sequence[str], transcript: Sequence[str]) -> float:
    """Edits (substitutions, deletions, insertions) per true word."""
    row = list(range(len(transcript) + 1))
    for number, true_word in enumerate(truth, start=1):
        previous = row
        row = [number]
        for column, word in enumerate(transcript):
            substitution = previous[column] + (normalized(true_word) != normalized(word))
            row.append(min(substitution, previous[column + 1] + 1, row[-1] + 1))
    return row[-1] / len(truth)


def matches(truth: Sequence[Word], transcript: Sequence[Word]) -> list[tuple[Word, Word]]:
    """Pairs of true word and transcribed word for every word that was recognised."""
    true_texts, texts = ([normalized(word.text) for word in words] for words in (truth, transcript))
    matcher = SequenceMatcher(None, true_texts, texts, autojunk=False)
    return [
        (truth[match.a + step], transcript[match.b + step])
        for match in matcher.get_matching_blocks()
        for step in range(match.size)
    ]


def start_errors(truth: Sequence[Word], transcript: Sequence[Word]) -> NDArray[np.float64]:
    """Seconds between the true and the transcribed start of every word that was recognised; shape (words,)."""
    return np.array([abs(true_word.start - word.start) for true_word, word in matches(truth, transcript)])
