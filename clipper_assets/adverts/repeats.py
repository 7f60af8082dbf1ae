"""Text that an episode repeats, or shares with other episodes of its show: hashed runs of words."""

import re
import unicodedata
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clipper_assets.text.scripts import split_words
from clipper_assets.transcript.words import Sentence

SHINGLE_WORDS = 5
"""Words per shingle. Shorter ones recur by chance in an hour of talk."""
APART_S = 120.0
"""Within an episode, text counts as repeated if it is said again at least this much later or earlier."""
LEAST_WORDS = 20
"""Fewest words in a row that are repeated; shorter ones are sayings and formulas.

Measured on the talk of 40 meetings: with 12 words 0.7 % of it is taken for adverts, with 20 words 0.1 %.
"""
REPEATED_SHARE = 0.6
"""Least share of a sentence's words that must be repeated."""
TEASER_S, TEASER_WEIGHT = 240.0, 0.1
"""Many episodes open with a minute of their talk: text that is said twice, first in these seconds, may be a teaser.
With this weight it is an advert only if its cues say so, too."""
SAME_RECORDING = 0.5
"""An episode that has this share of the words is the same recording under another name, and says nothing. One that
repeats this share of its own words is a meditation or an exercise, and says nothing either."""
_WORD = re.compile(r"\w+")

Shares = NDArray[np.float64]
"""Share of each sentence's words that are repeated, shape (sentences,)."""


class Shingles:
    """The hashed shingles of an episode's sentences, in order.

    `language` is an ISO 639-1 code; in languages without spaces, the words of shingles are phrases.

    Attributes:
        hashes: uint32, shape (shingles,); shingle `i` begins at word `i`.
    """

    def __init__(self, sentences: Sequence[Sentence], language: str = "") -> None:
        words: list[str] = []
        self._sentence_of: list[int] = []
        starts: list[float] = []
        for position, sentence in enumerate(sentences):
            text = unicodedata.normalize("NFKC", " ".join(split_words(sentence.text, language)))
            spoken = _WORD.findall(text.casefold())
            words += spoken
            self._sentence_of += [position] * len(spoken)
            step = (sentence.end - sentence.start) / max(len(spoken), 1)
            starts += [sentence.start + number * step for number in range(len(spoken))]
        self._sentences, self._words, self._starts = len(sentences), len(words), np.array(starts)
        self.hashes = np.array(
            [
                zlib.crc32(" ".join(words[first : first + SHINGLE_WORDS]).encode())
                for first in range(len(words) - SHINGLE_WORDS + 1)
            ],
            dtype=np.uint32,
        )

    def within(self, first: int, last: int) -> slice:
        """The shingles that begin in the sentences `first`..`last` (positions, both included)."""
        begin, end = np.searchsorted(self._sentence_of, [first, last + 1])
        return slice(int(begin), int(end))

    def per_sentence(self, weights: NDArray[np.float64]) -> Shares:
        """The sum of the weights of the shingles that begin in each sentence; `weights` has shape (shingles,)."""
        begins = np.array(self._sentence_of[: self.hashes.size], dtype=np.intp)
        return np.bincount(begins, weights=weights, minlength=self._sentences).astype(np.float64)

    def repeated_inside(self) -> Shares:
        """The share of each sentence that the episode says again; a teaser's words count as `TEASER_WEIGHT`."""
        order = np.lexsort((self._starts[: self.hashes.size], self.hashes))
        weights = np.zeros(self.hashes.size)
        for group in np.split(order, np.flatnonzero(np.diff(self.hashes[order])) + 1):
            at = self._starts[group]
            if group.size > 1 and at[-1] - at[0] >= APART_S:
                far = (at - at[0] >= APART_S) | (at[-1] - at >= APART_S)
                weights[group[far]] = TEASER_WEIGHT if group.size == 2 and at[0] < TEASER_S else 1.0
        shares = self._shares(weights)
        return shares if self._is_little(shares) else np.zeros(self._sentences)

    def repeated_in(self, others: Sequence[NDArray[np.uint32]]) -> Shares:
        """The share of each sentence that one of the other episodes has too, given their shingles."""
        shares = [self._shares(np.isin(self.hashes, other).astype(np.float64)) for other in others]
        apart = [share for share in shares if self._is_little(share)]
        return np.asarray(np.max([np.zeros(self._sentences), *apart], axis=0))

    def _is_little(self, shares: Shares) -> bool:
        """Whether less than `SAME_RECORDING` of all words are repeated."""
        lengths = np.bincount(self._sentence_of, minlength=self._sentences)
        return bool(shares @ lengths < SAME_RECORDING * max(self._words, 1))

    def _shares(self, weights: NDArray[np.float64]) -> Shares:
        """The share of each sentence that lies in long runs of repeated shingles, those with a weight."""
        if not weights.any():
            return np.zeros(self._sentences)
        covered = np.zeros(self._words)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], (weights > 0).astype(np.int8), [0]])))
        for first, end in zip(edges[::2], edges[1::2], strict=True):
            if end - first + SHINGLE_WORDS - 1 >= LEAST_WORDS:
                covered[first : end + SHINGLE_WORDS - 1] = weights[first:end].mean()
        words = np.bincount(self._sentence_of, minlength=self._sentences)
        repeated = np.bincount(self._sentence_of, weights=covered > 0, minlength=self._sentences)
        weighted = np.bincount(self._sentence_of, weights=covered, minlength=self._sentences)
        return np.where(repeated >= REPEATED_SHARE * np.maximum(words, 1), weighted / np.maximum(words, 1), 0.0)
