"""Scripts of the world: which one a character is of, and how words without spaces between them are told apart.

Scripts have the codes of ISO 15924, and characters the scripts that Unicode's tables give them (UAX #24).
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

if TYPE_CHECKING:
    from budoux import Parser

UNSPACED = frozenset({"zh", "ja", "yue", "th", "lo", "my", "km"})
"""Languages (ISO 639-1; Cantonese has only a 639-3 code, which Whisper uses) that are written without spaces."""

HAN, KANA, HANGUL, THAI = frozenset({"Hani"}), frozenset({"Hira", "Kana"}), frozenset({"Hang"}), frozenset({"Thai"})
_UNSPACED_SCRIPTS = HAN | KANA | THAI | {"Bopo", "Laoo", "Mymr", "Khmr"}
_BREAKS_ANYWHERE = HAN | KANA
_MODELS = {"ja": "japanese", "zh": "simplified_chinese", "yue": "traditional_chinese", "th": "thai"}


@cache
def is_of(char: str, scripts: frozenset[str]) -> bool:
    """Whether a character is of one of these scripts and not punctuation that other scripts use as well."""
    from fontTools import unicodedata

    return unicodedata.script(char) in scripts or unicodedata.script_extension(char) <= scripts


@cache
def is_wide(char: str) -> bool:
    """Whether a character takes the room of two Latin letters (UAX #11), as Chinese, Japanese and Korean ones do."""
    return east_asian_width(char) in "WF"


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


def unbroken(text: str) -> list[str]:
    """What stays in one line: words, and letters of scripts that break lines anywhere, each with its punctuation."""
    pieces: list[str] = []
    for word in text.split():
        for number, char in enumerate(word):
            is_new = number == 0 or is_of(char, _BREAKS_ANYWHERE)
            if is_new or (char.isalnum() and is_of(pieces[-1][0], _BREAKS_ANYWHERE)):
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
    return is_of(char, _UNSPACED_SCRIPTS) or (is_wide(char) and not is_of(char, HANGUL))


def _latin(char: str) -> bool:
    return char.isascii() and char.isalnum()
