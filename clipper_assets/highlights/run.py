"""A run of sentences, and many as arrays: which ones have an allowed length, and which have the fewest flaws."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from clipper_assets.transcript.timing import Span, covered_until
from clipper_assets.transcript.words import Sentence

MIN_WITH_WORDS = 0.8
"""Least share of a clip's speech that must have words, so that nobody speaks for long without captions."""
WORDLESS_FLAW = 3
"""More than both edges inside a sentence."""

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


class Run(NamedTuple):
    """Consecutive whole sentences `first`..`last` (both included); `start` and `end` in seconds include the padding."""

    first: int
    last: int
    start: float
    end: float

    @property
    def length_s(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, eq=False)
class Runs(Sequence[Run]):
    """Many runs as arrays of shape (runs,), because a long episode has a million."""

    first: Ints
    last: Ints
    start: Floats
    end: Floats

    @classmethod
    def of(cls, runs: Sequence[Run]) -> "Runs":
        """The same runs as arrays."""
        if isinstance(runs, Runs):
            return runs
        first, last, start, end = zip(*runs, strict=True) if runs else ((), (), (), ())
        return cls(np.array(first, np.intp), np.array(last, np.intp), np.array(start, float), np.array(end, float))

    def __len__(self) -> int:
        return len(self.first)

    @overload
    def __getitem__(self, index: int) -> Run: ...
    @overload
    def __getitem__(self, index: slice) -> "Runs": ...
    def __getitem__(self, index: int | slice) -> "Run | Runs":
        if isinstance(index, slice):
            return self.chosen(index)
        return Run(int(self.first[index]), int(self.last[index]), float(self.start[index]), float(self.end[index]))

    def chosen(self, which: NDArray[Any] | slice) -> "Runs":
        """The runs that a slice, indices or a mask of shape (runs,) choose."""
        return Runs(self.first[which], self.last[which], self.start[which], self.end[which])


def runs_of(
    sentences: Sequence[Sentence],
    usable: NDArray[np.bool_],
    quiet: tuple[Floats, Floats],
    lengths_s: Span,
    pad_s: float,
    allows: Callable[[Runs], NDArray[np.bool_]],
) -> tuple[Runs, Runs]:
    """The runs of usable sentences with an allowed length, and the longest ones that are not too long; in time order.

    Boundaries are padded by `pad_s`, but by at most half of the silence. Of the longest runs, those that end no later
    than an earlier one are left out. A sentence that is too long by itself is a longest run.

    Args:
        sentences: All sentences.
        usable: Whether a run may contain a sentence, of shape (sentences,).
        quiet: Where the silence before each sentence begins, and where that after it ends, each of shape (sentences,).
        lengths_s: Shortest and longest run in seconds, both allowed.
        pad_s: Widest padding in seconds.
        allows: Whether each run is allowed for another reason than its length, of shape (runs,); not if a part is not.
    """
    said_from = np.array([sentence.start for sentence in sentences])
    said_until = np.array([sentence.end for sentence in sentences])
    quiet_from, quiet_until = quiet
    start = said_from - np.minimum(pad_s, np.maximum(said_from - quiet_from, 0.0) / 2)

    def padded(first: Ints, last: Ints, speech_end: Floats) -> Runs:
        after = np.maximum(quiet_until[last] - speech_end, 0.0)
        return Runs(first, last, start[first], speech_end + np.minimum(pad_s, after / 2))

    growing = np.flatnonzero(usable)
    latest, speech_end = growing, said_until[growing]
    reached = padded(growing, growing.copy(), speech_end)
    within = []
    while len(growing):
        run = padded(growing, latest, speech_end)
        length_s = run.end - run.start
        fits = (length_s <= lengths_s[1]) & allows(run)
        reached_at = np.searchsorted(reached.first, growing[fits])
        reached.last[reached_at], reached.end[reached_at] = latest[fits], run.end[fits]
        within.append(run.chosen(fits & (length_s >= lengths_s[0])))
        goes_on = fits & (latest + 1 < len(sentences))
        goes_on[goes_on] = usable[latest[goes_on] + 1]
        growing, latest, speech_end = growing[goes_on], latest[goes_on] + 1, speech_end[goes_on]
        speech_end = np.maximum(speech_end, said_until[latest])
    later = np.maximum.accumulate(reached.last)
    longest = reached.chosen(np.concatenate([[True], later[1:] > later[:-1]]) if len(reached) else growing)
    return _in_order(within), longest


def _in_order(pieces: Sequence[Runs]) -> Runs:
    names = ("first", "last", "start", "end")
    if not pieces:
        return Runs.of([])
    runs = Runs(*(np.concatenate([getattr(piece, name) for piece in pieces]) for name in names))
    return runs.chosen(np.lexsort((runs.last, runs.first)))


def wordless_flaws(sentences: Sequence[Sentence], wordless: Sequence[Span]) -> Callable[[Runs], Ints]:
    """A function that gives `WORDLESS_FLAW` for runs of which too little speech has words, else 0; shape (runs,).

    `wordless` are the spans of speech without words, in order.
    """
    said = np.concatenate([[0.0], np.cumsum([sentence.end - sentence.start for sentence in sentences])])
    without_words = covered_until(wordless)

    def flaws(runs: Runs) -> Ints:
        said_s = said[runs.last + 1] - said[runs.first]
        wordless_s = without_words(runs.end) - without_words(runs.start)
        return np.where(said_s < MIN_WITH_WORDS * (said_s + wordless_s), WORDLESS_FLAW, 0)

    return flaws


def least_flawed(runs: Runs, flaws: Ints) -> NDArray[np.bool_]:
    """Whether each run shares no sentence with one that has fewer flaws and is kept; shape (runs,)."""
    kept = np.zeros(len(runs), dtype=bool)
    size = int(runs.last.max(initial=0)) + 1
    begins = np.zeros(size + 1, dtype=np.intp)
    for rank in np.unique(flaws):
        taken_before = np.concatenate([[0], np.cumsum(np.cumsum(begins[:-1]) > 0)])
        free = (flaws == rank) & (taken_before[runs.last + 1] == taken_before[runs.first])
        np.add.at(begins, runs.first[free], 1)
        np.add.at(begins, runs.last[free] + 1, -1)
        kept |= free
    return kept


def best_of(runs: Runs, flaws: Ints, count: int) -> NDArray[np.bool_]:
    """Whether each run is among those with the fewest flaws of which `count` do not overlap in time; shape (runs,).

    If fewer do not overlap in any case, that many.
    """
    possible = most_apart(runs, count)
    for most in np.unique(flaws):
        few = np.asarray(flaws <= most)
        if most_apart(runs.chosen(few), count) >= possible:
            kept = few.copy()
            kept[few] = least_flawed(runs.chosen(few), flaws[few])
            return kept if most_apart(runs.chosen(kept), count) >= possible else few
    return np.ones(len(runs), dtype=bool)


def most_apart(runs: Runs, count: int) -> int:
    """How many runs do not overlap, at most `count`: taking the one that ends first is best (interval scheduling)."""
    until = -np.inf
    for taken in range(count):
        later = runs.start >= until
        if not later.any():
            return taken
        until = float(runs.end[later].min())
    return count
