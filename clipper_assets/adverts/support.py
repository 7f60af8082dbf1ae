"""What is known about the sentences of an episode beside their text."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipper_assets.adverts.spans import SpanKind


@dataclass(frozen=True)
class Marked:
    """Sentences `first`..`last` (positions, both included) that a language model named as a span.

    `confidence` is in 0..1.
    """

    first: int
    last: int
    kind: SpanKind
    confidence: float


@dataclass(frozen=True)
class Support:
    """Evidence beside the sentences; each part may be missing.

    Attributes:
        others: The shingles of other episodes of the show, uint32 arrays (see repeats.py).
        sound_nats: What the sound says about each sentence, shape (sentences,); None if unknown.
        marked: The answer of a language model; None if there is none.
    """

    others: Sequence[NDArray[np.uint32]] = ()
    sound_nats: NDArray[np.float64] | None = None
    marked: Sequence[Marked] | None = None
