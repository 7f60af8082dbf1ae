"""From scored sentences to stretches: the most likely sequence of talk, adverts, intros, outros and calls to subscribe.

A hidden Markov model with one state for talk and one per kind. A sentence is observed as its score per kind, the log
odds of the kind against talk in nats. Changing the state costs nats, fewer after a pause, because adverts are inserted
between two breaths of the conversation. Viterbi's algorithm gives the best sequence, the forward-backward algorithm its
probabilities (Rabiner, "A tutorial on hidden Markov models", Proceedings of the IEEE 77, 1989).
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ENTER_NATS, LEAVE_NATS, SWITCH_NATS = 4.0, 4.0, 4.0
"""What it costs to go from talk to a kind, back to talk, and from one kind to another."""
LEAST_NATS = 1.0
"""What a change costs after the longest pause."""
NATS_PER_PAUSE_S = 2.0
"""How much a second of pause lowers the cost of a change."""


@dataclass(frozen=True)
class Stretch:
    """Sentences `first`..`last` (positions, both included) of one kind (its row); `confidence` is in 0..1."""

    kind: int
    first: int
    last: int
    confidence: float


def stretches(scores: Floats, pauses_s: Floats) -> list[Stretch]:
    """The stretches of sentences that are no talk, in order and apart.

    `scores` has the log odds of each kind for each sentence, shape (kinds, sentences); `pauses_s` the pause before each
    sentence, shape (sentences,).
    """
    kinds, count = scores.shape
    if not count:
        return []
    observed = np.vstack([np.zeros(count), scores]).T
    costs = [_costs(kinds, pause_s) for pause_s in pauses_s]
    states = _viterbi(observed, costs)
    likely = _posterior(observed, costs)
    edges = [0, *(np.flatnonzero(np.diff(states)) + 1).tolist(), count]
    return [
        Stretch(int(states[first]) - 1, first, end - 1, float(likely[first:end, states[first]].mean()))
        for first, end in pairwise(edges)
        if states[first]
    ]


def _costs(kinds: int, pause_s: float) -> Floats:
    """The cost of each change of state, shape (from, to); state 0 is talk."""
    costs = np.full((kinds + 1, kinds + 1), SWITCH_NATS)
    costs[0, :], costs[:, 0] = ENTER_NATS, LEAVE_NATS
    costs = np.maximum(costs - NATS_PER_PAUSE_S * max(pause_s, 0.0), LEAST_NATS)
    np.fill_diagonal(costs, 0.0)
    return costs


def _viterbi(observed: Floats, costs: list[Floats]) -> NDArray[np.int64]:
    """The state of each sentence in the best sequence. The episode begins as after a pause."""
    count, states = observed.shape
    before = np.zeros((count, states), dtype=np.int64)
    best = observed[0] - np.where(np.arange(states) > 0, LEAST_NATS, 0.0)
    for position in range(1, count):
        options = best[:, None] - costs[position]
        before[position] = options.argmax(axis=0)
        best = options.max(axis=0) + observed[position]
    path = np.zeros(count, dtype=np.int64)
    path[-1] = best.argmax()
    for position in range(count - 1, 0, -1):
        path[position - 1] = before[position, path[position]]
    return path


def _posterior(observed: Floats, costs: list[Floats]) -> Floats:
    """The probability of each state for each sentence, shape (sentences, states)."""
    count, states = observed.shape
    forward, backward = np.zeros((count, states)), np.zeros((count, states))
    forward[0] = observed[0] - np.where(np.arange(states) > 0, LEAST_NATS, 0.0)
    for position in range(1, count):
        forward[position] = np.logaddexp.reduce(forward[position - 1][:, None] - costs[position], axis=0)
        forward[position] += observed[position]
    for position in range(count - 2, -1, -1):
        after = observed[position + 1] + backward[position + 1]
        backward[position] = np.logaddexp.reduce(after[None, :] - costs[position + 1], axis=1)
    total = forward + backward
    return np.asarray(np.exp(total - np.logaddexp.reduce(total, axis=1)[:, None]))
