"""Writing systems without spaces between words: how words are told apart and put together again."""

import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from budoux import Parser

UNSPACED = frozenset({"zh", "ja", "yue", "th", "lo", "my", "km"})
"""Languages (ISO 639-1; Cantonese has only a 639-3 code, which Whisper uses) that are written without spaces."""

_BLOCKS = ("CJK UNIFIED", "CJK COMPATIBILITY", "IDEOGRAPHIC", "FULLWIDTH", "HALFWIDTH KATAKANA", "HIRAGANA", "KATAKANA",
           "THAI", "LAO", "MYANMAR", "KHMER", "LEFT CORNER", "RIGHT CORNER", "BOPOMOFO")  # fmt: skip
_MODELS = {"ja": "japanese", "zh": "simplified_chinese", "yue": "traditional_chinese", "th": "thai"}


def joined(texts: Sequence[str]) -> str:
    """The text of words in order: a space between two, except where both sides are of a script that has none."""
    text = ""
    for word in texts:
        if text and word and not (_unspaced(text[-1]) and _unspaced(word[0])):
            text += " "
        text += word
    return text


def split_unspaced(text: str, language: str) -> list[str]:
    """The words of a text in a language of `UNSPACED`, by BudouX: the pieces at which a caption may break.

    BudouX (https://github.com/google/budoux) knows Japanese, Chinese and Thai. Lao, Burmese and Khmer put spaces
    between phrases: those are the pieces there.
    """
    parser = _parser(language)
    words: list[str] = []
    for phrase in text.split():
        for number, piece in enumerate(parser.parse(phrase) if parser else [phrase]):
            if number and _latin(words[-1][-1]) and _latin(piece[0]):  # BudouX cuts through foreign words
                words[-1] += piece
            else:
                words.append(piece)
    return words


@cache
def _parser(language: str) -> "Parser | None":
    import budoux

    if (model := _MODELS.get(language)) is None:
        return None
    loaded: Parser = getattr(budoux, f"load_default_{model}_parser")()
    return loaded


@cache
def _unspaced(char: str) -> bool:
    name = unicodedata.name(char, "")
    return name.startswith(_BLOCKS) or (unicodedata.east_asian_width(char) in "WF" and not name.startswith("HANGUL"))


def _latin(char: str) -> bool:
    return char.isascii() and char.isalnum()
