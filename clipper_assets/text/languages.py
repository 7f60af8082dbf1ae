"""Language codes of tags and names, as files and tools write them: `en-US`, `eng`, `English`, `Deutsch`."""

import re
from functools import cache

from clipper_assets.text.clean import folded

_WITHOUT_TWO_LETTERS = {"yue", "haw"}
"""Languages that Whisper recognises and ISO 639-1 does not have: Cantonese and Hawaiian."""
_OTHER_NAMES = {
    "castilian": "es",
    "farsi": "fa",
    "gaelic": "gd",
    "letzeburgesch": "lb",
    "mandarin": "zh",
    "pushto": "ps",
    "sinhalese": "si",
    "valencian": "ca",
}
"""Names that tools write (OpenAI's Whisper among them) and Unicode's CLDR does not have."""
_PRIMARY = re.compile(r"([a-z]{2,3})(?![^\W_])")
MAX_TAG = 100
"""Longest text that is taken for a language; the longest English name in CLDR has 42 characters."""


def iso_language(tag: str | None) -> str | None:
    """The ISO 639-1 code of a language tag or name: `pt` for `pt-BR`, `de` for `ger` or `Deutsch`; None if unknown.

    Tags are BCP 47 (`zh-Hans`), POSIX (`en_US.UTF-8`) or ISO 639-2 (`eng`). Names are those of Unicode's CLDR in every
    language; what follows in parentheses is ignored, as in `English (auto-generated)`. Cantonese and Hawaiian have only
    a three-letter code, `yue` and `haw`.
    """
    name = _name(tag)
    return tagged_language(tag) or (_all_names().get(name) if len(name) > 1 else None)


def tagged_language(tag: str | None) -> str | None:
    """As `iso_language`, but without names in other languages than English, because reading them takes a second."""
    name = _name(tag)
    return _english_names().get(name) or _of_code(name)


def _name(tag: str | None) -> str:
    """The part before parentheses, folded; empty for a text that is too long."""
    return folded(re.split(r"[(\[]", tag)[0]).strip() if tag and len(tag) <= MAX_TAG else ""


def _of_code(tag: str) -> str | None:
    from babel.core import get_global

    match = _PRIMARY.match(tag)
    if not match:
        return None
    replacement = get_global("language_aliases").get(match[1], match[1])
    return _short(replacement) or _short(match[1])


def _short(code: str) -> str | None:
    """The code without script and region, if it is one of ISO 639-1 or `_WITHOUT_TWO_LETTERS`."""
    language = code.partition("_")[0].replace("fil", "tl")  # CLDR replaces Tagalog by Filipino
    allowed = language in _codes() if len(language) == 2 else language in _WITHOUT_TWO_LETTERS
    return language if allowed else None


@cache
def _codes() -> frozenset[str]:
    from babel import Locale

    return frozenset(Locale("en").languages)


@cache
def _english_names() -> dict[str, str]:
    return _OTHER_NAMES | _names_in("en")


@cache
def _all_names() -> dict[str, str]:
    """Names in every language of CLDR. Reading them takes a second, so they are used last."""
    from babel.localedata import locale_identifiers

    names: dict[str, str] = {}
    for identifier in sorted(locale_identifiers()):
        if "_" not in identifier:
            names = _names_in(identifier) | names
    return names


def _names_in(identifier: str) -> dict[str, str]:
    from babel import Locale

    languages = Locale(identifier).languages.items()
    return {folded(name).strip(): language for code, name in languages if (language := _short(code))}
