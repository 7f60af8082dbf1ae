"""The likeliest sequence of speakers."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from clipper_assets.camera.analysis.speaking import PerPicture
from clipper_assets.camera.analysis.utterances import Utterance

SWITCH, SWITCH_AT_PAUSE = 4.0, 1.2
"""Cost of a change of speaker as a log likelihood, within an utterance and between two. With a clear lead, of 2 units
of score or 0.2 per picture, an utterance of half a second between two of somebody else outweighs it."""


def likeliest_speakers(gains: PerPicture, utterances: Sequence[Utterance], cuts: Sequence[int]) -> NDArray[np.int64]:
    """The number of the face that speaks or spoke last, for each picture; -1 for nobody in view.

    `gains`, of shape (faces + 1, pictures), are the log likelihoods of each face, NaN where it is out of view, and in
    the last row that of nobody. The result is the path of highest likelihood (Viterbi 1967), with a cost for each
    change of speaker except at a cut.
    """
    nobody, pictures = len(gains) - 1, gains.shape[1]
    if pictures == 0:
        return np.empty(0, np.int64)
    likelihoods = np.where(np.isnan(gains), -np.inf, gains)
    cost = np.full(pictures, SWITCH_AT_PAUSE)
    for utterance in utterances:
        cost[utterance.start + 1 : utterance.end] = SWITCH
    for before, utterance in pairwise(utterances):
        if before.voice and utterance.voice and before.voice != utterance.voice:
            cost[utterance.start] = 0.0
    cost[list(cuts)] = 0.0
    total = likelihoods[:, 0]
    came_from = np.zeros(gains.shape, np.int64)
    for number in range(1, pictures):
        best = int(np.argmax(total))
        stay = total >= total[best] - cost[number]
        came_from[:, number] = np.where(stay, np.arange(len(gains)), best)
        total = np.where(stay, total, total[best] - cost[number]) + likelihoods[:, number]
    path = np.empty(pictures, np.int64)
    path[-1] = int(np.argmax(total))
    for number in range(pictures - 1, 0, -1):
        path[number - 1] = came_from[path[number], number]
    return np.where(path == nobody, -1, path)
