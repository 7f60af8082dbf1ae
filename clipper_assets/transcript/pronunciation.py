"""How a written word is said: numbers spelled out, marks dropped, a rough pronunciation for unknown words (English)."""

import re
import unicodedata
from collections.abc import Callable

from num2words import num2words

_TOKEN = re.compile(
    r"(?P<currency>[$€£])?(?P<number>\d{1,3}(?:,\d{3})+|\d+)(?P<fraction>\.\d+)?(?P<suffix>st|nd|rd|th|s)?(?![a-z])"
    r"|(?P<digits>\d+)"
    r"|(?P<letters>[a-z]+(?:'[a-z]+)*)"
    r"|(?P<symbol>[%&@+])",
    re.IGNORECASE,
)
_SYMBOLS = {"$": "dollars", "€": "euros", "£": "pounds", "%": "percent", "&": "and", "@": "at", "+": "plus"}
_ABBREVIATIONS = {"dr": "doctor", "vs": "versus", "prof": "professor", "etc": "etcetera"}
_YEARS = range(1100, 2100)

# Letters to ARPABET, longest match first. Good enough to place a word in time, where the aligner only has to tell it
# from its neighbours; not a pronunciation dictionary.
_PHONES = {
    "tion": "SH AH N", "sion": "ZH AH N", "eigh": "EY", "augh": "AO", "ough": "AO", "igh": "AY", "tch": "CH",
    "sch": "SH", "dge": "JH", "ch": "CH", "sh": "SH", "th": "TH", "ph": "F", "gh": "G", "wh": "W", "wr": "R",
    "kn": "N", "ck": "K", "ng": "NG", "qu": "K W", "ee": "IY", "ea": "IY", "oo": "UW", "ou": "AW", "ow": "OW",
    "oi": "OY", "oy": "OY", "ai": "EY", "ay": "EY", "au": "AO", "aw": "AO", "oa": "OW", "ie": "IY", "ei": "EY",
    "ey": "IY", "er": "ER", "ir": "ER", "ur": "ER", "ce": "S EH", "ci": "S IH", "cy": "S IY", "a": "AE", "b": "B",
    "c": "K", "d": "D", "e": "EH", "f": "F", "g": "G", "h": "HH", "i": "IH", "j": "JH", "k": "K", "l": "L",
    "m": "M", "n": "N", "o": "AA", "p": "P", "q": "K", "r": "R", "s": "S", "t": "T", "u": "AH", "v": "V", "w": "W",
    "x": "K S", "y": "IY", "z": "Z",
}  # fmt: skip
_SOUNDS = re.compile("|".join(sorted(_PHONES, key=len, reverse=True)))


def is_said(text: str) -> bool:
    """Whether something in a written word is heard, in any language: a letter, a digit or a sign like `%`."""
    return any(char.isalnum() or char in "%&+@$€£=" for char in text)


def spoken(text: str, known: Callable[[str], bool]) -> list[str]:
    """The lower-case words that are heard for one written word; none for a mark that is not said.

    `known` tells whether a dictionary has a word: an unknown word in capitals is spelled letter by letter.
    `"$300,"` gives three, hundred, dollars; `"2019"` twenty, nineteen; `"well-known"` well, known.
    """
    plain = unicodedata.normalize("NFKC", text).replace("’", "'")  # noqa: RUF001
    plain = "".join(char for char in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(char))
    said: list[str] = []
    for token in _TOKEN.finditer(plain):
        if token["letters"]:
            said += _word(token["letters"], known)
        elif token["symbol"]:
            said.append(_SYMBOLS[token["symbol"]])
        else:
            said += _number(token)
    return said


def _word(letters: str, known: Callable[[str], bool]) -> list[str]:
    word = letters.lower()
    word = _ABBREVIATIONS.get(word, word)
    return list(word) if letters.isupper() and letters.isalpha() and not known(word) else [word]


def _number(token: re.Match[str]) -> list[str]:
    digits = (token["digits"] or token["number"]).replace(",", "")
    if token["fraction"]:
        written = num2words(float(digits + token["fraction"]))
    elif token["suffix"] in ("st", "nd", "rd", "th"):
        written = num2words(int(digits), to="ordinal")
    elif int(digits) in _YEARS and "," not in token[0] and not token["currency"]:
        written = num2words(int(digits), to="year")
    else:
        written = num2words(int(digits))
    if token["suffix"] == "s":
        written = re.sub("y$", "ie", written) + "s"
    words = re.findall("[a-z]+", written)
    return [*words, _SYMBOLS[token["currency"]]] if token["currency"] else words


def pronounce(word: str) -> str:
    """ARPABET phones of a lower-case word, read letter by letter: `"blockchain"` gives `B L AA K CH EY N`."""
    stem = re.sub(r"(?<=[a-z]{2}[^aeiouy])e$", "", word.replace("'", ""))
    single = re.sub(r"([b-df-hj-np-tv-z])\1", r"\1", stem)
    return " ".join(_PHONES[sound] for sound in _SOUNDS.findall(single))
