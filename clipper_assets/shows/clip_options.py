"""What a person may choose about the clips of a run or of a show: their length, number, range and topics."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

MAX_CLIPS = 40
"""Most clips of an episode."""
MAX_TOPICS = 500
"""Most characters of the topics."""

LENGTHS = {"short": (15.0, 30.0), "standard": (30.0, 60.0), "long": (60.0, 90.0)}
"""Shortest and longest clip in seconds, by name."""
SHORTEST_S, LONGEST_S, LEAST_RATIO = 3.0, 180.0, 1.5
"""Limits of a length in numbers. Whole sentences must fit, so the longest clip is some way above the shortest."""

_NUMBER = r"\d{1,6}(?:\.\d{1,3})?"
_TIME = rf"(?:(?:\d{{1,3}}:)?\d{{1,3}}:[0-5]\d(?:\.\d{{1,3}})?|{_NUMBER})"
_TO = r"\s*(?:-|\u2013|to)\s*"


def length_s(text: str) -> tuple[float, float]:
    """Shortest and longest clip in seconds: `short`, `standard`, `long`, or two numbers such as `20-45`.

    Raises ValueError, with what it should be, for anything else.
    """
    name = text.strip().lower()
    if name in LENGTHS:
        return LENGTHS[name]
    numbers = re.fullmatch(rf"({_NUMBER}){_TO}({_NUMBER})(?:\s*s)?", name)
    if numbers:
        shortest, longest = float(numbers[1]), float(numbers[2])
        if shortest >= SHORTEST_S and shortest * LEAST_RATIO <= longest <= LONGEST_S:
            return shortest, longest
    raise ValueError(
        f"it should be {', '.join(LENGTHS)}, or two numbers of seconds such as 20-45, from {SHORTEST_S:g} to "
        f"{LONGEST_S:g}, the second at least {LEAST_RATIO:g} times the first"
    )


def range_s(text: str) -> tuple[float, float]:
    """Start and end in seconds of a part of an episode: two times such as `12:30-45:00` or `750-2700`.

    Raises ValueError, with what it should be, for anything else.
    """
    times = re.fullmatch(rf"({_TIME}){_TO}({_TIME})", text.strip().lower())
    if times and (start := _seconds(times[1])) < (end := _seconds(times[2])):
        return start, end
    raise ValueError(
        "it should be two times, the later one second, in seconds or as minutes and seconds, such as 12:30-45:00"
    )


def _seconds(time: str) -> float:
    total = 0.0
    for part in time.split(":"):
        total = 60 * total + float(part)
    return total


def _as_text(value: Any, separator: str) -> Any:
    """A list of numbers or words, as TOML and JSON may have it, in the form of run config."""
    if not isinstance(value, list) or not all(type(each) in (str, int, float) for each in value):
        return value
    return separator.join(f"{each:g}" if isinstance(each, float) else str(each) for each in value)


def _checked_length(text: str) -> str:
    length_s(text)
    return text


def _checked_topics(text: str) -> str:
    if len(text) > MAX_TOPICS:
        raise ValueError(f"it should have at most {MAX_TOPICS} characters")
    return text


def _checked_range(text: str) -> str:
    range_s(text)
    return text


Length = Annotated[str, BeforeValidator(lambda value: _as_text(value, "-")), AfterValidator(_checked_length)]
Range = Annotated[str, AfterValidator(_checked_range)]
Topics = Annotated[str, BeforeValidator(lambda value: _as_text(value, ", ")), AfterValidator(_checked_topics)]
MaxClips = Annotated[int, Field(ge=1, le=MAX_CLIPS)]

LENGTH = "`short` (15 to 30 s), `standard` (30 to 60 s), `long` (60 to 90 s), or two numbers of seconds such as `20-45`"
RANGE = "clips only from this part of the episode, such as `12:30-45:00` or, in seconds, `750-2700`"
CLIPS = f"at most this many clips, up to {MAX_CLIPS}; default: one per three minutes of speech, 3 to 20"
TOPICS = "words or a sentence: clips about these come first"
"""Descriptions of the options, wherever they can be given."""
