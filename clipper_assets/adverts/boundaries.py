"""Moves the boundaries of adverts to pauses, and joins the adverts of one break."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from clipper_assets.adverts.segments import Stretch
from clipper_assets.adverts.spans import SpanKind
from clipper_assets.transcript.words import Sentence

BACK_S, AHEAD_S = 20.0, 6.0
"""How far the start and the end of an advert may move to a longer pause: its first sentences rarely have a cue."""
LEAST_PAUSE_S = 0.5
JOIN_S = 45.0
"""Adverts that are no farther apart are of one break: hardly any talk is that short."""
OPENING_S = 20.0
"""An advert that begins in the first seconds of an episode begins with it; one that ends in the last ends with it."""
LEAST_S = 4.0
"""A shorter advert is a name or an address that somebody mentions."""
LEAST_CONFIDENCE = 0.55
ADVERT = tuple(SpanKind).index(SpanKind.advert)


def snapped(found: Sequence[Stretch], sentences: Sequence[Sentence], pauses_s: NDArray[np.float64]) -> list[Stretch]:
    """The stretches, with adverts widened to the longest pause nearby, but not into another stretch.

    `pauses_s` are the pauses before the sentences, shape (sentences,).
    """
    after = [*pauses_s[1:].tolist(), 0.0]
    moved: list[Stretch] = []
    for number, stretch in enumerate(found):
        earliest = moved[-1].last + 1 if moved else 0
        latest = found[number + 1].first - 1 if number + 1 < len(found) else len(sentences) - 1
        first, last = stretch.first, stretch.last
        if stretch.kind == ADVERT:
            begin, end = sentences[first].start, sentences[last].end
            before = [n for n in range(earliest, first + 1) if begin - sentences[n].start <= BACK_S]
            behind = [n for n in range(last, latest + 1) if sentences[n].end - end <= AHEAD_S]
            if sentences[first].start - sentences[0].start <= OPENING_S:
                before = [earliest]
            if sentences[-1].end - end <= OPENING_S:
                behind = [latest]
            first = max(before, key=lambda n: (max(pauses_s[n], LEAST_PAUSE_S), n))
            last = max(behind, key=lambda n: (max(after[n], LEAST_PAUSE_S), -n))
        moved.append(replace(stretch, first=first, last=last))
    return moved


def joined_adverts(found: Sequence[Stretch], sentences: Sequence[Sentence]) -> list[Stretch]:
    """The stretches, with adverts that follow each other within `JOIN_S` as one, without short and doubtful ones."""
    joined: list[Stretch] = []
    for stretch in found:
        before = joined[-1] if joined else None
        if (
            before is not None
            and before.kind == stretch.kind == ADVERT
            and sentences[stretch.first].start - sentences[before.last].end <= JOIN_S
        ):
            confidence = min(before.confidence, stretch.confidence)
            joined[-1] = replace(before, last=stretch.last, confidence=confidence)
        else:
            joined.append(stretch)
    return [each for each in joined if each.kind != ADVERT or _counts(each, sentences)]


def _counts(advert: Stretch, sentences: Sequence[Sentence]) -> bool:
    length_s = sentences[advert.last].end - sentences[advert.first].start
    return length_s >= LEAST_S and advert.confidence >= LEAST_CONFIDENCE
