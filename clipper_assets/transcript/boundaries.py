"""The boundaries between sentences: those inside what one person says, and the silence around sentences."""

from collections.abc import Sequence

from clipper_assets.transcript.punctuation import is_terminated
from clipper_assets.transcript.words import Sentence

PAD_S = 0.3
"""How far a boundary is widened, and at most by half of the silence.

It covers the error of a word boundary (WhisperX, Bain et al. 2023, arXiv:2303.00747, counts a word as well placed
within a 200 ms collar) and leaves 0.1 s for the first consonant and the last breath.
"""


LONG_PAUSE_S = 2.0
"""A pause this long ends what somebody says even without punctuation: the "long" silent pauses of Campione and Véronis,
"A large-scale multilingual study of silent pause duration" (Speech Prosody 2002)."""


def cut_boundaries(sentences: Sequence[Sentence]) -> set[int]:
    """Positions of the sentences before which speech was cut by force, so that no clip should begin or end there.

    `split_sentences` cuts where punctuation is missing, where a sentence is too long, and where others speak between.
    A boundary is such a cut if it lies between a sentence without final punctuation and the next one of the same
    speaker, and this one begins less than `LONG_PAUSE_S` after it.
    """
    cut: set[int] = set()
    latest: dict[str | None, int] = {}
    for position, sentence in enumerate(sentences):
        before = latest.get(sentence.speaker)
        if (
            before is not None
            and not is_terminated(sentences[before].text)
            and sentence.start - sentences[before].end < LONG_PAUSE_S
        ):
            cut |= {*range(before + 1, position + 1)}
        latest[sentence.speaker] = position
    return cut


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
