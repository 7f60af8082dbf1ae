"""WebVTT (`.vtt`): blocks of lines between empty lines, each a cue, a comment or a style.

Parsed as in the W3C's "WebVTT: The Web Video Text Tracks Format", section 6.1, except that the header may be missing,
in small letters or below empty lines, and that text outside cues, which browsers ignore, is an error.
"""

import re
from collections.abc import Sequence

from clipper_assets.text.languages import iso_language
from clipper_assets.transcript.formats.base import LineError, Transcript, quoted
from clipper_assets.transcript.formats.speaker_labels import Subtitle, bare, spoken_cues
from clipper_assets.transcript.formats.subrip import is_about_times, is_number_of_next, times

_LANGUAGE = re.compile(r"Language:\s*(.+)", re.IGNORECASE)  # in the header, as YouTube writes it
_NO_CUE = re.compile(r"(NOTE|STYLE|REGION)(\s|$)")


def parse(text: str, language: str | None, otherwise: str | None) -> Transcript:
    """Parse a WebVTT file. Raises LineError.

    `language` overrides the file's language; `otherwise` is used if neither is known.
    """
    lines = [bare(line) or line for line in text.split("\n")]
    begin = _header_length(lines)
    declared = next((match[1] for line in lines[:begin] if (match := _LANGUAGE.match(line))), None)
    spoken_language = language or iso_language(declared) or otherwise
    return Transcript(spoken_cues(_subtitles(lines, begin), spoken_language), spoken_language)


def _header_length(lines: Sequence[str]) -> int:
    """The number of lines before the first block."""
    begin = next((index for index, line in enumerate(lines) if bare(line)), 0)
    if not lines[begin].upper().startswith("WEBVTT"):
        return 0
    ends = (index for index in range(begin, len(lines)) if not lines[index] or is_about_times(lines[index]))
    return next(ends, len(lines))


def _subtitles(lines: Sequence[str], begin: int) -> list[Subtitle]:
    """The cues in the lines from `begin` on.

    A line of spaces does not end a block, because YouTube's cues begin with one.
    """
    subtitles: list[Subtitle] = []
    block = None
    for index, line in enumerate(lines[begin:], start=begin):
        if block is None and (match := _NO_CUE.match(line)):
            block = match[1]
        elif block in ("NOTE", "STYLE", "REGION"):
            if is_about_times(line):
                raise LineError(index + 1, f"a {block} block contains {quoted(line)}; put a blank line above the cue")
            block = block if line else None
        elif is_about_times(line):
            subtitles.append(Subtitle(times(line, index + 1), []))
            block = "cue"
        elif not line:
            block = None
        elif not bare(line) or is_number_of_next(lines, index):
            continue
        elif block == "cue":
            subtitles[-1].lines.append(line)
        elif index + 1 == len(lines) or not is_about_times(lines[index + 1]):
            raise LineError(
                index + 1, f"{quoted(line)} belongs to no cue; give it times, or delete the blank line above it"
            )
    return subtitles
