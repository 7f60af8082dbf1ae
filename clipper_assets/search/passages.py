"""Passages: overlapping stretches of about 120 words, which is about the length of a clip; the units that are ranked.

Passages of this length, each beginning in the middle of the one before, answered more questions than shorter ones or
ones that do not overlap (docs/search.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from clipper_assets.search.terms import Term, terms
from clipper_assets.transcript.words import Sentence

HALF_WORDS = 60
"""Words of half a passage, at least; halves end with sentences."""
OVERHANG = 10
"""Words of the next sentence that a phrase may run into."""


@dataclass(frozen=True)
class Passage:
    """The sentences at the positions `first` to `last` (both included) of an episode, and their terms.

    Phrases and prefixes are looked for in `spoken`: the terms and the first ones of the next sentence. It is empty
    where the passages before and after have all of it, which halves the time that a phrase takes.
    """

    first: int
    last: int
    terms: Sequence[Term]
    spoken: Sequence[Term]


def passages(sentences: Sequence[Sentence], language: str) -> list[Passage]:
    """The passages of an episode: each two neighbouring halves, or the only one."""
    terms_of = [terms(sentence.text, language) for sentence in sentences]
    starts = _halves(terms_of)
    ends = [*starts[2:], len(sentences)]
    pairs = list(zip(starts, ends, strict=False))
    found = []
    for number, (first, end) in enumerate(pairs):
        inside = [term for each in terms_of[first:end] for term in each]
        following = terms_of[end][:OVERHANG] if end < len(terms_of) else []
        is_covered = number % 2 == 1 and number + 1 < len(pairs)
        found.append(Passage(first, end - 1, inside, [] if is_covered else [*inside, *following]))
    return found


def _halves(terms_of: Sequence[Sequence[Term]]) -> list[int]:
    """The positions of the sentences that begin a half."""
    starts, count = [], HALF_WORDS
    for position, each in enumerate(terms_of):
        if count >= HALF_WORDS:
            starts.append(position)
            count = 0
        count += len(each)
    return starts
