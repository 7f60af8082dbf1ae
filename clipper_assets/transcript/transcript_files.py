"""Reads existing transcript files in the formats of `formats/`, and gives each word a time."""

from collections.abc import Sequence
from pathlib import Path

from clipper_assets.text.clean import clean_text
from clipper_assets.transcript.formats import subrip, webvtt, whisperx_json
from clipper_assets.transcript.formats.base import Cue, CueWord, LineError, MalformedTranscriptError, Transcript
from clipper_assets.transcript.formats.speaker_labels import split_words
from clipper_assets.transcript.formats.whisperx_json import transcript_of
from clipper_assets.transcript.timing import Span, fill
from clipper_assets.transcript.transcript_names import FORMATS, name_language
from clipper_assets.transcript.words import Word

__all__ = [
    "TRANSCRIPT_SUFFIXES",
    "Cue",
    "CueWord",
    "MalformedTranscriptError",
    "Transcript",
    "cue_words",
    "read_transcript",
    "split_words",
    "transcript_of",
]

_PARSERS = dict(zip(FORMATS, (subrip.parse, webvtt.parse, whisperx_json.parse), strict=True))
MAX_BYTES = 20_000_000
"""Largest transcript file: enough for 100 hours of subtitles, or for 20 hours of JSON with word times."""
TRANSCRIPT_SUFFIXES = set(FORMATS)
_UTF_16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def read_transcript(file: Path, language: str | None = None) -> Transcript:
    """Read a `.srt`, `.vtt` or `.json` transcript in UTF-8, or in UTF-16 with a byte order mark.

    `language` (ISO 639-1) overrides the language given in the file or in its name (`ep.en.srt`). Raises
    MalformedTranscriptError if the file has another suffix, is too large, has no words, or has an unreadable line.
    """
    parse = _PARSERS.get(file.suffix.lower())
    if parse is None:
        raise MalformedTranscriptError(f"{file.name} is not a transcript; give an .srt, .vtt or .json file")
    if (size_bytes := file.stat().st_size) > MAX_BYTES:
        raise MalformedTranscriptError(
            f"{file.name} has {size_bytes / 1e6:.0f} MB, but a transcript may have at most {MAX_BYTES / 1e6:.0f}; "
            "export only the text and its times"
        )
    try:
        transcript = parse(_text(file.read_bytes()), language, name_language(file.name))
    except LineError as error:
        raise MalformedTranscriptError(f"{file.name}, {error}") from error
    if not transcript.cues:
        raise MalformedTranscriptError(f"{file.name} has no words with times; export the transcript again")
    return transcript


def cue_words(cues: Sequence[Cue], spans: Sequence[Sequence[Span | None]]) -> list[Word]:
    """All words of all cues. Words whose span is None are interpolated inside their cue."""
    return [
        Word(
            text=word.text,
            start=start,
            end=end,
            segment=segment,
            confidence=word.confidence,
            timing=word.timing if span else "interpolated",
            speaker=word.speaker,
        )
        for segment, (cue, cue_spans) in enumerate(zip(cues, spans, strict=True))
        for word, span, (start, end) in zip(cue.words, cue_spans, fill(cue.texts, cue_spans, cue.span), strict=True)
    ]


def _text(content: bytes) -> str:
    """Decode a file and convert its line ends to line feeds. Raises LineError if it is not UTF-8 or UTF-16."""
    encoding = _UTF_16.get(content[:2], "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = _unix_line_ends(content[: error.start].decode(encoding)).count("\n") + 1
        kind = "UTF-8" if encoding == "utf-8" else "UTF-16"
        raise LineError(line, f"the file is not {kind} text from here on; save it as UTF-8") from error
    return "\n".join(clean_text(line) for line in _unix_line_ends(text).removeprefix("\ufeff").split("\n"))


def _unix_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
