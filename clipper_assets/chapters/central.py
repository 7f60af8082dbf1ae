"""The central sentences of a text, by LexRank.

Source: Erkan & Radev, LexRank: graph-based lexical centrality as salience in text summarization, Journal of Artificial
Intelligence Research 22, 2004 (the continuous variant, with a damping factor of 0.85).
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clipper_assets.text.stems import stems
from clipper_assets.text.tokens import inverse_frequency, tokens

DAMPING, ROUNDS = 0.85, 50
MOST_SENTENCES = 1000
"""Most sentences compared with each other: 8 MB; of a longer text, evenly spaced ones."""


def centrality(texts: Sequence[str], language: str) -> NDArray[np.float64]:
    """How much each sentence resembles the others that are central themselves; shape (sentences,), sum 1 or 0."""
    ranks = np.zeros(len(texts))
    if len(texts) < 2:
        return ranks
    sample = np.unique(np.linspace(0, len(texts) - 1, min(len(texts), MOST_SENTENCES)).astype(int))
    similar = _similarity([stems(tokens(texts[i], language), language) for i in sample])
    rows = similar.sum(axis=1, keepdims=True)
    size = len(sample)
    steps = np.where(rows > 0, similar / np.where(rows > 0, rows, 1.0), 1.0 / size)
    rank = np.full(size, 1.0 / size)
    for _ in range(ROUNDS):
        rank = (1 - DAMPING) / size + DAMPING * rank @ steps
    ranks[sample] = rank
    return ranks


def _similarity(stemmed: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    """Cosine similarity of every two sentences by tf x idf, 0 of a sentence with itself."""
    rarity = inverse_frequency(stemmed)
    shared = Counter(stem for sentence in stemmed for stem in set(sentence))
    column = {stem: number for number, stem in enumerate(stem for stem, count in shared.items() if count > 1)}
    vectors = np.zeros((len(stemmed), len(column) + 1))
    for row, sentence in enumerate(stemmed):
        for stem, count in Counter(sentence).items():
            if stem in column:
                vectors[row, column[stem]] = count * rarity[stem]
            else:
                vectors[row, -1] = np.hypot(vectors[row, -1], count * rarity[stem])
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    similar = vectors[:, :-1] @ vectors[:, :-1].T
    np.fill_diagonal(similar, 0.0)
    return np.asarray(similar)
