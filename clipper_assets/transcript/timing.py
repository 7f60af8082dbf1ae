"""Corrects word times to fit the recording, and interpolates missing ones."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from clipper_assets.runtime.asset_names import ALIGNED_TRANSCRIPT
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.transcript.words import Word

Span = tuple[float, float]
"""Start and end in seconds from the start of the episode."""

MIN_WORD_S = 0.01
MAX_WORD_S = 5.0
"""Longest word. A longer span comes from a subtitle that stays on screen, or from an alignment error."""


def fit(words: Sequence[Word], duration_s: float) -> list[Word]:
    """Sort words by time and clip their times to 0 <= start < end <= `duration_s` and to `MAX_WORD_S`."""
    shortest = min(MIN_WORD_S, duration_s / 2)
    fitted = []
    for word in words:
        start = min(max(float(word.start), 0.0), duration_s - shortest)
        end = min(max(float(word.end), start + shortest), start + MAX_WORD_S, duration_s)
        fitted.append(replace(word, start=start, end=end))
    return sorted(fitted, key=lambda word: word.start)


def spread(texts: Sequence[str], span: Span) -> list[Span]:
    """Divide `span` among texts in proportion to their numbers of characters; one span per text."""
    start, end = span
    ends = list(accumulate(len(text) for text in texts))
    step = max(end - start, 0.0) / max(ends[-1], 1) if ends else 0.0
    return [(start + step * (last - len(text)), start + step * last) for text, last in zip(texts, ends, strict=True)]


def fill(texts: Sequence[str], spans: Sequence[Span | None], within: Span) -> list[Span]:
    """A span for every text: known spans stay, and missing ones are spread between their known neighbours."""
    filled = list(spans)
    first = 0
    while first < len(filled):
        last = first
        while last < len(filled) and filled[last] is None:
            last += 1
        if last > first:
            before = filled[first - 1] if first else None
            after = filled[last] if last < len(filled) else None
            gap = (before[1] if before else within[0], after[0] if after else within[1])
            filled[first:last] = spread(texts[first:last], gap)
        first = last + 1
    return [span for span in filled if span is not None]


def covered_until(spans: Sequence[Span]) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """A function that gives how many seconds `spans` cover up to each of many times, in an array of the same shape.

    The spans are in order and do not overlap.
    """
    times = np.array([0.0, *(time for span in spans for time in span)])
    covered = np.cumsum([0.0, *(seconds for start, end in spans for seconds in (0.0, end - start))])
    return lambda time: np.interp(time, times, covered)


def covered_by(spans: Sequence[Span]) -> Callable[[float, float], float]:
    """A function of a start and an end that gives how many seconds between them `spans` cover, as `covered_until`."""
    until = covered_until(spans)

    def between(start: float, end: float) -> float:
        before, after = until(np.array([start, end])).tolist()
        return float(after - before)

    return between


def interpolation_records(words: Sequence[Word]) -> list[Degraded]:
    """Fallback record for words with interpolated times; empty if there are none."""

    interpolated = sum(word.timing == "interpolated" for word in words)
    if not interpolated:
        return []
    reason = f"{interpolated} of {len(words)} words could not be aligned with the sound; their times are interpolated"
    return [Degraded(ALIGNED_TRANSCRIPT, reason)]
