"""Which words of a clip carry its point: what a style may set off in colour."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from clipper_assets.captions.line_breaks import LANGUAGES, bare, is_function_word
from clipper_assets.captions.lines import CaptionWord

SHORTEST = 4
"""Characters of a key word, at the least."""


def mark_keywords(words: Sequence[CaptionWord], texts: Iterable[str]) -> tuple[CaptionWord, ...]:
    """The words, those marked that also stand in `texts`: a window's hook, title and hashtags.

    Words that only join others are left out; so it works only in languages whose function words are known.
    Numbers are set off whether they are marked or not.
    """
    named = {bare(word) for text in texts for word in text.split()}
    return tuple(replace(word, is_key=True) if _is_key(word, named) else word for word in words)


def _is_key(word: CaptionWord, named: set[str]) -> bool:
    text = bare(word.text)
    known = word.language in LANGUAGES and not is_function_word(text, word.language)
    return known and len(text) >= SHORTEST and text in named
