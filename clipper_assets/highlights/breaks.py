"""The adverts of an episode as the rules for windows need them."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from math import inf
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clipper_assets.transcript.timing import Span, covered_by, covered_until

SLIVER_S = 0.5
"""Most of adverts in a window, in seconds: two transcripts place the ends of a word up to 0.1 s apart, and people mark
words, while windows consist of whole sentences."""


class Stretch(Protocol):
    """What has a start and an end in seconds of the episode: a sentence, a run, a window."""

    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...


class Breaks:
    """Spans that windows leave out; in order, and they do not overlap."""

    def __init__(self, spans: Sequence[Span]):
        self._starts = [start for start, _ in spans]
        self._ends = [end for _, end in spans]
        self._covered = covered_by(spans)
        self._covered_until = covered_until(spans)

    def within(self, stretch: Stretch) -> float:
        """How many seconds of the stretch are in spans."""
        return self._covered(stretch.start, stretch.end)

    def covered(self, start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
        """How many seconds of each of many stretches are in spans, of the shape of both arrays."""
        return self._covered_until(end) - self._covered_until(start)

    def hold(self, sentence: Stretch) -> bool:
        """Whether a sentence belongs to the spans: more than half of it, or more than `SLIVER_S`, is in them."""
        return self.within(sentence) > min(SLIVER_S, (sentence.end - sentence.start) / 2)

    def end_before(self, time: float) -> float:
        """Where the latest span that begins before `time` ends, at most `time`; 0 if there is none."""
        number = bisect_left(self._starts, time)
        return min(self._ends[number - 1], time) if number else 0.0

    def start_after(self, time: float) -> float:
        """Where the first span that ends after `time` begins, at least `time`; infinite if there is none."""
        number = bisect_right(self._ends, time)
        return max(self._starts[number], time) if number < len(self._starts) else inf
