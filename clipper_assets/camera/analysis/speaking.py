"""Who speaks: what mouths and sound say about each face, and the likeliest story that it makes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clipper_assets.camera.analysis.asd import Score
from clipper_assets.camera.analysis.mouth import mouth_score
from clipper_assets.camera.analysis.tracks import Followed
from clipper_assets.camera.analysis.utterances import Utterance
from clipper_assets.camera.scene import FPS
from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples

WEIGHT = 0.1
"""Log likelihood per picture and unit of score: neighbouring pictures say nearly the same, a second is what counts."""
SURE = 4.0
"""Scores of LR-ASD beyond are no surer."""
EXCERPT = round(1.2 * FPS)
"""Pictures that LR-ASD sees of an utterance; on the sample, no shorter or longer ones were better."""
BUDGET = 0.6
"""Faces that it sees per picture of the window, on average; it costs about 3 ms of CPU for each."""
SWITCH, SWITCH_AT_PAUSE = 4.0, 1.2
"""Cost of another speaker as a log likelihood, within an utterance and between two: with a clear lead, of 2 units of
score or 0.2 a picture, an utterance of half a second between two of somebody else is worth it."""

PerPicture = NDArray[np.float64]
"""Of shape (faces, pictures of the window)."""


def evidence(
    faces: Sequence[Followed], utterances: Sequence[Utterance], pictures: int, sound: Samples, score: Score | None
) -> PerPicture:
    """How likely it is that each face speaks, as a log likelihood per picture against other faces; NaN where it is not
    in view, and 0 where nobody speaks.

    Lips and sound are compared by `score` in the middle of utterances with several faces in view, the most doubtful
    ones first, until the budget is spent.
    """
    found = np.full((len(faces), pictures), np.nan)
    for row, face in zip(found, faces, strict=True):
        row[face.first : face.end] = WEIGHT * mouth_score(face.motions, _heard(sound, face.first, face.end))
    if score:
        budget = BUDGET * pictures
        for utterance in sorted(utterances, key=lambda utterance: _lead(found[:, utterance.start : utterance.end])):
            middle = (utterance.start + utterance.end) // 2
            start, end = max(utterance.start, middle - EXCERPT // 2), min(utterance.end, middle + EXCERPT // 2)
            there = [number for number, face in enumerate(faces) if face.first <= start and end <= face.end]
            if len(there) < 2 or len(there) * (end - start) > budget:
                continue
            budget -= len(there) * (end - start)
            for number in there:
                lips = faces[number].lips[start - faces[number].first : end - faces[number].first]
                said = float(np.mean(score(lips, _heard(sound, start, end))))
                found[number, utterance.start : utterance.end] += WEIGHT * float(np.clip(said, -SURE, SURE))
    spoken = np.zeros(pictures, bool)
    for utterance in utterances:
        spoken[utterance.start : utterance.end] = True
    found[:, ~spoken] *= 0  # NaN stays
    return found


def likeliest(evidence: PerPicture, utterances: Sequence[Utterance], cuts: Sequence[int]) -> NDArray[np.int64]:
    """The face that speaks or spoke last, for each picture; -1 where none is in view.

    The path of the highest likelihood (Viterbi 1967) with a cost for each change of the speaker, none at a cut.
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
    """By how much the face that is ahead leads in sum, of those in view throughout; infinite where it is alone."""
    totals = np.sort(evidence[~np.isnan(evidence).any(axis=1)].sum(axis=1))
    return float(totals[-1] - totals[-2]) if len(totals) > 1 else np.inf


def _heard(sound: Samples, start: int, end: int) -> Samples:
    size = SPEECH_RATE_HZ // FPS
    return sound[start * size : end * size]
