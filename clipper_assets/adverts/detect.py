"""Finds the stretches of an episode that are not part of its conversation."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from clipper_assets.adverts.boundaries import joined_adverts, snapped
from clipper_assets.adverts.scores import scored
from clipper_assets.adverts.segments import stretches
from clipper_assets.adverts.spans import AdSpan, SpanKind
from clipper_assets.adverts.support import Support
from clipper_assets.transcript.words import Sentence

KINDS = tuple(SpanKind)
MOST_OF_SPEECH = 0.6
"""Spans that cover more of the speech than this are what the episode is about, as in the video of a product; podcasts
with many adverts have 0.3."""


def find_spans(sentences: Sequence[Sentence], language: str = "", support: Support | None = None) -> list[AdSpan]:
    """The spans of an episode, in order and apart; each is a run of whole sentences.

    There are none if they would cover more than `MOST_OF_SPEECH`, so that every episode can have clips.

    Args:
        sentences: All sentences of the episode, in time order.
        language: ISO 639-1 code, empty if unknown. Cues count only in a language that has a file of them.
        support: What is known beside the sentences: other episodes, sound, a model's answer.
    """
    if not sentences:
        return []
    scores = scored(sentences, language, support or Support())
    gaps = [later.start - earlier.end for earlier, later in pairwise(sentences)]
    pauses_s = np.array([sentences[0].start, *gaps])
    sure = [stretch for stretch in stretches(scores.nats, pauses_s) if scores.is_sure(stretch)]
    found = joined_adverts(snapped(sure, sentences, pauses_s), sentences)
    lengths_s = np.array([sentence.end - sentence.start for sentence in sentences])
    if sum(lengths_s[each.first : each.last + 1].sum() for each in found) > MOST_OF_SPEECH * lengths_s.sum():
        return []
    spans: list[AdSpan] = []
    for stretch in reversed(found):
        # Where people interrupt each other, the last sentence of a span may end after the next span begins.
        latest = spans[-1].start if spans else math.inf
        end = min(max(sentence.end for sentence in sentences[stretch.first : stretch.last + 1]), latest)
        if (start := sentences[stretch.first].start) < end:
            spans.append(
                AdSpan(
                    start=start,
                    end=end,
                    kind=KINDS[stretch.kind],
                    evidence=scores.evidence(stretch),
                    confidence=stretch.confidence,
                )
            )
    return spans[::-1]
