"""Marks the key words of a clip, which a caption style may show in another colour."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from clipper_assets.captions.line_breaks import LANGUAGES, bare, is_function_word
from clipper_assets.captions.lines import CaptionWord

SHORTEST = 4
"""Least number of characters of a key word."""


def mark_keywords(words: Sequence[CaptionWord], texts: Iterable[str]) -> tuple[CaptionWord, ...]:
    """Mark the words that also occur in `texts`, such as a window's hashtags, as key words.

    Function words are never marked, so no word is marked in a language whose function words are not listed.
    Styles emphasize numbers whether they are marked or not.
    """
    mentioned = {bare(word) for text in texts for word in text.split()}
    return tuple(replace(word, is_key=True) if _is_key(word, mentioned) else word for word in words)


def _is_key(word: CaptionWord, mentioned: set[str]) -> bool:
    text = bare(word.text)
    is_content_word = word.language in LANGUAGES and not is_function_word(text, word.language)
    return is_content_word and len(text) >= SHORTEST and text in mentioned
