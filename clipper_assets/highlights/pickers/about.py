"""Which runs are about the topics that a person asked for, by the words that are said."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from math import log

import numpy as np
from numpy.typing import NDArray

from clipper_assets.highlights.pickers.base import Talk
from clipper_assets.highlights.pickers.word_lists import STOPWORDS
from clipper_assets.highlights.run import Run, Runs
from clipper_assets.search.terms import is_stop_word
from clipper_assets.text.scripts import line_break_pieces
from clipper_assets.text.stems import stems
from clipper_assets.text.tokens import tokens

LEAST_SAID = 0.5
"""Least share of a topic's words, weighed by how rare they are, that is said in a run about it."""
MOST_STEMS = 60
"""Words of the topics that are looked for; the rest of a longer text is not."""
_MARKS = "\"'.:!?()\u201c\u201d\u2018\u2019\u00ab\u00bb\u00bf\u00a1"
_PAIRED = frozenset({"ja", "zh", "yue"})
_BETWEEN_TOPICS = re.compile(r"[,;\n\u3001\uff0c\uff1b\u060c\u061b]")
"""Commas and semicolons, also Chinese, Japanese and Arabic ones, and line breaks."""


def about(talk: Talk, allowed: Sequence[Run]) -> NDArray[np.float64]:
    """How much each run is about the topics of the talk: 0, or `LEAST_SAID` to 1; shape (runs,).

    Topics are separated by commas, semicolons or line breaks. Of the best one, this is the share of its words that are
    said in the run, in any of their forms (Snowball), weighed by their inverse sentence frequency. Words that are said
    nowhere and stop words do not count. In Chinese and Japanese, each pair of neighbouring characters is a word.
    """
    said = [
        _said(sentence.text, talk.language) if usable else set()
        for sentence, usable in zip(talk.sentences, talk.usable, strict=True)
    ]
    frequency = Counter(stem for sentence in said for stem in sentence)
    runs = Runs.of(allowed)
    best = np.zeros(len(runs))
    looked_for = 0
    for topic in _BETWEEN_TOPICS.split(talk.topics):
        asked = _stems(_without_stop_words(topic, talk.language), talk.language)
        wanted = [stem for stem in dict.fromkeys(asked) if frequency[stem]]
        wanted = wanted[: MOST_STEMS - looked_for]
        looked_for += len(wanted)
        weights = {stem: log(1 + len(said) / frequency[stem]) for stem in wanted}
        share = np.zeros(len(runs))
        for stem in wanted:
            before = np.concatenate([[0], np.cumsum([stem in sentence for sentence in said])])
            share += weights[stem] / sum(weights.values()) * (before[runs.last + 1] > before[runs.first])
        best = np.maximum(best, share)
    return np.where(best >= LEAST_SAID, best, 0.0)


def _said(text: str, language: str) -> set[str]:
    """What a sentence says: the stems of its words; in Chinese and Japanese single characters, too."""
    single = line_break_pieces(" ".join(tokens(text, ""))) if language in _PAIRED else []
    return {*single, *_stems(text, language)}


def _without_stop_words(topic: str, language: str) -> str:
    """A topic without the words that nearly every sentence has, which would be said even where nothing else is."""
    return " ".join(word for word in topic.split() if not is_stop_word(word.strip(_MARKS).lower(), language))


def _stems(text: str, language: str) -> list[str]:
    """The stems of the words of a text, without English function words; or its pairs of characters."""
    if language in _PAIRED:
        # Phrases, as captions have them, would differ by their particles. Words in other scripts stay whole.
        runs = [line_break_pieces(run) for run in tokens(text, "")]
        return [word for run in runs for word in (map("".join, pairwise(run)) if len(run) > 1 else run)]
    words = [word for word in tokens(text, language) if not (language.startswith("en") and word in STOPWORDS)]
    return stems(words, language)
