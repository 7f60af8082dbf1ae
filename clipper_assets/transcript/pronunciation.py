"""Converts written words to spoken ones: spells out numbers, drops marks, and gives unknown words a pronunciation."""

import re
import unicodedata
from collections.abc import Callable

_NUMBER = re.compile(
    r"(?P<currency>[$€£])?(?P<number>\d{1,3}(?:,\d{3})+|\d+)(?P<fraction>\.\d+)?(?P<suffix>(?:st|nd|rd|th|s)(?![a-z]))?",
    re.IGNORECASE,
)
_SYMBOLS = {
    "en": {"$": "dollars", "€": "euros", "£": "pounds", "%": "percent", "&": "and", "@": "at", "+": "plus"},
    "de": {"$": "Dollar", "€": "Euro", "£": "Pfund", "%": "Prozent", "&": "und", "@": "at", "+": "plus"},
    "es": {"$": "dólares", "€": "euros", "£": "libras", "%": "por ciento", "&": "y", "@": "arroba", "+": "más"},
    "fr": {"$": "dollars", "€": "euros", "£": "livres", "%": "pour cent", "&": "et", "@": "arobase", "+": "plus"},
    "it": {"$": "dollari", "€": "euro", "£": "sterline", "%": "per cento", "&": "e", "@": "chiocciola", "+": "più"},
    "nl": {"$": "dollar", "€": "euro", "£": "pond", "%": "procent", "&": "en", "@": "at", "+": "plus"},
    "pt": {"$": "dólares", "€": "euros", "£": "libras", "%": "por cento", "&": "e", "@": "arroba", "+": "mais"},
}
_ABBREVIATIONS = {"dr": "doctor", "vs": "versus", "prof": "professor", "etc": "etcetera"}
_YEARS = range(1100, 2100)
_DECIMAL_POINT = frozenset({"en", "zh", "yue", "ja", "ko", "th", "he", "hi"})
"""Languages that write 1,500.5; the others write 1.500,5."""

# Letters to ARPABET, longest match first. Not a pronunciation dictionary, but good enough for alignment, where a word
# only has to be distinguished from its neighbours.
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
    """Whether a written word is pronounced: whether it has a letter, a digit or a sign like `%`."""
    return any(char.isalnum() or char in "%&+@$€£=" for char in text)


def spoken(text: str, language: str, known: Callable[[str], bool] = lambda word: True) -> list[str]:
    """The spoken words, in lower case, for one written word; none for a mark that is not pronounced.

    Numbers are spelled out by num2words, or dropped if it cannot, and signs in the languages of `_SYMBOLS`. In English,
    `"$300,"` gives three, hundred, dollars, `"2019"` gives twenty, nineteen, and `"well-known"` gives well, known. A
    word in capitals for which `known` returns False is spelled letter by letter.
    """
    plain = unicodedata.normalize("NFKC", text).replace("’", "'")  # noqa: RUF001
    if language == "en":
        decomposed = unicodedata.normalize("NFKD", plain)
        plain = "".join(char for char in decomposed if char.isascii() and not unicodedata.combining(char))
    elif language not in _DECIMAL_POINT:
        plain = re.sub(r"(?<=\d)[.,](?=\d)", lambda mark: "," if mark[0] == "." else ".", plain)
    words: list[str] = []
    position = 0
    for number in _NUMBER.finditer(plain):
        words += [*_letters(plain[position : number.start()], language, known), *_number(number, language)]
        position = number.end()
    return words + _letters(plain[position:], language, known)


def _letters(text: str, language: str, known: Callable[[str], bool]) -> list[str]:
    """The words in text without digits: letters with their combining marks and apostrophes, and spelled-out signs."""
    words = []
    for sign, name in _SYMBOLS.get(language, {}).items():
        text = text.replace(sign, f" {name} ")
    kept = "".join(char if char == "'" or unicodedata.category(char)[0] in "LM" else " " for char in text)
    for piece in kept.split():
        letters = piece.strip("'")
        word = _ABBREVIATIONS.get(letters.lower(), letters.lower()) if language == "en" else letters.lower()
        spelled = language == "en" and letters.isupper() and letters.isalpha() and not known(word)
        words += list(word) if spelled else [word] if word else []
    return words


def _number(token: re.Match[str], language: str) -> list[str]:
    from num2words import num2words

    digits, suffix = token["number"].replace(",", ""), (token["suffix"] or "").lower()
    value = float(digits + token["fraction"]) if token["fraction"] else int(digits)
    year = language in ("en", "de") and value in _YEARS and "," not in token[0] and not token["currency"]
    kind = "ordinal" if suffix in ("st", "nd", "rd", "th") and not token["fraction"] else "year" if year else "cardinal"
    try:
        written = num2words(value, to=kind, lang=language)
    except (NotImplementedError, OverflowError):  # unsupported language, or a number too large
        written = ""
    if suffix == "s":
        written = re.sub("y$", "ie", written) + "s"
    sign = _SYMBOLS.get(language, {}).get(token["currency"] or "", "")
    return _letters(f"{written} {sign}".lower(), language, lambda word: True)


def pronounce(word: str) -> str:
    """ARPABET phones of a lower-case English word, by spelling rules: `"blockchain"` gives `B L AA K CH EY N`."""
    stem = re.sub(r"(?<=[a-z]{2}[^aeiouy])e$", "", word.replace("'", ""))
    single = re.sub(r"([b-df-hj-np-tv-z])\1", r"\1", stem)
    return " ".join(_PHONES[sound] for sound in _SOUNDS.findall(single))
