"""Matches the transcript's voices to faces, once for all windows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np

from clipper_assets.camera.analysis.speaking import PerPicture, rivals
from clipper_assets.camera.analysis.utterances import Utterance

MAJORITY = 1 / 3
"""Least share of a voice's time by which a person speaks clearly more than not. With one of five utterances under a
wrong name it is 0.6, with lips that always move beside those of the speaker about 0."""
SHOWN = 0.03
"""Log likelihood per picture that a person alone in view speaks: editors cut to the speaker."""
LABEL = 3.0
"""Log likelihood of the transcript's voice of an utterance: diarization is wrong in about 1 of 20, so that a second of
clear evidence of faces outweighs it, and doubtful evidence does not."""


@dataclass(frozen=True)
class WindowSpeech:
    """The utterances of one window, the evidence that each of its faces speaks, and the person of each face."""

    utterances: Sequence[Utterance]
    evidence: PerPicture
    people: Sequence[int]


Owners = Mapping[str, Set[int | None]]
"""The people who may have a voice, None for nobody in view; several numbers if one person was not recognised."""


def match_voices(windows: Sequence[WindowSpeech]) -> Owners:
    """The people who may have each voice; empty if the transcript has only one, or nobody in view has any.

    Every utterance that was looked at votes for the person who speaks, if nobody else looks as if they do, and against
    all others in view who do not. A person has a voice by a majority of its time; a transcript that takes one person
    for two is not an error. A voice without a person is nobody's in view, or of people without a voice who may have it.
    """
    distinct = {utterance.voice for window in windows for utterance in window.utterances} - {None}
    if len(distinct) < 2:
        return {}
    votes: dict[str, dict[int, list[int]]] = {voice: defaultdict(list) for voice in distinct if voice}
    for window in windows:
        for utterance in window.utterances:
            evidence = evidence_by_person(utterance, window)
            if utterance.voice is None or not any(evidence.values()):
                continue
            for person in evidence:
                votes[utterance.voice][person] += [_vote(person, evidence)] * (utterance.end - utterance.start)
    owners: dict[str, set[int | None]] = {
        voice: {person for person, cast in of_voice.items() if np.mean(cast) >= MAJORITY}
        for voice, of_voice in votes.items()
    }
    matched = set().union(*owners.values())
    for voice, of_voice in votes.items():
        if not owners[voice]:
            unclear = {person for person, cast in of_voice.items() if np.mean(cast) > -MAJORITY}
            owners[voice] = {None, *(unclear - matched)}
    return owners if matched else {}


def _vote(person: int, evidence: Mapping[int, float]) -> int:
    """1 if the person clearly speaks, -1 if they do not, 0 in doubt."""
    if len(evidence) == 1:
        return 1 if evidence[person] + SHOWN > 0 else -1
    best = max(evidence, key=lambda each: evidence[each])
    if person != best:
        return 0 if person in rivals(best, evidence) else -1
    return 0 if rivals(best, evidence) else int(np.sign(evidence[best]))


def gains(window: WindowSpeech, owners: Owners) -> PerPicture:
    """The log likelihood of each face, and in the last row that of nobody in view, from faces and voices.

    The voice of an utterance speaks for the people who may have it, or for nobody if none of them is in view.
    """
    result = np.vstack([window.evidence, np.zeros((1, window.evidence.shape[1]))])
    for utterance in window.utterances:
        if not owners or utterance.voice is None:
            continue
        having = owners.get(utterance.voice, {None})
        in_view = having & evidence_by_person(utterance, window).keys()
        rows = [row for row, person in enumerate(window.people) if person in in_view]
        if None in having or not rows:
            rows.append(len(window.people))
        result[rows, utterance.start : utterance.end] += LABEL / (utterance.end - utterance.start)
    return result


def evidence_by_person(utterance: Utterance, window: WindowSpeech) -> dict[int, float]:
    """Mean evidence per picture that a person speaks the utterance, for people in view during most of it."""
    evidence = window.evidence[:, utterance.start : utterance.end]
    return {
        person: float(row[in_view].mean())
        for person, row, in_view in zip(window.people, evidence, ~np.isnan(evidence), strict=True)
        if in_view.mean() > 0.5
    }
