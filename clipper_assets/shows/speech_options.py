"""What a show says about its speech: the language, and how many people speak."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from clipper_assets.text.languages import tagged_language

MAX_SPEAKERS = 50
"""Most people of an episode."""

SpeakerCount = int | tuple[int, int]
"""The number of people who speak, or the least and the most."""

LANGUAGE = "ISO 639-1 code of the speech, such as `en` or `pt`; the region of `pt-BR` is left out"
SPEAKERS = f"how many people speak, for the diarization: a number up to {MAX_SPEAKERS}, or a range such as `2-4`"
"""Descriptions of the options, wherever they can be given."""

_RANGE = re.compile(r"(\d{1,3})(?:\s*[-\u2013]\s*(\d{1,3}))?", re.ASCII)


def language_code(text: str) -> str | None:
    """The code of a language that engines know it by: `pt` for `pt-BR`, `PT` or `Portuguese`; None if it is unknown.

    A bare code of two letters stays as it is, because Whisper's code of Javanese, `jw`, is an old one.
    """
    code = tagged_language(text)
    return text if code and re.fullmatch(r"[a-z]{2}", text) else code


def _checked_language(text: str) -> str:
    if (code := language_code(text)) is None:
        raise ValueError(
            "it should be an ISO 639-1 code such as 'en' or 'pt'; leave it out and the language is detected"
        )
    return code


def _speaker_count(value: Any) -> SpeakerCount:
    """A number or a range from a number, a text or a list of two numbers. Raises ValueError for anything else."""
    parts = value if isinstance(value, list) else [value]
    if all(type(part) in (int, str) for part in parts) and (count := _RANGE.fullmatch("-".join(map(str, parts)))):
        least, most = int(count[1]), int(count[2] or count[1])
        if 1 <= least <= most <= MAX_SPEAKERS:
            return least if least == most else (least, most)
    raise ValueError(
        f"it should be the number of people who speak, from 1 to {MAX_SPEAKERS}, or a range such as '2-4'; their names "
        "belong in speakers.toml"
    )


Language = Annotated[str, AfterValidator(_checked_language)]
Speakers = Annotated[SpeakerCount, BeforeValidator(_speaker_count)]
