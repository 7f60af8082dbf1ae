"""Finds the sentence of a passage that matches a query best, and what to highlight in it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import tantivy

from clipper_assets.search.terms import Term, terms

PHRASE_WEIGHT = 1000.0
"""Score of a sentence in which a phrase begins; more than any number of words gives."""


@dataclass(frozen=True)
class Spoken:
    """A sentence with the characters of its text to highlight, as pairs of start and end (excluded).

    Times in seconds from the start of the episode.
    """

    number: int
    text: str
    start: float
    end: float
    speaker: str | None
    marks: Sequence[tuple[int, int]] = ()


@dataclass(frozen=True)
class Hit:
    """A passage of an episode, with the sentence that matches best and the sentences before and after that.

    `score` compares hits of one query.
    """

    partition: str
    score: float
    uploaded_at: datetime
    passage: Sequence[Spoken]
    sentence: Spoken
    before: Spoken | None
    after: Spoken | None


class Matcher:
    """Matches sentences with a query.

    `words` has weights by stem for each word, `prefixes` weights by folded word for each prefix, and `phrases` folded
    words in their order. `speaker` has folded words that the name of the sentence's speaker must contain.
    """

    def __init__(
        self,
        words: Sequence[Mapping[str, float]],
        phrases: Sequence[Sequence[str]],
        prefixes: Sequence[Mapping[str, float]],
        speaker: Sequence[str] = (),
    ):
        self.phrases, self.speaker = phrases, speaker
        self.stems = {stem: (number, weight) for number, each in enumerate(words) for stem, weight in each.items()}
        self.folded = {
            word: (number, weight) for number, each in enumerate(prefixes, len(words)) for word, weight in each.items()
        }

    def matches(self, term: Term) -> bool:
        """Whether the term is one of the query's words, or begins with one of its prefixes."""
        return term.stem in self.stems or term.folded in self.folded

    def score(self, words: Sequence[Term]) -> float:
        """The weights of the query's words and prefixes that a sentence has, each once."""
        found = [self.stems[term.stem] for term in words if term.stem in self.stems]
        found += [self.folded[term.folded] for term in words if term.folded in self.folded]
        return sum(dict(found).values())

    def is_spoken_by(self, speaker: str | None) -> bool:
        """Whether a person asked for by name said it."""
        return not self.speaker or set(self.speaker) <= {term.folded for term in terms(speaker or "", "")}


def hit_in(document: tantivy.Document, score: float, matcher: Matcher) -> tuple[Hit, int] | None:
    """The hit in a passage, and the position of its best sentence in it; None if no sentence of the speaker matches."""
    stored = json.loads(_stored(document, "sentences"))
    around = [Spoken(*row) for row in stored["sentences"]]
    terms_of = [terms(each.text, stored["language"]) for each in around]
    phrases = list(_phrases(terms_of, matcher.phrases))
    first, end = int(stored["before"]), len(around) - int(stored["after"])
    scores = {
        number: matcher.score(terms_of[number]) + PHRASE_WEIGHT * sum(place == number for place, _ in phrases)
        for number in range(first, end)
        if matcher.is_spoken_by(around[number].speaker)
    }
    best = max(scores, key=lambda number: (scores[number], -number), default=None)
    if best is None or (matcher.speaker and scores[best] == 0) or (matcher.phrases and scores[best] < PHRASE_WEIGHT):
        return None
    marked = [
        replace(each, marks=_marks(words, matcher, [word for place, word in phrases if place == number]))
        for number, (each, words) in enumerate(zip(around, terms_of, strict=True))
    ]
    hit = Hit(
        partition=_stored(document, "episode"),
        score=score,
        uploaded_at=datetime.fromtimestamp(_stored(document, "uploaded_at"), UTC),
        passage=marked[first:end],
        sentence=marked[best],
        before=marked[best - 1] if best else None,
        after=marked[best + 1] if best + 1 < len(marked) else None,
    )
    return hit, best - first


def _stored(document: tantivy.Document, field: str) -> Any:
    return document.get_first(field)


def _phrases(terms_of: Sequence[Sequence[Term]], phrases: Sequence[Sequence[str]]) -> Iterator[tuple[int, Term]]:
    """The terms of every occurrence of a phrase, each with the number of its sentence; phrases may cross sentences."""
    flat = [(number, term) for number, words in enumerate(terms_of) for term in words]
    folded = [term.folded for _, term in flat]
    for phrase in phrases:
        for start in range(len(flat) - len(phrase) + 1):
            if folded[start] == phrase[0] and folded[start : start + len(phrase)] == list(phrase):
                yield from flat[start : start + len(phrase)]


def _marks(words: Sequence[Term], matcher: Matcher, phrase_terms: Sequence[Term]) -> list[tuple[int, int]]:
    """The characters of the terms that match, with overlapping and touching ones joined."""
    spans: list[tuple[int, int]] = []
    for term in words:
        if term in phrase_terms or matcher.matches(term):
            if spans and term.start <= spans[-1][1]:
                spans[-1] = (spans[-1][0], term.end)
            else:
                spans.append((term.start, term.end))
    return spans
