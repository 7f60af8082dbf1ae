"""Which runs are about the topics that a person asked for, by the words that are said."""

import re
from collections import Counter
from collections.abc import Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

from clipper_assets.highlights.pickers.base import Talk
from clipper_assets.highlights.pickers.word_lists import STOPWORDS
from clipper_assets.highlights.run import Run, Runs
from clipper_assets.text.stems import stems
from clipper_assets.text.tokens import tokens

LEAST_SAID = 0.5
"""Least share of a topic's words, weighed by how rare they are, that is said in a run about it."""
MOST_STEMS = 60
"""Words of the topics that are looked for; the rest of a longer text is not."""


def about(talk: Talk, allowed: Sequence[Run]) -> NDArray[np.float64]:
    """How much each run is about the topics of the talk: 0, or `LEAST_SAID` to 1; shape (runs,).

    Topics are separated by commas, semicolons or line breaks. Of the best one, this is the share of its words that are
    said in the run, in any of their forms (Snowball), weighed by their inverse sentence frequency. Words that are said
    nowhere do not count.
    """
    said = [
        set(_stems(sentence.text, talk.language)) if usable else set()
        for sentence, usable in zip(talk.sentences, talk.usable, strict=True)
    ]
    frequency = Counter(stem for sentence in said for stem in sentence)
    runs = Runs.of(allowed)
    best = np.zeros(len(runs))
    looked_for = 0
    for topic in re.split(r"[,;\n]", talk.topics):
        wanted = [stem for stem in dict.fromkeys(_stems(topic, talk.language)) if frequency[stem]]
        wanted = wanted[: MOST_STEMS - looked_for]
        looked_for += len(wanted)
        weights = {stem: log(1 + len(said) / frequency[stem]) for stem in wanted}
        share = np.zeros(len(runs))
        for stem in wanted:
            before = np.concatenate([[0], np.cumsum([stem in sentence for sentence in said])])
            share += weights[stem] / sum(weights.values()) * (before[runs.last + 1] > before[runs.first])
        best = np.maximum(best, share)
    return np.where(best >= LEAST_SAID, best, 0.0)


def _stems(text: str, language: str) -> list[str]:
    """The stems of the words of a text, without English function words."""
    words = [word for word in tokens(text, language) if not (language.startswith("en") and word in STOPWORDS)]
    return stems(words, language)
