"""What every format of a transcript file is read into, and how one that cannot be read is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import shorten

from clipper_assets.transcript.timing import Span


class MalformedTranscriptError(ValueError):
    """The file is not a transcript; the message says in one sentence which file, which line and what is wrong."""


class LineError(ValueError):
    """A line (from 1, as an editor counts) cannot be read; `wrong` says what is wrong with it and what to do."""

    def __init__(self, line: int, wrong: str):
        super().__init__(f"line {line}: {wrong}")


@dataclass(frozen=True)
class CueWord:
    """One word of a cue; its span in seconds where the file has one."""

    text: str
    span: Span | None = None
    speaker: str | None = None
    confidence: float | None = None


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
    """Cues with words, in order of their starts; `language` (ISO 639-1) where it is known."""

    cues: Sequence[Cue]
    language: str | None


def quoted(text: str) -> str:
    """The text for an error message: short, in quotation marks and on one line."""
    return repr(shorten(text[:1000], 60, placeholder="..."))


def iso_language(tag: str | None) -> str | None:
    """`pt` of `pt-BR`."""
    return tag.replace("_", "-").split("-")[0].strip().lower() or None if tag else None
