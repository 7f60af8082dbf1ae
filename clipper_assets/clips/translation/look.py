"""The translations of the clips of a look, kept beside the records of its clips."""

from collections.abc import Iterator

import pyarrow as pa

from clipper_assets.clips.looks import LOOKS, look_folder, parse_look
from clipper_assets.clips.records import records_folder
from clipper_assets.clips.translation.stored import read_translations, write_translations
from clipper_assets.clips.translation.texts import clip_texts
from clipper_assets.clips.translation.translate import Translations, translate_clips
from clipper_assets.edits.model import Edits
from clipper_assets.edits.words import apply_word_edits
from clipper_assets.highlights.window import read_windows
from clipper_assets.llm.language_model import LanguageModel
from clipper_assets.runtime.progress import Report
from clipper_assets.storage.base import Storage


def translated_look(
    storage: Storage,
    episode: str,
    look: str,
    transcript: pa.Table,
    windows: pa.Table,
    edits: Edits,
    language_model: LanguageModel,
    report: Report,
) -> Translations:
    """The translations of an episode's clips for a look, `episode` being the partition key.

    What was translated before, for this look or another one in the same language, is not asked for again. Without a
    language in the look's name there is nothing to translate. Raises as `translate_clips`.
    """
    language = parse_look(look).language
    if language is None:
        return Translations()
    words = apply_word_edits(transcript, edits.words)
    texts = {window.clip: clip_texts(window, words) for window in read_windows(windows)}
    kept = read_translations(storage, _folders_in(storage, episode, language))
    made = translate_clips(texts, language, language_model, kept, report)
    folder = records_folder(episode, look_folder(look))
    if made.by_recipe != read_translations(storage, [folder]):
        write_translations(storage, folder, made.by_recipe)
    return made


def _folders_in(storage: Storage, episode: str, language: str) -> Iterator[str]:
    """The folders with records of the episode's looks in this language."""
    above = records_folder(episode, f"/{LOOKS}/")
    names = {stored.key.removeprefix(above).partition("/")[0] for stored in storage.list_objects(above.rstrip("/"))}
    for name in sorted(names):
        try:
            is_in_language = parse_look(name).language == language
        except ValueError:
            continue  # a look of another version, or of no version
        if is_in_language:
            yield above + name
