"""Matches the transcript's voices to faces, once for all windows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from clipper_assets.camera.analysis.speaking import PerPicture
from clipper_assets.camera.analysis.utterances import Utterance

LEAST_VOTE = 1.0
"""Least total lead, as a log likelihood, for a voice to be matched to a person."""
SHOWN = 0.03
"""Log likelihood per picture that a person alone in view speaks: editors cut to the speaker."""


@dataclass(frozen=True)
class WindowSpeech:
    """The utterances of one window, the evidence that each of its faces speaks, and the person of each face."""

    utterances: Sequence[Utterance]
    evidence: PerPicture
    people: Sequence[int]


def match_voices(windows: Sequence[WindowSpeech]) -> dict[int, str]:
    """The voice of each person for whom one was found; empty if the transcript does not distinguish speakers.

    Every utterance votes for each person in view: by the lead of this person's evidence over the best other face, or,
    if the face is alone, over a baseline of this person and all people. A person gets the voice with the highest mean
    lead, if that lead is positive and clearly above that of the person's next voice.
    """
    distinct = {utterance.voice for window in windows for utterance in window.utterances} - {None}
    if len(distinct) < 2:
        return {}
    baselines = _baselines(windows)
    votes: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for window in windows:
        for utterance in window.utterances:
            if utterance.voice is None:
                continue
            evidence = _evidence_by_person(utterance, window)
            for person, likelihood in evidence.items():
                others = [evidence[other] for other in evidence if other != person]
                lead = likelihood - (max(others) if others else baselines[person] - SHOWN)
                votes[person][utterance.voice] += [lead] * (utterance.end - utterance.start)
    owners = {}
    for person, leads in votes.items():
        means = {voice: float(np.mean(of_voice)) for voice, of_voice in leads.items()}
        first, *rest = sorted(means, key=lambda voice: -means[voice])
        margin = means[first] - max([means[voice] for voice in rest], default=0.0)
        if means[first] > 0 and margin * len(leads[first]) >= LEAST_VOTE:
            owners[person] = first
    return owners


def person_of_voice(utterance: Utterance, window: WindowSpeech, owners: Mapping[int, str]) -> int | None:
    """The person in view whose voice speaks the utterance; None if the voice belongs to nobody in view."""
    evidence = _evidence_by_person(utterance, window)
    owned = {person: value for person, value in evidence.items() if owners.get(person) == utterance.voice}
    return max(owned, key=lambda person: owned[person]) if owned else None


def _evidence_by_person(utterance: Utterance, window: WindowSpeech) -> dict[int, float]:
    """Mean evidence per picture that a person speaks the utterance, for people in view during most of it."""
    evidence = window.evidence[:, utterance.start : utterance.end]
    return {
        person: float(row[in_view].mean())
        for person, row, in_view in zip(window.people, evidence, ~np.isnan(evidence), strict=True)
        if in_view.mean() > 0.5
    }


def _baselines(windows: Sequence[WindowSpeech]) -> dict[int, float]:
    """For each person the average of two means of the evidence per picture: this person's and all people's.

    Only utterances during which the person is in view count.
    """
    by_person: dict[int, list[float]] = defaultdict(list)
    for window in windows:
        for utterance in window.utterances:
            for person, likelihood in _evidence_by_person(utterance, window).items():
                by_person[person] += [likelihood] * (utterance.end - utterance.start)
    overall_mean = np.mean(list(chain.from_iterable(by_person.values()))) if by_person else 0.0
    return {person: float((np.mean(values) + overall_mean) / 2) for person, values in by_person.items()}
