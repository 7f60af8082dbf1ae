"""WebVTT (`.vtt`): blocks of lines between empty lines, each a cue, a comment or a style.

Read after the W3C's "WebVTT: The Web Video Text Tracks Format", section 6.1; the header may be missing. Text that
belongs to no cue, which browsers leave out in silence, is refused.
"""

import re
from collections.abc import Sequence

from clipper_assets.transcript.formats.base import LineError, Transcript, iso_language, quoted
from clipper_assets.transcript.formats.speaker_labels import Subtitle, bare, spoken_cues
from clipper_assets.transcript.formats.subrip import is_about_times, is_number_of_next, times

_LANGUAGE = re.compile(r"Language:\s*([\w-]+)")  # in the header, as YouTube writes it
_NO_CUE = re.compile(r"(NOTE|STYLE|REGION)(\s|$)")


def parse(text: str, language: str | None, otherwise: str | None) -> Transcript:
    """The transcript in a WebVTT file. Raises LineError.

    `language` is the caller's word, `otherwise` holds where neither the caller nor the file names one.
    """
    lines = [bare(line) or line for line in text.split("\n")]
    begin = _header(lines)
    stated = next((matched[1] for line in lines[:begin] if (matched := _LANGUAGE.match(line))), None)
    known = language or iso_language(stated) or otherwise
    return Transcript(spoken_cues(_subtitles(lines, begin), known), known)


def _header(lines: Sequence[str]) -> int:
    """The number of lines before the first block."""
    if not lines[0].startswith("WEBVTT"):
        return 0
    return next((index for index, line in enumerate(lines) if not line or is_about_times(line)), len(lines))


def _subtitles(lines: Sequence[str], begin: int) -> list[Subtitle]:
    """The cues of the lines from `begin`. A line of spaces does not end a block: YouTube's cues begin with one."""
    found: list[Subtitle] = []
    block = None
    for index, line in enumerate(lines[begin:], start=begin):
        if block is None and (outside := _NO_CUE.match(line)):
            block = outside[1]
        elif block in ("NOTE", "STYLE", "REGION"):
            if is_about_times(line):
                raise LineError(index + 1, f"a {block} block holds {quoted(line)}; put a blank line above the cue")
            block = block if line else None
        elif is_about_times(line):
            found.append(Subtitle(times(line, index + 1), []))
            block = "cue"
        elif not line:
            block = None
        elif not bare(line) or is_number_of_next(lines, index):
            continue
        elif block == "cue":
            found[-1].lines.append(line)
        elif index + 1 == len(lines) or not is_about_times(lines[index + 1]):
            raise LineError(
                index + 1, f"{quoted(line)} belongs to no cue; give it times, or delete the blank line above it"
            )
    return found
