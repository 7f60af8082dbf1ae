"""The silence around sentences, into which the boundaries of clips are widened."""

from collections.abc import Sequence

from clipper_assets.transcript.words import Sentence

PAD_S = 0.3
"""How far a boundary is widened, and at most by half of the silence.

It covers the error of a word boundary (WhisperX, Bain et al. 2023, arXiv:2303.00747, counts a word as well placed
within a 200 ms collar) and leaves 0.1 s for the first consonant and the last breath.
"""


def quiet_around(
    sentences: Sequence[Sentence], first: int, last: int, duration_s: float
) -> tuple[float, float, float, float]:
    """Where the silence before the sentences `first`..`last` (positions) begins, their speech does and ends, and the
    silence after them ends: seconds that never decrease.
    """
    start, end = sentences[first].start, max(sentence.end for sentence in sentences[first : last + 1])
    quiet_from = max((sentence.end for sentence in sentences[:first]), default=0.0)
    quiet_until = sentences[last + 1].start if last + 1 < len(sentences) else duration_s
    return min(quiet_from, start), start, end, max(quiet_until, end)
