"""SubRip (`.srt`): numbered cues, each a line of times and its text.

There is no standard, so files are parsed as players do: numbers may be missing, `.` may replace `,`, hours may be
omitted, and text after a blank line still belongs to the cue. Anything that may be a misspelt cue is an error, because
its words would otherwise get the time of the previous cue.
"""

import re
from collections.abc import Sequence

from clipper_assets.transcript.formats.base import LineError, Transcript, quoted
from clipper_assets.transcript.formats.speaker_labels import Subtitle, bare, spoken_cues
from clipper_assets.transcript.timing import Span

_TIME = r"([-−]?)(?:(\d{1,4}):)?([0-5]?\d):([0-5]?\d)[.,](\d{3})"  # noqa: RUF001
_TIMES = re.compile(rf"{_TIME}\s*-->\s*{_TIME}((?:\s+[^\s:]+:\S+)*)")  # settings follow, like `X1:40`
_ABOUT_TIMES = re.compile(r"--(?:>|&gt;)|^[-−]?(?:\d+:)?\d+:\d+[.,]\d+\W+(?:\d+:)?\d+:\d+[.,]\d+")  # noqa: RUF001


def parse(text: str, language: str | None, otherwise: str | None) -> Transcript:
    """Parse an SRT file. Raises LineError.

    `otherwise` is used if `language` is not known: SRT files do not declare theirs.
    """
    spoken_language = language or otherwise
    subtitles = _subtitles([bare(line) for line in text.split("\n")])
    return Transcript(spoken_cues(subtitles, spoken_language), spoken_language)


def _subtitles(lines: Sequence[str]) -> list[Subtitle]:
    subtitles: list[Subtitle] = []
    stray = None
    for index, line in enumerate(lines):
        if is_about_times(line):
            if stray is not None:
                raise LineError(
                    stray + 1, f"{quoted(lines[stray])} comes before the first cue; give it times or delete it"
                )
            subtitles.append(Subtitle(times(line, index + 1), []))
        elif not line or is_number_of_next(lines, index):
            continue
        elif line.isdecimal() and (index == 0 or not lines[index - 1]):
            following = next((number for number in range(index + 1, len(lines)) if lines[number]), None)
            if following is not None and not is_about_times(lines[following]):
                raise LineError(
                    following + 1,
                    f"cue {quoted(line)} begins with {quoted(lines[following])}; begin it with its times, like "
                    "00:00:01,000 --> 00:00:02,500",
                )
        elif subtitles:
            subtitles[-1].lines.append(line)
        elif stray is None:
            stray = index
    return subtitles


def is_about_times(line: str) -> bool:
    """Whether a line is meant to be the times of a cue, well-formed or not."""
    return _ABOUT_TIMES.search(line) is not None


def is_number_of_next(lines: Sequence[str], index: int) -> bool:
    """Whether a line is the number of the cue that begins on the next line."""
    return lines[index].isdecimal() and index + 1 < len(lines) and is_about_times(lines[index + 1])


def times(line: str, number: int) -> Span:
    """Parse a line of times to a span in seconds; `number` is the line's, for errors. Raises LineError.

    Milliseconds need three digits, because ffmpeg reads `,5` as 5 ms and other players as 500 ms.
    """
    match = _TIMES.fullmatch(line)
    if match is None:
        raise LineError(
            number, f"{quoted(line)} does not give two times; write them like 00:00:01,000 --> 00:00:02,500"
        )
    if match[1] or match[6]:
        raise LineError(number, f"{quoted(line)} has a negative time; count times from the start of the recording")
    start, end = (_seconds(*match.groups()[first : first + 4]) for first in (1, 6))
    if end < start:
        raise LineError(number, f"{quoted(line)} ends before it starts; put the earlier time first")
    return start, end


def _seconds(hours: str | None, minutes: str, seconds: str, milliseconds: str) -> float:
    whole_s = (int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)
    return (whole_s * 1000 + int(milliseconds)) / 1000
