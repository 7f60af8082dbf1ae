"""The interface of aligners, which find the times of known words in audio (forced alignment)."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from clipper_assets.media.speech import Samples
from clipper_assets.runtime.progress import Report
from clipper_assets.transcript.timing import Span
from clipper_assets.transcript.transcript_files import Cue


@dataclass(frozen=True)
class Block:
    """Words to align: written words that are all that is said within a span of the recording, in this order."""

    texts: Sequence[str]
    within: Span


class Placed(NamedTuple):
    """The time of an aligned word, in seconds from the start of the recording, and its confidence (0..1)."""

    start: float
    end: float
    score: float | None = None


Placement = list[Placed | None] | None
"""Times of a block's words, None for a word that is not pronounced; None if the block does not fit the audio."""


class Aligner(ABC):
    """Finds the times of a known text in audio (forced alignment)."""

    name: str

    @abstractmethod
    def align(self, speech: Samples, blocks: Sequence[Block], report: Report) -> list[Placement]:
        """Align blocks; returns one placement per block, in the same order."""


def with_times(cue: Cue, placed: Sequence[Placed | None]) -> Cue:
    """The cue with the times that an aligner found; words that it did not place stay unchanged."""
    return replace(
        cue,
        words=[
            replace(
                word,
                span=(time.start, time.end),
                timing="aligned",
                confidence=time.score if word.confidence is None else word.confidence,
            )
            if time
            else word
            for word, time in zip(cue.words, placed, strict=True)
        ],
    )
