"""Passages: overlapping stretches of about 120 words, which is about the length of a clip; the units that are ranked.

Passages of this length, each beginning in the middle of the one before, answered more questions than shorter ones or
ones that do not overlap (docs/search.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from clipper_assets.search.terms import Term, terms
from clipper_assets.transcript.words import Sentence

PASSAGE_WORDS = 120
STEP_WORDS = 60


@dataclass(frozen=True)
class Passage:
    """The sentences at the positions `first` to `last` (both included) of an episode, and their terms."""

    first: int
    last: int
    terms: Sequence[Term]


def passages(sentences: Sequence[Sentence], language: str) -> list[Passage]:
    """The passages of an episode. Each has whole sentences; together they have all of them."""
    terms_of = [terms(sentence.text, language) for sentence in sentences]
    found = []
    first = 0
    while first < len(sentences):
        last = _reaching(terms_of, first, PASSAGE_WORDS)
        found.append(Passage(first, last, [term for each in terms_of[first : last + 1] for term in each]))
        if last + 1 == len(sentences):
            break
        first = min(_reaching(terms_of, first, STEP_WORDS), last) + 1
    return found


def _reaching(terms_of: Sequence[Sequence[Term]], first: int, words: int) -> int:
    """The first position, from `first` on, up to which there are at least so many words; the last one if none is."""
    count = 0
    for position in range(first, len(terms_of)):
        count += len(terms_of[position])
        if count >= words:
            return position
    return len(terms_of) - 1
