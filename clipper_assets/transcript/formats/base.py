"""The common result of all transcript formats, and the errors for files that cannot be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import shorten

from clipper_assets.transcript.timing import Span
from clipper_assets.transcript.words import Timing


class MalformedTranscriptError(ValueError):
    """The file is not a valid transcript; the message says in one sentence which file and line, and what is wrong."""


class LineError(ValueError):
    """A line, counted from 1, cannot be read; `problem` says what is wrong with it and what to do."""

    def __init__(self, line: int, problem: str):
        super().__init__(f"line {line}: {problem}")


@dataclass(frozen=True)
class CueWord:
    """One word of a cue; its span in seconds if it is known, and who set it."""

    text: str
    span: Span | None = None
    speaker: str | None = None
    confidence: float | None = None
    timing: Timing = "given"


@dataclass(frozen=True)
class Cue:
    """A stretch of speech: its words and its span in seconds."""

    words: Sequence[CueWord]
    span: Span

    @property
    def texts(self) -> list[str]:
        return [word.text for word in self.words]


@dataclass(frozen=True)
class Transcript:
    """Cues with words, in order of their starts; `language` (ISO 639-1) if it is known."""

    cues: Sequence[Cue]
    language: str | None


def quoted(text: str) -> str:
    """A text for error messages: shortened, in quotation marks and on one line."""
    return repr(shorten(text[:1000], 60, placeholder="..."))
