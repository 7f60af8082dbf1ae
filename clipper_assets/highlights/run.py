"""A run of sentences, and its flaws: edges inside a sentence, and speech without words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from clipper_assets.transcript.boundaries import cut_boundaries
from clipper_assets.transcript.timing import Span, covered_by
from clipper_assets.transcript.words import Sentence

MIN_WITH_WORDS = 0.8
"""Least share of a clip's speech that must have words, so that nobody speaks for long without captions."""
WORDLESS_FLAW = 3
"""More than both edges inside a sentence."""


@dataclass(frozen=True)
class Run:
    """Consecutive whole sentences `first`..`last` (both included); `start` and `end` in seconds include the padding."""

    first: int
    last: int
    start: float
    end: float

    @property
    def length_s(self) -> float:
        return self.end - self.start


def flaws_between(sentences: Sequence[Sentence], wordless: Sequence[Span]) -> Callable[[Run], int]:
    """A function that counts the flaws of a run of these sentences; 0 is best.

    `wordless` are the spans of speech without words, in order. An edge inside a sentence counts as one flaw, speech of
    which less than `MIN_WITH_WORDS` has words as `WORDLESS_FLAW`.
    """
    cut = cut_boundaries(sentences)
    said_before = [0.0, *accumulate(sentence.end - sentence.start for sentence in sentences)]
    without_words = covered_by(wordless)

    def flaws(run: Run) -> int:
        said_s = said_before[run.last + 1] - said_before[run.first]
        wordless_s = without_words(run.start, run.end)
        edges = (run.first in cut) + (run.last + 1 in cut)
        return edges + WORDLESS_FLAW * (said_s < MIN_WITH_WORDS * (said_s + wordless_s))

    return flaws


def least_flawed(allowed: Sequence[Run], flaws: Callable[[Run], int]) -> list[Run]:
    """The runs that share no sentence with one that has fewer flaws, in the same order."""
    ranks = [flaws(run) for run in allowed]
    size = max((run.last for run in allowed), default=0) + 1
    taken = np.zeros(size, dtype=bool)
    kept: list[int] = []
    for rank in sorted(set(ranks)):
        taken_before = np.concatenate([[0], np.cumsum(taken)])
        free = [
            number
            for number, run in enumerate(allowed)
            if ranks[number] == rank and taken_before[run.last + 1] == taken_before[run.first]
        ]
        for number in free:
            taken[allowed[number].first : allowed[number].last + 1] = True
        kept += free
    return [allowed[number] for number in sorted(kept)]
