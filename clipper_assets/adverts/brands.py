"""Names that are said near offers and addresses and hardly elsewhere: what an advert is for."""

import re
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clipper_assets.adverts.cues import MOST_CHARACTERS
from clipper_assets.transcript.words import Sentence

OFFER_NATS = 3.0
"""A sentence whose cues have at least this score makes an offer."""
NEAR_S = 90.0
LEAST_NEAR = 0.8
"""Least share of a name's sentences that lie near an offer."""
OFFERED, FREQUENT = 1.2, 0.5
"""Nats of a name that an offer names, and of one that is only said three times or more near one."""
MOST_CAPITALS = 0.15
"""Largest share of words within sentences with a capital, if capitals are to show names. It is larger in German and in
transcripts in capitals; English podcasts have 2 to 8 %."""
_NAME = re.compile(r"[A-Z][\w'\u2019-]*(?: (?:& )?[A-Z][\w'\u2019-]*)*")
_ADDRESS = re.compile(r"\b([\w-]{3,}) ?\.(?:com|org|net|co|io|ai|app|shop|de|es|fr|it|br|pt)\b", re.IGNORECASE)
_ENDING = re.compile(r"['\u2019]s?$|[^\w]")


def brand_nats(sentences: Sequence[Sentence], cue_nats: NDArray[np.float64]) -> NDArray[np.float64]:
    """What names say about each sentence, given what its cues say; both in nats, shape (sentences,)."""
    places: dict[str, list[int]] = defaultdict(list)
    for position, sentence in enumerate(sentences):
        for name in _names(sentence.text[:MOST_CHARACTERS]):
            places[name].append(position)
    starts = np.array([sentence.start for sentence in sentences])
    offers = cue_nats >= OFFER_NATS
    nats = np.zeros(len(sentences))
    if offers.any() and _capitals(sentences) <= MOST_CAPITALS:
        near = np.abs(starts[:, None] - starts[offers][None, :]).min(axis=1) <= NEAR_S
        for positions in places.values():
            if len(positions) < 2 or near[positions].mean() < LEAST_NEAR:
                continue
            value = OFFERED if offers[positions].any() else FREQUENT if len(positions) > 2 else 0.0
            nats[positions] = np.maximum(nats[positions], np.where(near[positions], value, 0.0))
    return nats


def _capitals(sentences: Sequence[Sentence]) -> float:
    """Share of the words within sentences that begin with a capital."""
    words = [word for sentence in sentences for word in sentence.text.split()[1:]]
    return sum(word[0].isupper() for word in words) / max(len(words), 1)


def _names(text: str) -> set[str]:
    """Names in a text, in lower case without spaces, so that `Acme Sleep` is the name in `acmesleep.com`."""
    names = {match[1] for match in _ADDRESS.finditer(text)}
    for match in _NAME.finditer(text):
        parts = [_ENDING.sub("", part) for part in match[0].split()]
        # The first word of a sentence has a capital anyway.
        if match.start() or len(parts) > 1:
            names |= {"".join(parts), *(parts if match.start() else parts[1:])}
    return {name.lower() for name in names if len(name) > 2}
