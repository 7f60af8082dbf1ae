"""Where windows may begin and end: at the edges of sentences and thoughts, with grades for other edges."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from clipper_assets.highlights.opening_words import ABBREVIATIONS, OPENING_WORDS
from clipper_assets.highlights.run import Ints, Runs
from clipper_assets.transcript.boundaries import LONG_PAUSE_S, cut_boundaries
from clipper_assets.transcript.punctuation import is_question, is_terminated, trails_off
from clipper_assets.transcript.words import Sentence

LEANING = 12
"""An opening that cannot be understood without what was said before. Flaws are added; each is more than those below it
together, at both edges."""
PARTED = 4
"""A question without its answer, an answer without its question, an end that trails off, and what follows it."""
SLIGHT = 1
"""The same where the question asks for no answer ("..., right?"); an opening that reacts to something, has a pronoun in
a few words, hardly any words or no end; an ending that only reacts; an edge where two sentences overlap."""
OVERLAP_S = 0.1
"""Shorter overlaps are errors of word times (see `boundaries.PAD_S`)."""

NEAR_S = 10.0
"""An opening with a leaning word is not used if there is one without at most this far away."""
MOST_MOVED = 2 / 3
"""Share of the shortest window by which an opening may be moved for a leaning word: `NEAR_S` from 15 s on."""
ANSWER_S = 10.0
"""Longest pause between a question and its answer."""
MOST_LOWER = 0.3
"""Largest share of sentences that begin in lower case if a transcript begins sentences in upper case."""
FEWEST_WORDS, FEW_WORDS = 3, 8
"""Shorter openings say too little, and up to the second number a pronoun is likely to stand for something before."""
LOOK_AHEAD = 3
"""Sentences in which the first word that is no filler is looked for."""


class Edges:
    """The flaws of the edges of an episode's sentences.

    Attributes:
        leaning: Whether each sentence opens with a leaning word, of shape (sentences,).
        depends: Whether it does, reacts to something or may refer to something before it, of shape (sentences,).
        inside: 1 for each boundary inside a sentence, of shape (sentences + 1,); see `inside_sentences`.
        begins: Other flaws of a window that begins with each sentence, of shape (sentences,).
        ends: Other flaws of a window that ends with each sentence, of shape (sentences,).
    """

    def __init__(self, sentences: Sequence[Sentence], language: str):
        openings = np.array([_opening(sentences, at, language) for at in range(len(sentences))], dtype=np.intp)
        question = np.array([is_question(sentence.text) for sentence in sentences], dtype=bool)
        # Of each sentence but the last, the flaw of a boundary after it because it is answered there.
        answered = np.zeros(len(sentences) + 1, dtype=np.intp)
        for at, (before, after) in enumerate(pairwise(sentences), start=1):
            if question[at - 1] and after.start - before.end < ANSWER_S:
                answered[at] = _unanswered(before.text, language)
        after_ellipsis = np.zeros(len(sentences), dtype=bool)
        for at, (before, after) in enumerate(pairwise(sentences), start=1):
            after_ellipsis[at] = trails_off(before.text) and after.start - before.end < LONG_PAUSE_S
        reactions = np.array([_is_reaction(sentence.text, language) for sentence in sentences], dtype=bool)
        finished = np.array([is_terminated(s.text) and not trails_off(s.text) for s in sentences], dtype=bool)
        self._starts = np.array([sentence.start for sentence in sentences])
        self.inside = inside_sentences(sentences)
        self.leaning, self.depends = openings == LEANING, openings > 0
        # A question after a question is seldom its answer.
        parted = np.where(question, np.minimum(answered[:-1], SLIGHT), answered[:-1])
        overlapping = SLIGHT * _overlaps(sentences)
        self.begins = openings + np.maximum(parted, np.where(after_ellipsis, PARTED, overlapping[:-1]))
        finishing = np.maximum(SLIGHT * reactions, overlapping[1:])
        self.ends = np.maximum(answered[1:], np.where(finished, finishing, PARTED))

    def cuts(self, runs: Runs) -> Ints:
        """How many edges of each run are inside a sentence, of shape (runs,)."""
        return np.asarray(self.inside[runs.first] + self.inside[runs.last + 1])

    def flaws(self, runs: Runs) -> Ints:
        """Other flaws of both edges of each run, of shape (runs,)."""
        return np.asarray(self.begins[runs.first] + self.ends[runs.last])

    def open_well(self, runs: Runs, shortest_s: float) -> NDArray[np.bool_]:
        """Whether each run has no leaning word at its opening, or no other opening without one near; shape (runs,).

        Near are `NEAR_S`, but less for runs so short (from `shortest_s`) that another would share too little with them.
        """
        near_s = min(NEAR_S, shortest_s * MOST_MOVED)
        good = np.unique(runs.first[~self.leaning[runs.first] & (self.inside[runs.first] == 0)])
        times = np.concatenate([[-np.inf], self._starts[good], [np.inf]])
        after = np.searchsorted(times, self._starts[runs.first])
        opens_at = self._starts[runs.first]
        near = np.minimum(times[after] - opens_at, opens_at - times[after - 1]) <= near_s
        return np.asarray(~(self.leaning[runs.first] & near))


def inside_sentences(sentences: Sequence[Sentence]) -> Ints:
    """1 for each boundary inside a sentence, else 0, of shape (sentences + 1,); the first one is before them all.

    Besides the boundaries where speech was cut by force, these are boundaries after an abbreviation, inside a number,
    and before a word in lower case, if the transcript begins its sentences in upper case.
    """
    inside = np.zeros(len(sentences) + 1, dtype=np.intp)
    inside[list(cut_boundaries(sentences))] = 1
    lower = np.array([any(word.islower() for word in sentence.text.split()[:1]) for sentence in sentences], dtype=bool)
    if lower.sum() <= MOST_LOWER * len(lower):
        inside[:-1] |= lower
    for position, (before, after) in enumerate(pairwise(sentences), start=1):
        is_number = before.text[-2:-1].isdigit() and before.text.endswith(".") and after.text[:1].isdigit()
        if is_number or ABBREVIATIONS.search(before.text):
            inside[position] = 1
    inside[:1] = 0
    return inside


@dataclass(frozen=True)
class _Patterns:
    leaning: re.Pattern[str]
    slight: re.Pattern[str]
    pronoun: re.Pattern[str]
    reaction: re.Pattern[str]
    tag: re.Pattern[str]


@cache
def _patterns(language: str) -> _Patterns | None:
    """The compiled patterns of a language, an ISO 639-1 code; None for a language without a list."""
    words = OPENING_WORDS.get(language[:2].lower())
    if words is None:
        return None

    def opening(fillers: str, first: str) -> re.Pattern[str]:
        return re.compile(rf"\W*+(?:(?:{fillers})(?!\w)\W*+)*+(?:{first})(?!\w)", re.IGNORECASE)

    return _Patterns(
        leaning=opening(words.fillers, words.leaning),
        slight=opening(r"u+h*m*", words.slight),
        pronoun=re.compile(rf"\b(?:{words.pronouns})\b", re.IGNORECASE),
        reaction=re.compile(rf"\W*(?:(?:{words.fillers}|{words.slight})(?!\w)\W*)++", re.IGNORECASE),
        tag=re.compile(rf"(?:.*,\s*)?(?:{words.tags})\W*", re.IGNORECASE),
    )


def _overlaps(sentences: Sequence[Sentence]) -> Ints:
    """1 for each boundary where an earlier sentence goes on after the next one has begun; shape (sentences + 1,)."""
    said_until = np.maximum.accumulate([-np.inf, *(sentence.end for sentence in sentences)])
    said_from = np.array([*(sentence.start for sentence in sentences), np.inf])
    return np.asarray(said_until - said_from > OVERLAP_S, dtype=np.intp)


def leans(text: str, language: str) -> bool:
    """Whether a text opens with a leaning word, not counting fillers; False in a language without a list."""
    patterns = _patterns(language)
    return patterns is not None and bool(patterns.leaning.match(text))


def _opening(sentences: Sequence[Sentence], position: int, language: str) -> int:
    """The flaw of the opening with a sentence; fillers count as nothing, also where they are a whole sentence."""
    patterns = _patterns(language)
    text = " ".join(sentence.text for sentence in sentences[position : position + LOOK_AHEAD])
    if leans(text, language):
        return LEANING
    return SLIGHT if patterns and (patterns.slight.match(text) or _is_thin(sentences[position].text, patterns)) else 0


def _is_thin(text: str, patterns: "_Patterns") -> bool:
    """Whether an opening sentence says too little by itself: it has few words, a pronoun among not many, or no end."""
    words = len(text.split())
    return words < FEWEST_WORDS or trails_off(text) or (words <= FEW_WORDS and bool(patterns.pronoun.search(text)))


def _is_reaction(text: str, language: str) -> bool:
    """Whether a sentence only reacts to what was said: "Yeah, right"."""
    patterns = _patterns(language)
    return patterns is not None and bool(patterns.reaction.fullmatch(text))


def _unanswered(question: str, language: str) -> int:
    """The flaw of a boundary between a question and what is said next."""
    patterns = _patterns(language)
    return SLIGHT if patterns and patterns.tag.fullmatch(question) else PARTED
