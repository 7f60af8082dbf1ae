"""Finds the stretches of an episode that are no part of its conversation."""

import re
from collections.abc import Sequence
from itertools import groupby

from clipper_assets.adverts.spans import AdSpan, SpanKind
from clipper_assets.transcript.words import Sentence

REACH_S = 45.0
"""Cues that are no farther apart belong to the same advert."""
FEWEST_CUES = 2
_CUE = re.compile(
    r"\b(?:brought to you by|sponsor(?:s|ed by)?|support for (?:this|the) (?:show|podcast)|promo code|use code|"
    r"free trial|terms (?:and conditions )?apply|sign up (?:today|now)|percent off|off your first|dot com|"
    r"wherever you (?:get|listen to) (?:your )?podcasts)\b|\b[a-z0-9-]+\.com\b",
    re.IGNORECASE,
)


def find_spans(sentences: Sequence[Sentence], language: str = "") -> list[AdSpan]:
    """The spans of an episode's sentences, in order and apart; `language` is an ISO 639-1 code, empty if unknown."""
    if language not in ("", "en"):
        return []
    marked = [(sentence, match[0].lower()) for sentence in sentences if (match := _CUE.search(sentence.text))]
    groups: list[list[tuple[Sentence, str]]] = []
    for sentence, cue in marked:
        if groups and sentence.start - groups[-1][-1][0].end <= REACH_S:
            groups[-1].append((sentence, cue))
        else:
            groups.append([(sentence, cue)])
    return [
        AdSpan(
            start=group[0][0].start,
            end=max(sentence.end for sentence, _ in group),
            kind=SpanKind.advert,
            evidence=[cue for cue, _ in groupby(cue for _, cue in group)],
            confidence=0.5,
        )
        for group in groups
        if len(group) >= FEWEST_CUES
    ]
