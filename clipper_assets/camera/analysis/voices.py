"""Matches the transcript's voices to faces, once for all windows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np

from clipper_assets.camera.analysis.speaking import PerPicture
from clipper_assets.camera.analysis.utterances import Utterance

LEAST_VOTE = 1.0
"""Least total lead, as a log likelihood, for a voice to be matched to a person."""
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


Owners = Mapping[str, Set[int]]
"""The people who have a voice: none if it is nobody's in view; several numbers if one person was not recognised."""


def match_voices(windows: Sequence[WindowSpeech]) -> Owners:
    """The people of each voice; empty if the transcript does not distinguish speakers, or no voice has a person.

    Every utterance that was looked at votes for each person in view, by the lead of this person's evidence over the
    best other face and over that nobody in view speaks. A person has each voice for which the votes are positive in
    sum; a transcript that takes one person for two is not an error.
    """
    distinct = {utterance.voice for window in windows for utterance in window.utterances} - {None}
    if len(distinct) < 2:
        return {}
    votes: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for window in windows:
        for utterance in window.utterances:
            evidence = evidence_by_person(utterance, window)
            if utterance.voice is None or not any(evidence.values()):
                continue
            for person, likelihood in evidence.items():
                others = [evidence[other] for other in evidence if other != person]
                lead = likelihood - max(0.0, *others) if others else likelihood + SHOWN
                votes[utterance.voice][person] += lead * (utterance.end - utterance.start)
    owners = {
        voice: {person for person, vote in people.items() if vote >= LEAST_VOTE} for voice, people in votes.items()
    }
    return owners if any(owners.values()) else {}


def gains(window: WindowSpeech, owners: Owners) -> PerPicture:
    """The log likelihood of each face, and in the last row that of nobody in view, from faces and voices.

    The voice of an utterance speaks for the people who have it, or for nobody if none of them is in view.
    """
    result = np.vstack([window.evidence, np.zeros((1, window.evidence.shape[1]))])
    for utterance in window.utterances:
        if not owners or utterance.voice is None:
            continue
        pictures = slice(utterance.start, utterance.end)
        in_view = evidence_by_person(utterance, window)
        having = in_view.keys() & owners.get(utterance.voice, set())
        rows = [row for row, person in enumerate(window.people) if person in having] or [len(window.people)]
        result[rows, pictures] += LABEL / (utterance.end - utterance.start)
    return result


def evidence_by_person(utterance: Utterance, window: WindowSpeech) -> dict[int, float]:
    """Mean evidence per picture that a person speaks the utterance, for people in view during most of it."""
    evidence = window.evidence[:, utterance.start : utterance.end]
    return {
        person: float(row[in_view].mean())
        for person, row, in_view in zip(window.people, evidence, ~np.isnan(evidence), strict=True)
        if in_view.mean() > 0.5
    }
