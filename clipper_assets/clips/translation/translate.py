"""Translates the clips of an episode into the language of a look."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

from clipper_assets.clips.translation.model import UntranslatedError, english_name, recipe, translated
from clipper_assets.clips.translation.texts import ClipTexts, Translation
from clipper_assets.llm.language_model import LanguageModel
from clipper_assets.llm.session import ModelUnavailableError, Session, Usage
from clipper_assets.runtime.progress import Report


@dataclass(frozen=True)
class Translations:
    """The translations of an episode's clips.

    Attributes:
        by_clip: Translation by number of the clip; a clip that is spoken in the language has none.
        untranslated: Why a clip has no translation that can be shown, by its number. Such a clip must not be rendered.
        by_recipe: All translations in use, to be kept.
        usage: What the requests cost.
    """

    by_clip: Mapping[int, Translation] = field(default_factory=dict)
    untranslated: Mapping[int, str] = field(default_factory=dict)
    by_recipe: Mapping[str, Translation] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)


def translate_clips(
    clips: Mapping[int, ClipTexts],
    language: str,
    language_model: LanguageModel,
    kept: Mapping[str, Translation],
    report: Report,
) -> Translations:
    """Translate the texts of each clip into `language` (ISO 639-1), unless `kept` has the same by recipe.

    A clip whose answer cannot be used is recorded in `untranslated`, and the others are translated all the same. Once
    the server does not answer, no more is asked. If all clips are kept or spoken in the language, no key is needed.

    Raises:
        ValueError: There is no usable key; the message says in one sentence what to do.
        UntranslatedError: Not one clip has a translation that can be shown; the message has the reason of the first.
    """
    recipes = {
        number: recipe(texts, language, language_model.model, language_model.base_url)
        for number, texts in clips.items()
        if texts.lines and texts.language != language
    }
    found = {number: kept[key] for number, key in recipes.items() if key in kept}
    untranslated: dict[int, str] = {}
    usage = Usage()
    if asked := {number: clips[number] for number in recipes if number not in found}:
        with ExitStack() as stack:
            try:
                session = stack.enter_context(language_model.session())
            except ModelUnavailableError as no_key:
                name = english_name(language)
                raise ValueError(f"captions in {name} are translated by a language model, but {no_key}") from None
            untranslated = _ask(session, asked, language, found, report)
            usage = session.usage
    if untranslated and len(untranslated) == len(clips):
        raise UntranslatedError(next(iter(untranslated.values())))
    return Translations(found, untranslated, {recipes[number]: found[number] for number in found}, usage)


def _ask(
    session: Session, clips: Mapping[int, ClipTexts], language: str, found: dict[int, Translation], report: Report
) -> dict[int, str]:
    """Add the translations to `found`, and return why the other clips have none."""
    untranslated: dict[int, str] = {}
    for number, (clip, texts) in enumerate(clips.items(), start=1):
        try:
            found[clip] = translated(session, texts, language)
        except UntranslatedError as unusable:
            untranslated[clip] = str(unusable)
        except ModelUnavailableError as error:
            untranslated[clip] = str(error)
            if _is_down(error):
                return {other: str(error) for other in clips if other not in found} | untranslated
        report(number / len(clips))
    return untranslated


def _is_down(error: ModelUnavailableError) -> bool:
    """Whether the server would not answer other requests either, unlike one that refuses a certain text."""
    from openai import APIError, BadRequestError, UnprocessableEntityError

    cause = error.__cause__
    return isinstance(cause, APIError) and not isinstance(cause, BadRequestError | UnprocessableEntityError)
