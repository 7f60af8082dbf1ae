"""Decides which stretches are cut out of a clip's window, and maps times of the window to times of the clip."""

import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import Protocol

Span = tuple[float, float]
"""Start and end in seconds."""

LONGEST_PAUSE_S, PAUSE_S = 0.7, 0.25
"""Pauses longer than `LONGEST_PAUSE_S` are shortened to `PAUSE_S`, half of it on each side of the cut."""
MARGIN_S = 0.06
"""Least distance between a cut and a word that is kept: the ends of one in ten aligned words are off by 30 ms."""
SHORTEST_KEPT_S, SHORTEST_CUT_S = 0.3, 0.1
"""A shorter piece between two cuts looks like a flicker, and a shorter cut saves too little to justify a jump."""

FILLERS = {
    "cs": r"e+h+m+|[eé]{2,}",
    "da": r"[øæe]+h+m*|ø{2,}",
    "de": r"[äö]+h+m*|e+h+m+",
    "en": r"u+[hm]+|e+r+m+",
    "es": r"e+h+m*|e{2,}m*|e+m{2,}",
    "fi": r"ö{2,}h*m*|[öä]+h+m*",
    "fr": r"h?e+u+h+|heu+",
    "it": r"e+h+m+|e{3,}|u+h+m*",
    "ja": r"えー+っ?と?ー*|ええっ?とー*|えっとー*|あのー+|んー+",
    "ko": r"음+",
    "nl": r"[euö]+h+m*",
    "no": r"[øæe]+h+m*|ø{2,}",
    "pl": r"[ye]{2,}m*|ym+|yh+m*|eh+m+",
    "pt": r"ã+h+n?|u+h+m*|hu+m+|é{2,}",
    "ru": r"э+(-э+)*м*|м{2,}|ы{2,}",
    "sv": r"[öe]+h+m*|ä+h+m+|ö{2,}",
    "tr": r"ı{2,}h*|e{2,}",  # noqa: RUF001
    "uk": r"е{2,}м*|е(-е)+|м{2,}",  # noqa: RUF001
    "yue": r"呃+",
    "zh": r"呃+",
}
"""Patterns of filler words by language (ISO 639-1). Words that may be an answer, such as "hm" or "嗯", or another word,
such as "um" in German, "er" in English or "eu" in French, are not included."""

_EDGES = re.compile(r"^\W+|\W+$")


class Spoken(Protocol):
    """A spoken word, with times in seconds from the window's first frame."""

    @property
    def text(self) -> str: ...
    @property
    def start_s(self) -> float: ...
    @property
    def end_s(self) -> float: ...


@dataclass(frozen=True)
class TimeMap:
    """Maps times of a window to times of its clip, which keeps only some stretches of the window.

    `kept` are these stretches, in seconds from the window's first frame. They are sorted, do not overlap, and start and
    end on frame boundaries.
    """

    kept: tuple[Span, ...]

    @classmethod
    def whole(cls, window_s: float) -> "TimeMap":
        """The map of a clip that keeps its whole window."""
        return cls(((0.0, window_s),))

    @property
    def duration_s(self) -> float:
        """Length of the clip in seconds."""
        return sum(end - start for start, end in self.kept)

    def at(self, window_s: float) -> float:
        """The time in the clip for a time in the window; a time that was cut out maps to the cut."""
        number = bisect_right([start for start, _ in self.kept], window_s) - 1
        if number < 0:
            return 0.0
        kept_before_s = [0.0, *accumulate(end - start for start, end in self.kept)][number]
        start, end = self.kept[number]
        return kept_before_s + min(window_s, end) - start

    def contains(self, window_s: float) -> bool:
        """Whether the clip keeps this time of the window.

        To test a word, pass its middle, because cuts may leave the edges of a filler.
        """
        return any(start <= window_s < end for start, end in self.kept)


def tighten(words: Sequence[Spoken], window_s: float, fps: Fraction, language: str) -> TimeMap:
    """The time map that removes fillers of the language (ISO 639-1) and shortens long pauses.

    `words` are the words of a window of `window_s` seconds. No cut is within 60 ms of a word that is kept. A window of
    fillers only is kept whole.
    """
    fillers = [word for word in words if is_filler(word.text, language)]
    kept_words = [
        (word.start_s, word.end_s) for word in words if word.start_s < window_s and not is_filler(word.text, language)
    ]
    frames = round(window_s * fps)
    kept: list[tuple[int, int]] = []
    begin = 0
    for gap in _gaps(kept_words, window_s):
        start_s, end_s = _cut(gap, fillers, window_s)
        first, after = math.ceil(start_s * fps), math.floor(end_s * fps)
        if after - first < SHORTEST_CUT_S * fps or 0 < first < begin + SHORTEST_KEPT_S * fps:
            continue
        if first > 0:
            kept.append((begin, first))
        begin = after
    if kept and 0 < frames - begin < SHORTEST_KEPT_S * fps:
        begin = kept.pop()[0]
    if begin < frames:
        kept.append((begin, frames))
    return TimeMap(tuple((float(first / fps), float(after / fps)) for first, after in kept))


def is_filler(text: str, language: str) -> bool:
    """Whether a word, with or without punctuation, is a filler of the language (ISO 639-1)."""
    pattern = FILLERS.get(language)
    return pattern is not None and re.fullmatch(pattern, _EDGES.sub("", text.casefold())) is not None


def _gaps(spans: Sequence[Span], window_s: float) -> Iterator[Span]:
    """The stretches, in order, that are at least 60 ms away from every word; none if there are no words."""
    reached_s = 0.0
    for start_s, end_s in sorted(spans):
        if start_s - MARGIN_S > reached_s:
            yield reached_s, start_s - MARGIN_S
        reached_s = max(reached_s, end_s + MARGIN_S)
    if spans and reached_s < window_s:
        yield reached_s, window_s


def _cut(gap: Span, fillers: Sequence[Spoken], window_s: float) -> Span:
    """The span to cut out of a gap, empty if nothing is cut.

    A gap at the start or the end of the window has a word on one side only, which keeps all of the shortened pause.
    """
    start_s, end_s = gap
    inside = [word for word in fillers if start_s < (word.start_s + word.end_s) / 2 < end_s]
    after_word, before_word = start_s > 0, end_s < window_s
    if not inside and end_s - start_s + MARGIN_S * (after_word + before_word) <= LONGEST_PAUSE_S:
        return start_s, start_s
    remaining_s = PAUSE_S / (after_word + before_word) - MARGIN_S
    cut_start_s = start_s + remaining_s * after_word
    cut_end_s = end_s - remaining_s * before_word
    if inside:
        cut_start_s = max(min(cut_start_s, *(word.start_s for word in inside)), start_s)
        cut_end_s = min(max(cut_end_s, *(word.end_s for word in inside)), end_s)
    return cut_start_s, cut_end_s
