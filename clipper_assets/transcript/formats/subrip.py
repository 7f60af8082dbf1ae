"""SubRip (`.srt`): numbered cues, each a line of times and its text.

There is no standard. Read as players do: a number may be missing, `.` may stand for `,`, hours may be left out, and
text after a blank line still belongs to the cue. Refused is whatever may hide a cue whose words would then be heard at
the time of the cue before it.
"""

import re
from collections.abc import Sequence

from clipper_assets.transcript.formats.base import LineError, Transcript, quoted
from clipper_assets.transcript.formats.speaker_labels import Subtitle, bare, spoken_cues
from clipper_assets.transcript.timing import Span

_TIME = r"([-−]?)(?:(\d{1,4}):)?([0-5]?\d):([0-5]?\d)[.,](\d{3})"  # noqa: RUF001
_TIMES = re.compile(rf"{_TIME}\s*-->\s*{_TIME}((?:\s+[^\s:]+:\S+)*)")  # settings like `align:start` or `X1:40` follow
_ABOUT_TIMES = re.compile(r"--(?:>|&gt;)|^[-−]?(?:\d+:)?\d+:\d+[.,]\d+\W+(?:\d+:)?\d+:\d+[.,]\d+")  # noqa: RUF001


def parse(text: str, language: str | None, otherwise: str | None) -> Transcript:
    """The transcript in an SRT file. Raises LineError.

    `language` is the caller's word, `otherwise` holds where neither the caller nor the file names one.
    """
    known = language or otherwise
    return Transcript(spoken_cues(_subtitles([bare(line) for line in text.split("\n")]), known), known)


def _subtitles(lines: Sequence[str]) -> list[Subtitle]:
    found: list[Subtitle] = []
    stray = None
    for index, line in enumerate(lines):
        if is_about_times(line):
            if stray is not None:
                raise LineError(
                    stray + 1, f"{quoted(lines[stray])} stands before the first times; give it times or delete it"
                )
            found.append(Subtitle(times(line, index + 1), []))
        elif not line or is_number_of_next(lines, index):
            continue
        elif line.isdecimal() and (index == 0 or not lines[index - 1]):
            below = next((number for number in range(index + 1, len(lines)) if lines[number]), None)
            if below is not None and not is_about_times(lines[below]):
                raise LineError(
                    below + 1,
                    f"cue {quoted(line)} begins with {quoted(lines[below])}; begin it with its times, like "
                    "00:00:01,000 --> 00:00:02,500",
                )
        elif found:
            found[-1].lines.append(line)
        elif stray is None:
            stray = index
    return found


def is_about_times(line: str) -> bool:
    """Whether a line is meant to give the times of a cue, well-formed or not."""
    return _ABOUT_TIMES.search(line) is not None


def is_number_of_next(lines: Sequence[str], index: int) -> bool:
    """Whether a line is the number of the cue that begins right below it, blank line above it or not."""
    return lines[index].isdecimal() and index + 1 < len(lines) and is_about_times(lines[index + 1])


def times(line: str, number: int) -> Span:
    """The span in seconds that a line of times gives; `number` is the line's. Raises LineError.

    Milliseconds have three digits: ffmpeg reads `,5` as 5 ms and others as 500 ms.
    """
    matched = _TIMES.fullmatch(line)
    if matched is None:
        raise LineError(
            number, f"{quoted(line)} does not give two times; write them like 00:00:01,000 --> 00:00:02,500"
        )
    if matched[1] or matched[6]:
        raise LineError(number, f"{quoted(line)} gives a negative time; let the times count from the recording's start")
    start, end = (_seconds(*matched.groups()[first : first + 4]) for first in (1, 6))
    if end < start:
        raise LineError(number, f"{quoted(line)} ends before it starts; put the earlier time first")
    return start, end


def _seconds(hours: str | None, minutes: str, seconds: str, milliseconds: str) -> float:
    whole = (int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)
    return (whole * 1000 + int(milliseconds)) / 1000
