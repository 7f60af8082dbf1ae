"""What a decoder wrote down and nobody may have said: detected, marked, and never silently kept.

Whisper invents text over music and silence and falls into loops (Koenecke et al. 2024, "Careless Whisper"; Baranski et
al. 2025, arXiv:2501.11378). Its authors' decoder judges its own output by three figures (Radford et al. 2022, section
4.5), which decoding in batches ignores; here they are applied after the fact, with the same limits:

- no speech more probable than 0.6 and a mean log probability below -1: nothing was said; the text is left out and the
  stretch put on record, and so is more text than the fastest talker on record could say in the time;
- a mean log probability below -1 alone: the words are marked `unsure`;
- text that zlib makes more than 2.4 times shorter, or a phrase repeated back to back as nobody says it (`loops.py`):
  the words are marked `repeated`.
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
    """One chunk of speech as a decoder wrote it down, and its own judgement of it.

    `track` is the recording's track that was heard; `log_probability` the mean over the tokens; `silence` the
    probability that nothing is said, None where the decoder gives none.
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
    """Bytes of a text over its bytes after zlib, as in openai/whisper."""
    plain = text.encode()
    return len(plain) / len(zlib.compress(plain))


def left_out(invented: Sequence[Decoded]) -> list[Degraded]:
    """The record of text that nobody said."""
    return [
        Degraded(
            ALIGNED_TRANSCRIPT,
            f"what Whisper wrote for {decoded.cue.span[0]:.1f} to {decoded.cue.span[1]:.1f} s cannot have been said "
            f"there and was left out: {shorten(decoded.text, 80)!r}",
        )
        for decoded in invented
    ]


def marked(words: Sequence[Word], heard: Sequence[Decoded]) -> list[Word]:
    """The words with their `doubt`; `heard[segment]` is what they were decoded from."""
    doubts: list[Doubt | None] = [
        "repeated" if heard[word.segment].is_repeated else "unsure" if heard[word.segment].is_unsure else None
        for word in words
    ]
    for first, end in loops([word.text for word in words]):
        doubts[first:end] = ["repeated"] * (end - first)
    return [replace(word, doubt=doubt) for word, doubt in zip(words, doubts, strict=True)]


def doubtful(words: Sequence[Word]) -> list[Degraded]:
    """The record of marked words; empty where none is."""
    unsure, repeated = (sum(word.doubt == doubt for word in words) for doubt in ("unsure", "repeated"))
    reasons = [
        f"{count} of {len(words)} words are marked {doubt!r} ({why}) and come into no clip"
        for count, doubt, why in (
            (unsure, "unsure", "the decoder was not sure of them"),
            (repeated, "repeated", "the decoder fell into a loop"),
        )
        if count
    ]
    return [Degraded(ALIGNED_TRANSCRIPT, reason) for reason in reasons]
