"""Reading a transcript that somebody else made: SubRip, WebVTT, WhisperX's JSON and Podcasting 2.0's JSON."""

import html
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path, PurePosixPath
from typing import Any

import pysubs2
from pydantic import AliasChoices, BaseModel, Field, FiniteFloat, ValidationError

from clipper_assets.transcript.pronunciation import is_said
from clipper_assets.transcript.timing import Span, fill
from clipper_assets.transcript.words import Word

_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]+)>")
_TAG = re.compile(r"<[^>]*>")
_TIME_TAG = re.compile(r"<[\d:.]+>")
_SPEAKER = re.compile(r"^\[(SPEAKER_\d+)\]:")  # as WhisperX writes speakers into SRT and VTT
_NOT_SAID = re.compile(r"\[[^\]]*\]|[♪♫]")  # [Music], [Applause]
_LANGUAGE_SUFFIX = re.compile(r"\.([a-z]{2})(?:-\w+)?\.\w+$", re.IGNORECASE)


class MalformedTranscriptError(ValueError):
    """The file is not a transcript; the message says in one sentence which file and what is wrong."""


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
    """Cues in order of their starts; `language` (ISO 639-1) where the file says so."""

    cues: Sequence[Cue]
    language: str | None


class _Word(BaseModel):
    word: str
    start: FiniteFloat | None = None
    end: FiniteFloat | None = None
    score: FiniteFloat | None = None
    speaker: str | None = None


class _Segment(BaseModel):
    start: FiniteFloat = Field(validation_alias=AliasChoices("start", "startTime"))
    end: FiniteFloat = Field(validation_alias=AliasChoices("end", "endTime"))
    text: str = Field(validation_alias=AliasChoices("text", "body"))
    speaker: str | None = None
    words: list[_Word] = []


class _Result(BaseModel):
    segments: list[_Segment]
    language: str | None = None


def transcript_keys(upload: str, language: str | None) -> list[str]:
    """Where the transcript of an upload may lie: beside it, with its stem, best first (`ep.srt`, ..., `ep.en.srt`)."""
    stem = upload.removesuffix(PurePosixPath(upload).suffix)
    return [
        f"{stem}{marked}{suffix}" for marked in ("", f".{language or 'en'}") for suffix in (".srt", ".vtt", ".json")
    ]


def read_transcript(file: Path) -> Transcript:
    """Read one transcript file by its suffix: `.srt`, `.vtt` or `.json`.

    Raises MalformedTranscriptError for a file of another kind, that cannot be read, or that has no words.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
        if file.suffix.lower() == ".json":
            transcript = transcript_of(json.loads(text))
        else:
            transcript = Transcript(list(_subtitles(text, file.suffix.lower().lstrip("."))), None)
    except UnicodeDecodeError as error:
        raise MalformedTranscriptError(f"{file.name} is not UTF-8 text; save it as UTF-8") from error
    except (json.JSONDecodeError, ValidationError, pysubs2.exceptions.Pysubs2Error) as error:
        raise MalformedTranscriptError(f"{file.name} is not a transcript that can be read: {_first(error)}") from error
    if not any(cue.words for cue in transcript.cues):
        raise MalformedTranscriptError(f"{file.name} has no words with times in it")
    suffix = _LANGUAGE_SUFFIX.search(file.name)
    return replace(transcript, language=transcript.language or (suffix[1].lower() if suffix else None))


def transcript_of(result: Any) -> Transcript:
    """A WhisperX result or a Podcasting 2.0 transcript, as parsed from JSON. Raises pydantic's ValidationError.

    https://github.com/Podcastindex-org/podcast-namespace/blob/main/transcripts/transcripts.md
    """
    parsed = _Result.model_validate(result)
    cues = [Cue(_segment_words(segment), (segment.start, segment.end)) for segment in parsed.segments]
    language = parsed.language.split("-")[0].lower() if parsed.language else None
    return Transcript(_in_order(cues), language)


def said_words(text: str) -> list[str]:
    """The words of a text; a mark that stands alone ("Bonjour !") stays with the word before it."""
    words: list[str] = []
    for token in text.split():
        if is_said(token):
            words.append(token)
        elif words:
            words[-1] += f" {token}"
    return words


def cue_words(cues: Sequence[Cue], spans: Sequence[Sequence[Span | None]]) -> list[Word]:
    """Every word of every cue; those without a span are interpolated inside their cue."""
    return [
        Word(
            text=word.text,
            start=start,
            end=end,
            segment=segment,
            confidence=word.confidence,
            timing="aligned" if span else "interpolated",
            speaker=word.speaker,
        )
        for segment, (cue, known) in enumerate(zip(cues, spans, strict=True))
        for word, span, (start, end) in zip(cue.words, known, fill(cue.texts, known, cue.span), strict=True)
    ]


def _in_order(cues: Sequence[Cue]) -> list[Cue]:
    return sorted((cue for cue in cues if cue.words), key=lambda cue: cue.span[0])


def _subtitles(text: str, form: str) -> Iterator[Cue]:
    # A line with two time tags inside its text, as YouTube writes them, would be taken for the times of a cue.
    events = pysubs2.SSAFile.from_string(_TIME_TAG.sub("", text), format_=form, keep_html_tags=True)
    for event in sorted(events, key=lambda event: event.start):
        # pysubs2 takes the comments and names of later WebVTT cues for lines of this one; a blank line ends a cue.
        plain = re.split(r"\n\s*\n", event.plaintext)[0] if form == "vtt" else event.plaintext
        words = [CueWord(word, speaker=speaker) for speaker, said in _voices(plain) for word in said_words(said)]
        if words:
            yield Cue(words, (event.start / 1000, event.end / 1000))


def _voices(text: str) -> Iterator[tuple[str | None, str]]:
    """The voices of one cue and what each says, without markup."""
    label = _SPEAKER.match(text)
    before, *voiced = _VOICE.split(_SPEAKER.sub("", text))
    speakers = [label[1] if label else None, *(html.unescape(name).strip() for name in voiced[::2])]
    for speaker, said in zip(speakers, [before, *voiced[1::2]], strict=True):
        yield speaker, _NOT_SAID.sub(" ", html.unescape(_TAG.sub("", said)))


def _segment_words(segment: _Segment) -> list[CueWord]:
    """Every word of the segment's text, with the times of those among `segment.words` that are the same word.

    The text decides, because an aligner leaves out what it cannot place; where the words are the text, in a language
    written without spaces for one, they decide.
    """
    timed = [
        CueWord(
            word.word.strip(),
            (word.start, word.end) if word.start is not None and word.end is not None else None,
            word.speaker or segment.speaker,
            word.score,
        )
        for word in segment.words
        if word.word.strip()
    ]
    if timed and "".join(word.text for word in timed) == "".join(segment.text.split()):
        return timed
    words = [CueWord(text, speaker=segment.speaker) for text in said_words(segment.text)]
    same = SequenceMatcher(None, [word.text for word in words], [word.text for word in timed], autojunk=False)
    for ours, theirs, length in same.get_matching_blocks():
        words[ours : ours + length] = timed[theirs : theirs + length]
    return words


def _first(error: Exception) -> str:
    """What is wrong, in one line."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(str(part) for part in first['loc']) or 'top level'}: {first['msg'].lower()}"
    return str(error).splitlines()[0]
