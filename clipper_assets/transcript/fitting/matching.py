"""Finds what was heard in the text: local alignment of two token sequences (Smith and Waterman 1981).

Only the order of the tokens counts, so a match is found wherever it stands in the text, whatever its time.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clipper_assets.transcript.fitting.text import Token

MATCH, MISMATCH, GAP = 1.0, -1.0, -0.7
MIN_PAIRS = 7
"""Fewest equal tokens of a run. Measured: text of another recording gives at most 4 in 15 s of sound."""

SPLIT_S = 1.5
"""Larger steps between the offsets of two words are cuts of the sound; smaller ones come from inexact cue times."""
_FEWEST = 3


class Heard(NamedTuple):
    """A token that a listener heard, and its time in the recording in seconds."""

    text: str
    time_s: float


class Pair(NamedTuple):
    """A heard token (its time in seconds) and the number of the equal token of the text."""

    time_s: float
    token: int


class Run(NamedTuple):
    """A stretch of the text that was heard: its pairs in order, and how much later it is said than the file has it."""

    pairs: tuple[Pair, ...]
    offset_s: float
    spread_s: float
    """Median distance of the pairs' offsets from `offset_s`: how inexact the times of the file are."""


def find_runs(heard: Sequence[Heard], tokens: Sequence[Token], first: int, end: int) -> list[Run]:
    """The stretches of `tokens[first:end]` that were heard, in the order of the sound.

    What is heard before and after the best stretch is searched again, because text may be cut out or sound inserted in
    between.
    """
    if len(heard) < MIN_PAIRS:
        return []
    found = _best(heard, [token.text for token in tokens[first:end]])
    if len(found) < MIN_PAIRS:
        return []
    pairs = [Pair(heard[place].time_s, first + token) for place, token in found]
    before = find_runs(heard[: found[0][0]], tokens, first, end)
    return [*before, *_at_one_offset(pairs, tokens), *find_runs(heard[found[-1][0] + 1 :], tokens, first, end)]


def _at_one_offset(pairs: Sequence[Pair], tokens: Sequence[Token]) -> list[Run]:
    """The runs that consecutive pairs form, split where the offset changes: the sound was cut within a few words."""
    offsets = np.array([pair.time_s - tokens[pair.token].time_s for pair in pairs])
    edges = [0, *(np.flatnonzero(np.abs(np.diff(offsets)) > SPLIT_S) + 1).tolist(), len(pairs)]
    runs = []
    for first, end in pairwise(edges):
        if end - first >= _FEWEST:
            offset = float(np.median(offsets[first:end]))
            spread = float(np.median(np.abs(offsets[first:end] - offset)))
            runs.append(Run(tuple(pairs[first:end]), offset, spread))
    return runs


def _best(heard: Sequence[Heard], text: Sequence[str]) -> list[tuple[int, int]]:
    """Numbers (heard, text) of the equal tokens in the best local alignment."""
    scores = _scores(heard, text)
    row, column = (int(number) for number in np.unravel_index(int(scores.argmax()), scores.shape))
    pairs = []
    while row and column and scores[row, column] > 0:
        equal = heard[row - 1].text == text[column - 1]
        if np.isclose(scores[row, column], scores[row - 1, column - 1] + (MATCH if equal else MISMATCH)):
            if equal:
                pairs.append((row - 1, column - 1))
            row, column = row - 1, column - 1
        elif np.isclose(scores[row, column], scores[row - 1, column] + GAP):
            row -= 1
        else:
            column -= 1
    return pairs[::-1]


def _scores(heard: Sequence[Heard], text: Sequence[str]) -> NDArray[np.float64]:
    """Scores of the best alignments that end at each pair, shape (heard + 1, text + 1)."""
    numbers = {token: number for number, token in enumerate(dict.fromkeys(text))}
    coded = np.array([numbers[token] for token in text])
    gaps = GAP * np.arange(1, len(text) + 1)
    scores = np.zeros((len(heard) + 1, len(text) + 1))
    for row, token in enumerate(heard, start=1):
        diagonal = scores[row - 1, :-1] + np.where(coded == numbers.get(token.text, -1), MATCH, MISMATCH)
        best = np.maximum(0.0, np.maximum(diagonal, scores[row - 1, 1:] + GAP))
        scores[row, 1:] = np.maximum.accumulate(best - gaps) + gaps  # a gap of any length in the heard tokens
    return scores
