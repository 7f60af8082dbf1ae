"""Decides who speaks: the evidence for each face from mouth and sound, and the likeliest sequence of speakers."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clipper_assets.camera.analysis.asd import Score
from clipper_assets.camera.analysis.mouth import mouth_score
from clipper_assets.camera.analysis.tracks import FollowedFace
from clipper_assets.camera.analysis.utterances import Utterance
from clipper_assets.camera.scene import FPS
from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples

WEIGHT = 0.1
"""Log likelihood per picture and unit of score; small, because neighbouring pictures carry nearly the same evidence."""
SURE = 4.0
"""Larger scores of LR-ASD are clipped: they are no more certain."""
EXCERPT = round(1.2 * FPS)
"""Number of pictures of an utterance that LR-ASD scores; shorter and longer excerpts were worse on the sample."""
BUDGET = 0.6
"""Faces that LR-ASD scores per picture of the window, on average; each costs about 3 ms of CPU."""
SWITCH, SWITCH_AT_PAUSE = 4.0, 1.2
"""Cost of a change of speaker as a log likelihood, within an utterance and between two. With a clear lead, of 2 units
of score or 0.2 per picture, an utterance of half a second between two of somebody else outweighs it."""

PerPicture = NDArray[np.float64]
"""Values of shape (faces, pictures of the window)."""


def evidence(
    faces: Sequence[FollowedFace], utterances: Sequence[Utterance], pictures: int, sound: Samples, score: Score | None
) -> PerPicture:
    """The log likelihood per picture that each face speaks, relative to the other faces.

    It is NaN where the face is not in view, and 0 where nobody speaks. Where several faces are in view, `score`
    compares lips and sound in the middle of the utterance; the most doubtful utterances come first, until the budget is
    spent.
    """
    likelihoods = np.full((len(faces), pictures), np.nan)
    for row, face in zip(likelihoods, faces, strict=True):
        row[face.first : face.end] = WEIGHT * mouth_score(face.motions, _samples(sound, face.first, face.end))
    if score:
        budget = BUDGET * pictures
        for utterance in sorted(utterances, key=lambda span: _lead(likelihoods[:, span.start : span.end])):
            middle = (utterance.start + utterance.end) // 2
            start, end = max(utterance.start, middle - EXCERPT // 2), min(utterance.end, middle + EXCERPT // 2)
            in_view = [number for number, face in enumerate(faces) if face.first <= start and end <= face.end]
            if len(in_view) < 2 or len(in_view) * (end - start) > budget:
                continue
            budget -= len(in_view) * (end - start)
            for number in in_view:
                lips = faces[number].lips[start - faces[number].first : end - faces[number].first]
                mean_score = float(np.mean(score(lips, _samples(sound, start, end))))
                likelihoods[number, utterance.start : utterance.end] += WEIGHT * float(np.clip(mean_score, -SURE, SURE))
    spoken = np.zeros(pictures, bool)
    for utterance in utterances:
        spoken[utterance.start : utterance.end] = True
    likelihoods[:, ~spoken] *= 0  # keeps NaN, unlike an assignment
    return likelihoods


def likeliest_speakers(evidence: PerPicture, utterances: Sequence[Utterance], cuts: Sequence[int]) -> NDArray[np.int64]:
    """The number of the face that speaks or spoke last, for each picture; -1 where no face is in view.

    This is the path of highest likelihood (Viterbi 1967), with a cost for each change of speaker except at a cut.
    """
    faces, pictures = evidence.shape
    if pictures == 0:
        return np.empty(0, np.int64)
    nobody = np.where(np.isnan(evidence).all(axis=0), 0.0, -np.inf)
    gains = np.vstack([np.where(np.isnan(evidence), -np.inf, evidence), nobody])
    cost = np.full(pictures, SWITCH_AT_PAUSE)
    for utterance in utterances:
        cost[utterance.start + 1 : utterance.end] = SWITCH
    cost[list(cuts)] = 0.0
    total = gains[:, 0]
    came_from = np.zeros((faces + 1, pictures), np.int64)
    for number in range(1, pictures):
        best = int(np.argmax(total))
        stay = total >= total[best] - cost[number]
        came_from[:, number] = np.where(stay, np.arange(faces + 1), best)
        total = np.where(stay, total, total[best] - cost[number]) + gains[:, number]
    path = np.empty(pictures, np.int64)
    path[-1] = int(np.argmax(total))
    for number in range(pictures - 1, 0, -1):
        path[number - 1] = came_from[path[number], number]
    return np.where(path == faces, -1, path)


def _lead(evidence: PerPicture) -> float:
    """The lead of the best face over the next, summed, among faces in view throughout; infinite for a single face."""
    totals = np.sort(evidence[~np.isnan(evidence).any(axis=1)].sum(axis=1))
    return float(totals[-1] - totals[-2]) if len(totals) > 1 else np.inf


def _samples(sound: Samples, start: int, end: int) -> Samples:
    size = SPEECH_RATE_HZ // FPS
    return sound[start * size : end * size]
