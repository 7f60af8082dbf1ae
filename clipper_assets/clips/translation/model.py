"""Asks the language model for the translation of a clip, by numbered lines; it never answers with times."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from functools import cache
from importlib import resources
from string import Template

from clipper_assets.clips.translation.plausibility import is_plausible, script_name, wrong_language
from clipper_assets.clips.translation.texts import ClipTexts, Line, Translation, translation_of
from clipper_assets.llm.answers import INTEGER, MIDDLE_SCORE, TEXT, Number, Score, Scored, Text, schema
from clipper_assets.llm.session import Session, one_line

REQUESTS = 2
"""How often a clip is asked about at most: lines without a usable translation are asked for once more."""
MOST_LINES, MOST_CHARACTERS = 120, 12_000
"""Most lines and characters of a clip that are sent: 180 s of fast speech have 4,000 characters."""
TRANSLATIONS = schema("translations", number=INTEGER, text=TEXT)


class Translated(Scored):
    """The translation of one line; nobody scores it."""

    score: Score = MIDDLE_SCORE
    number: Number
    text: Text = ""


class UntranslatedError(Exception):
    """The model gave no translation that can be shown; the message says why."""


@cache
def prompt() -> str:
    return resources.files("clipper_assets.clips.translation").joinpath("prompts/translate.md").read_text("utf-8")


def prompt_version() -> str:
    """Twelve hex digits of a hash of the prompt."""
    return hashlib.sha256(prompt().encode()).hexdigest()[:12]


def recipe(texts: ClipTexts, language: str, model: str, base_url: str | None) -> str:
    """A hash of all that decides a translation: equal recipes, the same question."""
    lines = [(line.label, line.text) for line in texts.lines]
    decisive = [model, base_url, prompt_version(), texts.language, language, lines]
    return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()[:32]


def translated(session: Session, texts: ClipTexts, language: str) -> Translation:
    """The texts in `language` (ISO 639-1).

    Raises:
        ModelUnavailableError: The model did not answer, or its answer has no list.
        UntranslatedError: Lines are missing, empty, far too long or short, or the whole is not in that language.
    """
    lines = texts.lines
    size = sum(len(line.text) for line in lines)
    if len(lines) > MOST_LINES or size > MOST_CHARACTERS:
        raise UntranslatedError(
            f"the clip has {len(lines)} sentences with {size} characters, more than the {MOST_LINES} or "
            f"{MOST_CHARACTERS} that are translated"
        )
    system = Template(prompt()).substitute(target=english_name(language), script=script_name(language))
    found: dict[int, str] = {}
    for _ in range(REQUESTS):
        missing = [number for number in range(1, len(lines) + 1) if number not in found]
        if not missing:
            break
        shown = "\n".join(f"{number} [{_label(lines[number - 1])}] {lines[number - 1].text}" for number in missing)
        found |= _usable(session.ask(system, shown, TRANSLATIONS, Translated), missing, lines)
    if missing := [number for number in range(1, len(lines) + 1) if number not in found]:
        raise UntranslatedError(
            f"{session.model} gave no usable translation for {len(missing)} of {len(lines)} lines, the first of them "
            f"line {missing[0]}"
        )
    answer = [found[number] for number in range(1, len(lines) + 1)]
    if wrong := wrong_language(answer, [line.text for line in lines], texts.language, language):
        raise UntranslatedError(f"{session.model} gave a translation {wrong} ({english_name(language)} was requested)")
    return translation_of(texts, answer, language)


def english_name(language: str) -> str:
    """The English name of a language (ISO 639-1), by CLDR; the code itself if CLDR has none."""
    from babel import Locale

    return str(Locale("en").languages.get(language, language))


def _usable(answers: Sequence[Translated], numbers: Sequence[int], lines: Sequence[Line]) -> dict[int, str]:
    """The usable translations by number: of a line that was asked for, given once, and of a plausible length."""
    times = Counter(answer.number for answer in answers)
    texts = {
        answer.number: _bare(answer.text, lines[answer.number - 1]) for answer in answers if answer.number in numbers
    }
    return {
        number: text
        for number, text in texts.items()
        if times[number] == 1 and is_plausible(text, lines[number - 1].text)
    }


def _bare(text: str, line: Line) -> str:
    """The text on one line, without the label that some models repeat."""
    return one_line(text).removeprefix(f"[{_label(line)}]").strip()


def _label(line: Line) -> str:
    return line.label.replace("[", "(").replace("]", ")")
