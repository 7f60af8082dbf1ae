"""Detects decoded text that nobody may have said; it is marked or removed, and recorded.

Whisper invents text over music and silence and falls into loops (Koenecke et al. 2024, "Careless Whisper"; Baranski et
al. 2025, arXiv:2501.11378). The decoder of its authors checks its output with three criteria (Radford et al. 2022,
section 4.5), which batched decoding ignores. Here they are applied afterwards, with the same limits:

- If silence is more probable than 0.6 and the mean log probability is below -1, nothing was said. The text is removed
  and recorded. So is text with more words than the fastest known speaker could say in its time.
- If only the mean log probability is below -1, the words are marked `unsure`.
- If zlib compresses the text more than 2.4 times, or a phrase is repeated in a loop (`loops.py`), the words are marked
  `repeated`.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from textwrap import shorten

from clipper_assets.runtime.asset_names import ALIGNED_TRANSCRIPT
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.text.scripts import joined
from clipper_assets.transcript.loops import loops
from clipper_assets.transcript.transcript_files import Cue
from clipper_assets.transcript.words import Doubt, Word

SILENT_PROBABILITY = 0.6
UNSURE_LOG_PROBABILITY = -1.0
REPEATED_COMPRESSION = 2.4
FASTEST_WORDS_PER_S = 655 / 60
"""Sean Shannon, 1995: Hamlet's soliloquy at 655 words a minute (Guinness World Records)."""


@dataclass(frozen=True)
class Decoded:
    """A decoded chunk of speech with the decoder's confidence.

    Attributes:
        track: Number of the recording's track.
        cue: The decoded words and their span.
        log_probability: Mean over the tokens.
        silence: Probability that nothing is said; None if the decoder gives none.
    """

    track: int
    cue: Cue
    log_probability: float
    silence: float | None = None

    @property
    def text(self) -> str:
        return joined(self.cue.texts)

    @property
    def is_invented(self) -> bool:
        start, end = self.cue.span
        is_silent = self.silence is not None and self.silence > SILENT_PROBABILITY and self.is_unsure
        return is_silent or len(self.cue.words) > FASTEST_WORDS_PER_S * (end - start)

    @property
    def is_unsure(self) -> bool:
        return self.log_probability < UNSURE_LOG_PROBABILITY

    @property
    def is_repeated(self) -> bool:
        return compression_ratio(self.text) > REPEATED_COMPRESSION


def compression_ratio(text: str) -> float:
    """Size of a text divided by its size after zlib compression, as in openai/whisper."""
    plain = text.encode()
    return len(plain) / len(zlib.compress(plain))


def removal_records(invented: Sequence[Decoded]) -> list[Degraded]:
    """Fallback records for text that was removed because nobody said it."""
    return [
        Degraded(
            ALIGNED_TRANSCRIPT,
            f"Whisper's text from {decoded.cue.span[0]:.1f} to {decoded.cue.span[1]:.1f} s cannot have been said there "
            f"and was removed: {shorten(decoded.text, 80)!r}",
        )
        for decoded in invented
    ]


def mark_doubts(words: Sequence[Word], chunks: Sequence[Decoded]) -> list[Word]:
    """The words with their `doubt`; `chunks[word.segment]` is the chunk that a word was decoded from."""
    doubts: list[Doubt | None] = [
        "repeated" if chunks[word.segment].is_repeated else "unsure" if chunks[word.segment].is_unsure else None
        for word in words
    ]
    for first, end in loops([word.text for word in words]):
        doubts[first:end] = ["repeated"] * (end - first)
    return [replace(word, doubt=doubt) for word, doubt in zip(words, doubts, strict=True)]


def doubt_records(words: Sequence[Word]) -> list[Degraded]:
    """Fallback records for words with a doubt; empty if there are none."""
    unsure, repeated = (sum(word.doubt == doubt for word in words) for doubt in ("unsure", "repeated"))
    reasons = [
        f"{count} of {len(words)} words are marked {doubt!r} ({why}) and appear in no clip"
        for count, doubt, why in (
            (unsure, "unsure", "the decoder was not sure of them"),
            (repeated, "repeated", "the decoder fell into a loop"),
        )
        if count
    ]
    return [Degraded(ALIGNED_TRANSCRIPT, reason) for reason in reasons]
