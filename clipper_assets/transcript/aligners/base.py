"""What an aligner is given and what it gives back."""

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
    """Written words that are said, in this order and nothing else, between two seconds of the recording."""

    texts: Sequence[str]
    within: Span


class Placed(NamedTuple):
    """Where a word was found, in seconds from the start of the recording, and how sure that is (0..1)."""

    start: float
    end: float
    score: float | None = None


Placement = list[Placed | None] | None
"""A block's words: None for a word that makes no sound, None alone for a block that does not fit the sound."""


class Aligner(ABC):
    """Finds a known text in the sound (forced alignment)."""

    name: str

    @abstractmethod
    def align(self, speech: Samples, blocks: Sequence[Block], report: Report) -> list[Placement]:
        """The placement of every block, in their order."""


def with_times(cue: Cue, placed: Sequence[Placed | None]) -> Cue:
    """A cue whose words carry the times that an aligner found; the others keep what they had."""
    return replace(
        cue,
        words=[
            replace(word, span=(at.start, at.end), confidence=at.score if word.confidence is None else word.confidence)
            if at
            else word
            for word, at in zip(cue.words, placed, strict=True)
        ],
    )
