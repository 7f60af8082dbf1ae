"""Tells a translation that can be shown from one that cannot, without knowing the languages well."""

from collections.abc import Sequence
from functools import cache

from clipper_assets.captions.cues import characters
from clipper_assets.captions.line_breaks import LANGUAGES, bare
from clipper_assets.text.scripts import in_scripts
from clipper_assets.text.tokens import tokens

LONGEST, SHORTEST, SPARE = 2.5, 0.25, 30.0
"""A translation has at most `LONGEST` and at least `SHORTEST` times the characters of the original, give or take
`SPARE`; a Chinese, Japanese or Korean character counts as 42/16 Latin ones, as in the limits of a line."""
IN_SCRIPT = 0.5
"""Least share of letters in the target's script, over a whole clip: names and brands may keep theirs."""
FEWEST_WORDS = 5
"""A clip with fewer listed function words of both languages does not tell which language it is in."""
MOST_UNCHANGED = 0.5
"""Largest share of sentences of `UNCHANGED_WORDS` words or more that are the same as before."""
UNCHANGED_WORDS = 4
_PARTS = {"Jpan": ("Hira", "Kana", "Hani"), "Kore": ("Hang", "Hani"), "Hans": ("Hani",), "Hant": ("Hani",)}
"""Scripts of characters that make up a script of a language."""


@cache
def script_code(language: str) -> str:
    """The ISO 15924 code of the script in which a language (ISO 639-1) is usually written; `Latn` if CLDR has none."""
    from babel.core import get_global

    likely = get_global("likely_subtags").get(language, "")
    return next((part for part in likely.split("_")[1:] if len(part) == 4), "Latn")


def script_name(language: str) -> str:
    """The English name of that script, by CLDR."""
    from babel import Locale

    return str(Locale("en").scripts[script_code(language)])


def is_plausible(text: str, original: str) -> bool:
    """Whether a text can be the translation of `original`, by its length."""
    before, after = characters(original), characters(text)
    return bool(text) and SHORTEST * before - SPARE <= after <= LONGEST * before + SPARE


def wrong_language(translated: Sequence[str], originals: Sequence[str], spoken: str, language: str) -> str:
    """What shows that texts are not in `language` but perhaps still in the `spoken` one; empty if nothing does."""
    text = " ".join(translated)
    script = script_code(language)
    letters = [char for char in text if char.isalpha()]
    scripts = frozenset(_PARTS.get(script, (script,)))
    if sum(in_scripts(char, scripts) for char in letters) < IN_SCRIPT * len(letters):
        return f"in another script than {script_name(language)}"
    long = [
        (after, before)
        for after, before in zip(translated, originals, strict=True)
        if len(before.split()) >= UNCHANGED_WORDS
    ]
    if sum(after == before for after, before in long) > MOST_UNCHANGED * len(long):
        return "that is not translated"
    return "in the language of the recording" if _closer(text, spoken, language) else ""


def _closer(text: str, spoken: str, language: str) -> bool:
    """Whether a text has more function words of the `spoken` language than of `language`, not counting shared ones."""
    if spoken not in LANGUAGES or language not in LANGUAGES:
        return False
    one, other = LANGUAGES[spoken].binding, LANGUAGES[language].binding
    said = [bare(token) for token in tokens(text, language)]
    before, after = (sum(word in own for word in said) for own in (one - other, other - one))
    return before > after and before + after >= FEWEST_WORDS
