"""Judges windows by the words and the true adverts of an episode, with none of the code that picked them."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Span = tuple[float, float]
"""Start and end in seconds from the start of the episode."""

FINAL = re.compile(r"[.!?…。！？؟।]+[\"'”’»)\]]*$")  # noqa: RUF001 -- the punctuation of other scripts
_CONJUNCTIONS = ("and", "but", "or", "nor", "so", "because", "which", "also", "then")
_PRONOUNS = ("he", "she", "they", "it", "him", "her", "them", "his", "their", "its", "that", "this", "these", "those")
LEANING = frozenset(_CONJUNCTIONS + _PRONOUNS)
"""First words that refer to something said before; a viewer has not heard the noun of a pronoun."""
PAUSE_S = 0.6
"""A pause between two thoughts: the upper half of the "medium" silent pauses of Campione and Véronis, Speech Prosody
2002."""
NEIGHBOUR_S = 10.0
AD_S = 2.0
"""Most seconds of advert that a clip may have."""
PICK_OVERLAP = 0.5
"""Least intersection over union of a window that finds a reviewer's pick; usual for temporal localisation."""


@dataclass(frozen=True)
class Talked:
    """The words of an episode in time order, its length, its true adverts, and a reviewer's picks where there are any.

    `adverts` is None where nobody marked them.
    """

    name: str
    duration_s: float
    texts: Sequence[str]
    starts: NDArray[np.float64]
    ends: NDArray[np.float64]
    adverts: Sequence[Span] | None = None
    reviewed: Sequence[Span] = ()
    speakers: Sequence[str | None] = ()

    def words_in(self, window: Span) -> range:
        """Numbers of the words whose middle lies in the window."""
        middle = (self.starts + self.ends) / 2
        inside = np.flatnonzero((window[0] <= middle) & (middle < window[1]))
        return range(inside[0], inside[-1] + 1) if inside.size else range(0)

    def begins_thought(self, word: int) -> bool:
        """Whether something new begins with the word: after final punctuation, a pause or a change of speaker."""
        if word in (0, len(self.texts)):
            return True
        turn = bool(self.speakers) and self.speakers[word] != self.speakers[word - 1]
        pause_s = self.starts[word] - self.ends[word - 1]
        return turn or pause_s > PAUSE_S or bool(FINAL.search(self.texts[word - 1]))


@dataclass(frozen=True)
class Window:
    """A window that was picked, and its title; a random one has none."""

    start: float
    end: float
    title: str | None = None

    @property
    def span(self) -> Span:
        return self.start, self.end


@dataclass(frozen=True)
class Judged:
    """What is wrong with one window; None where it cannot be known."""

    advert_s: float | None
    begins_inside: bool
    ends_inside: bool
    leans: bool
    leans_needlessly: bool
    titled: bool | None


def judge(talked: Talked, window: Window) -> Judged:
    """Judge one window. A window without words begins and ends nowhere inside a sentence."""
    words = talked.words_in(window.span)
    advert_s = None if talked.adverts is None else sum(overlap_s(window.span, advert) for advert in talked.adverts)
    if not words:
        return Judged(advert_s, False, False, False, False, None if window.title is None else False)
    leans = is_leaning(talked.texts[words.start])
    said = plain(" ".join(talked.texts[word] for word in words))
    return Judged(
        advert_s=advert_s,
        begins_inside=not talked.begins_thought(words.start),
        ends_inside=not talked.begins_thought(words.stop),
        leans=leans,
        leans_needlessly=leans and _other_opening(talked, words.start),
        titled=None if window.title is None else f" {plain(window.title)} " in f" {said} ",
    )


def overlap_s(one: Span, other: Span) -> float:
    return max(min(one[1], other[1]) - max(one[0], other[0]), 0.0)


def is_leaning(word: str) -> bool:
    """Whether a first word refers to what came before it; of a contraction its first part counts."""
    letters = re.match(r"\W*(\w+)", word.casefold())
    return letters is not None and letters[1] in LEANING


def plain(text: str) -> str:
    """Words of a text in lower case, one space apart, without punctuation."""
    return " ".join(re.findall(r"\w+", re.sub(r"['\u2019]", "", text.casefold())))


def marked(talked: Talked, spans: Sequence[Span]) -> NDArray[np.bool_]:
    """Whether the middle of each word lies in one of the spans; shape (words,)."""
    middle = (talked.starts + talked.ends) / 2
    inside = np.zeros(len(middle), dtype=bool)
    for start, end in spans:
        inside |= (start <= middle) & (middle < end)
    return inside


def covered_s(windows: Sequence[Window]) -> float:
    """Seconds of the episode that lie in a window; windows may overlap."""
    total, until = 0.0, 0.0
    for window in sorted(windows, key=lambda each: each.start):
        total += max(window.end - max(window.start, until), 0.0)
        until = max(until, window.end)
    return total


def found_picks(talked: Talked, windows: Sequence[Window]) -> int:
    """How many of the reviewer's picks a window finds, with an intersection over union of `PICK_OVERLAP`."""
    return sum(any(_union_share(pick, window.span) >= PICK_OVERLAP for window in windows) for pick in talked.reviewed)


def _union_share(one: Span, other: Span) -> float:
    shared = overlap_s(one, other)
    return shared / (one[1] - one[0] + other[1] - other[0] - shared)


def _other_opening(talked: Talked, word: int) -> bool:
    """Whether a thought that does not lean begins, outside adverts, at most `NEIGHBOUR_S` before or after the word."""
    start = float(talked.starts[word])
    first = bisect_left(talked.starts, start - NEIGHBOUR_S)
    last = bisect_left(talked.starts, start + NEIGHBOUR_S)
    in_advert = marked(talked, talked.adverts or ())
    return any(
        talked.begins_thought(other) and not is_leaning(talked.texts[other]) and not in_advert[other]
        for other in range(first, last)
        if other != word
    )
