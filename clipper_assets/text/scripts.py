"""Writing systems: the script of a character, and word boundaries in languages written without spaces.

Scripts are named by their ISO 15924 codes and assigned to characters by Unicode's tables (UAX #24).
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

if TYPE_CHECKING:
    from budoux import Parser

UNSPACED = frozenset({"zh", "ja", "yue", "th", "lo", "my", "km"})
"""Languages written without spaces, by ISO 639-1 code; Cantonese has only a 639-3 code, which Whisper uses."""

HAN, KANA, HANGUL, THAI = frozenset({"Hani"}), frozenset({"Hira", "Kana"}), frozenset({"Hang"}), frozenset({"Thai"})
_UNSPACED_SCRIPTS = HAN | KANA | THAI | {"Bopo", "Laoo", "Mymr", "Khmr"}
_BREAKS_ANYWHERE = HAN | KANA
_MODELS = {"ja": "japanese", "zh": "simplified_chinese", "yue": "traditional_chinese", "th": "thai"}


@cache
def in_scripts(char: str, scripts: frozenset[str]) -> bool:
    """Whether a character belongs to one of these scripts. Punctuation that other scripts share does not."""
    from fontTools import unicodedata

    return unicodedata.script(char) in scripts or unicodedata.script_extension(char) <= scripts


@cache
def is_wide(char: str) -> bool:
    """Whether a character is as wide as two Latin letters (UAX #11), as in Chinese, Japanese and Korean."""
    return east_asian_width(char) in "WF"


def joined(texts: Sequence[str]) -> str:
    """Join words with spaces, but without one between two characters of scripts that use no spaces."""
    text = ""
    for word in texts:
        if text and word and not (_unspaced(text[-1]) and _unspaced(word[0])):
            text += " "
        text += word
    return text


def split_unspaced(text: str, language: str) -> list[str]:
    """Split a text in a language of `UNSPACED` where a caption may break, with BudouX.

    BudouX (https://github.com/google/budoux) has models for Japanese, Chinese and Thai. Lao, Burmese and Khmer are
    split at the spaces that they put between phrases.
    """
    parser = _parser(language)
    words: list[str] = []
    for phrase in text.split():
        for number, piece in enumerate(parser.parse(phrase) if parser else [phrase]):
            if number and _latin(words[-1][-1]) and _latin(piece[0]):  # BudouX splits Latin words
                words[-1] += piece
            else:
                words.append(piece)
    return words


def split_words(text: str, language: str) -> list[str]:
    """The words of a text between spaces, or its phrases in a language of `UNSPACED`."""
    return split_unspaced(text, language) if language in UNSPACED else text.split()


def line_break_pieces(text: str) -> list[str]:
    """Split a text at every possible line break: between words, and between any two Chinese or Japanese characters.

    Punctuation stays with the character before it.
    """
    pieces: list[str] = []
    for word in text.split():
        for number, char in enumerate(word):
            is_new = number == 0 or in_scripts(char, _BREAKS_ANYWHERE)
            if is_new or (char.isalnum() and in_scripts(pieces[-1][0], _BREAKS_ANYWHERE)):
                pieces.append(char)
            else:
                pieces[-1] += char
    return pieces


@cache
def _parser(language: str) -> "Parser | None":
    import budoux

    if (model := _MODELS.get(language)) is None:
        return None
    loaded: Parser = getattr(budoux, f"load_default_{model}_parser")()
    return loaded


def _unspaced(char: str) -> bool:
    return in_scripts(char, _UNSPACED_SCRIPTS) or (is_wide(char) and not in_scripts(char, HANGUL))


def _latin(char: str) -> bool:
    return char.isascii() and char.isalnum()
