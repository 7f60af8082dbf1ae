"""Which voice of the transcript belongs to which face, decided once over all windows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from clipper_assets.camera.analysis.speaking import PerPicture
from clipper_assets.camera.analysis.utterances import Utterance

LEAST_VOTE = 1.0
"""As a log likelihood, in all."""
SHOWN = 0.03
"""Log likelihood per picture that who is alone in view is who speaks, whatever the mouth does: editors cut that way."""


@dataclass(frozen=True)
class Heard:
    """One window: its utterances, the evidence that each face speaks, and the person of each face."""

    utterances: Sequence[Utterance]
    evidence: PerPicture
    people: Sequence[int]


def voices(windows: Sequence[Heard]) -> dict[int, str]:
    """The voice of each person who has one; none at all where the transcript tells no voices apart.

    All utterances of a voice tell how much each person seems to speak them: against the best other face in view, or
    where the face is alone, against what is usual of this person and of all. A person's voice is the one with most of
    that, if it is ahead of the others then and leads the person's next voice clearly.
    """
    heard = {utterance.voice for window in windows for utterance in window.utterances} - {None}
    if len(heard) < 2:
        return {}
    usual = _usual(windows)
    votes: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for window in windows:
        for utterance in window.utterances:
            if utterance.voice is None:
                continue
            said = _said(utterance, window)
            for person, likelihood in said.items():
                others = [said[other] for other in said if other != person]
                ahead = likelihood - (max(others) if others else usual[person] - SHOWN)
                votes[person][utterance.voice] += [ahead] * (utterance.end - utterance.start)
    owners = {}
    for person, polled in votes.items():
        means = {voice: float(np.mean(ahead)) for voice, ahead in polled.items()}
        first, *rest = sorted(means, key=lambda voice: -means[voice])
        lead = means[first] - max([means[voice] for voice in rest], default=0.0)
        if means[first] > 0 and lead * len(polled[first]) >= LEAST_VOTE:
            owners[person] = first
    return owners


def speaker(utterance: Utterance, window: Heard, owners: Mapping[int, str]) -> int | None:
    """The person in view whose voice is heard, None where it is nobody's in view."""
    said = {person: said for person, said in _said(utterance, window).items() if owners.get(person) == utterance.voice}
    return max(said, key=lambda person: said[person]) if said else None


def _said(utterance: Utterance, window: Heard) -> dict[int, float]:
    """The evidence per picture that each person who is in view for most of an utterance speaks it."""
    of_phrase = window.evidence[:, utterance.start : utterance.end]
    in_view = ~np.isnan(of_phrase)
    return {
        person: float(row[there].mean())
        for person, row, there in zip(window.people, of_phrase, in_view, strict=True)
        if there.mean() > 0.5
    }


def _usual(windows: Sequence[Heard]) -> dict[int, float]:
    """For each person the mean evidence per picture, over the utterances during which they are in view, halfway to that
    of all people."""
    found: dict[int, list[float]] = defaultdict(list)
    for window in windows:
        for utterance in window.utterances:
            for person, likelihood in _said(utterance, window).items():
                found[person] += [likelihood] * (utterance.end - utterance.start)
    of_all = np.mean(list(chain.from_iterable(found.values()))) if found else 0.0
    return {person: float((np.mean(own) + of_all) / 2) for person, own in found.items()}
