"""Scores the sentences of an episode: the log odds of each kind of span against talk, in nats."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipper_assets.adverts.brands import brand_nats
from clipper_assets.adverts.cues import counted, cues_of, weights
from clipper_assets.adverts.repeats import Shingles
from clipper_assets.adverts.segments import Stretch
from clipper_assets.adverts.spans import SpanKind
from clipper_assets.adverts.support import Support
from clipper_assets.text.scripts import split_words
from clipper_assets.transcript.words import Sentence

KINDS = tuple(SpanKind)
MOST_NATS = 8.0
"""Cues of one sentence count for no more than this, so that no sentence alone decides about a minute."""
TALK_NATS = {SpanKind.advert: (0.1, 0.04), SpanKind.intro: (1.0, 0.05), SpanKind.outro: (0.6, 0.05)}
"""Nats against a kind: of every sentence, and of each of its words up to `MOST_WORDS`."""
MOST_WORDS = 12
REPEATED_NATS, SHARED_NATS = 4.0, 4.0
"""Nats for a span if the whole sentence is repeated in the episode, and if it is in another episode."""
MARKED_NATS, UNMARKED_NATS = 5.0, 0.5
"""Nats for a kind if a language model is sure that the sentence is one, and against every kind it did not name."""
INTRO_S, OUTRO_S = 240.0, 300.0
"""Intros are looked for in the first seconds of an episode, outros in the last."""


HINTS = frozenset({"disclaimer", "pitch", "slogan", "compound", "sound"})
"""What adverts say, and talk about money, medicine or fitness says as well. An advert has other evidence, too: it names
who pays for it, offers something, or says what to do."""


@dataclass(frozen=True)
class Scores:
    """The scores of the sentences, shape (kinds, sentences), and the reasons: a name and where it holds."""

    nats: NDArray[np.float64]
    reasons: Sequence[tuple[str, SpanKind | None, NDArray[np.bool_]]]

    def evidence(self, stretch: Stretch) -> list[str]:
        """The names of the reasons that hold in a stretch."""
        inside = slice(stretch.first, stretch.last + 1)
        kind = KINDS[stretch.kind]
        return [name for name, of, holds in self.reasons if of in (None, kind) and holds[inside].any()]

    def is_sure(self, stretch: Stretch) -> bool:
        """Whether a stretch has more than `HINTS`."""
        return KINDS[stretch.kind] is not SpanKind.advert or not HINTS.issuperset(self.evidence(stretch))


def scored(sentences: Sequence[Sentence], language: str, support: Support) -> Scores:
    """Score the sentences by their cues and names, by repeats, and by the support."""
    cues = cues_of(language)
    amounts = counted(sentences, cues)
    starts = np.array([sentence.start for sentence in sentences])
    until_end = max(sentence.end for sentence in sentences) - starts
    for row, cue in enumerate(cues):
        if cue.kind is SpanKind.intro:
            amounts[row, starts > INTRO_S] = 0.0
        if cue.kind is SpanKind.outro:
            amounts[row, until_end > OUTRO_S] = 0.0
    nats_of = weights(sentences, cues, amounts)[:, None] * amounts
    words = np.array([min(len(split_words(sentence.text, language)), MOST_WORDS) for sentence in sentences])
    shingles = Shingles(sentences, language)
    repeated, shared = shingles.repeated_inside(), shingles.repeated_in(support.others)
    common = REPEATED_NATS * repeated + SHARED_NATS * shared

    nats = np.zeros((len(KINDS), len(sentences)))
    for kind in KINDS:
        rows = [row for row, cue in enumerate(cues) if cue.kind is kind or cue.weight < 0]
        by_cues = np.minimum(nats_of[rows].sum(axis=0), MOST_NATS)
        base, per_word = TALK_NATS.get(kind, TALK_NATS[SpanKind.outro])
        nats[KINDS.index(kind)] = by_cues + common - base - per_word * words
    adverts = [row for row, cue in enumerate(cues) if cue.kind is SpanKind.advert]
    brands = brand_nats(sentences, nats_of[adverts].sum(axis=0))
    nats[KINDS.index(SpanKind.advert)] += brands
    reasons = [
        *((cue.name, cue.kind, amounts[row] > 0) for row, cue in enumerate(cues) if cue.weight > 0),
        ("name said only here", SpanKind.advert, brands > 0),
        ("repeated in the episode", None, repeated > 0),
        ("repeated in other episodes", None, shared > 0),
    ]
    if support.sound_nats is not None:
        nats[KINDS.index(SpanKind.advert)] += support.sound_nats
        reasons.append(("sound", SpanKind.advert, support.sound_nats > 0))
    if support.marked is not None:
        named = np.zeros(nats.shape)
        for marked in support.marked:
            row, inside = KINDS.index(marked.kind), slice(marked.first, marked.last + 1)
            named[row, inside] = np.maximum(named[row, inside], marked.confidence)
        nats += np.where(named > 0, MARKED_NATS * named, -UNMARKED_NATS)
        reasons.append(("language model", None, named.any(axis=0)))
    return Scores(nats, reasons)
