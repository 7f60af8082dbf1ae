"""Reads existing transcript files in the formats of `formats/`, and gives each word a time."""

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from clipper_assets.text.clean import clean_text
from clipper_assets.transcript.formats import subrip, webvtt, whisperx_json
from clipper_assets.transcript.formats.base import Cue, CueWord, LineError, MalformedTranscriptError, Transcript
from clipper_assets.transcript.formats.speaker_labels import split_words
from clipper_assets.transcript.formats.whisperx_json import transcript_of
from clipper_assets.transcript.timing import Span, fill
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
    "transcript_keys",
    "transcript_of",
]

_FORMATS = {".srt": subrip.parse, ".vtt": webvtt.parse, ".json": whisperx_json.parse}
MAX_BYTES = 20_000_000
"""Largest transcript file: enough for 100 hours of subtitles, or for 20 hours of JSON with word times."""
TRANSCRIPT_SUFFIXES = set(_FORMATS)
_UTF_16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_LANGUAGE_SUFFIX = re.compile(r"\.([a-z]{2}|yue)(?:-\w+)*\.\w+$", re.IGNORECASE)


def transcript_keys(upload: str, language: str | None) -> list[str]:
    """Keys that the transcript of an upload may have, best first: `ep.srt`, ..., `ep.en.srt` beside `ep.mp4`."""
    stem = upload.removesuffix(PurePosixPath(upload).suffix)
    return [f"{stem}{tag}{suffix}" for tag in ("", f".{language or 'en'}") for suffix in _FORMATS]


def read_transcript(file: Path, language: str | None = None) -> Transcript:
    """Read a `.srt`, `.vtt` or `.json` transcript in UTF-8, or in UTF-16 with a byte order mark.

    `language` (ISO 639-1) overrides the language given in the file or in its name (`ep.en.srt`). Raises
    MalformedTranscriptError if the file has another suffix, is too large, has no words, or has an unreadable line.
    """
    parse = _FORMATS.get(file.suffix.lower())
    if parse is None:
        raise MalformedTranscriptError(f"{file.name} is not a transcript; give an .srt, .vtt or .json file")
    if (size_bytes := file.stat().st_size) > MAX_BYTES:
        raise MalformedTranscriptError(
            f"{file.name} has {size_bytes / 1e6:.0f} MB, but a transcript may have at most {MAX_BYTES / 1e6:.0f}; "
            "export only the text and its times"
        )
    suffix = _LANGUAGE_SUFFIX.search(file.name)
    try:
        transcript = parse(_text(file.read_bytes()), language, suffix[1].lower() if suffix else None)
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
            timing="aligned" if span else "interpolated",
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
