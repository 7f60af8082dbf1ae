"""How a written word is said: numbers spelled out, marks dropped, a rough pronunciation for unknown words."""

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


def spoken(text: str, language: str, known: Callable[[str], bool] = lambda word: True) -> list[str]:
    """The lower-case words that are heard for one written word; none for a mark that is not said.

    Numbers are spelled out by num2words, and signs in the languages of `_SYMBOLS`; what it cannot spell is left out.
    In English `"$300,"` gives three, hundred, dollars, `"2019"` twenty, nineteen and `"well-known"` well, known; a word
    in capitals that `known` does not have in its dictionary is spelled letter by letter.
    """
    plain = unicodedata.normalize("NFKC", text).replace("’", "'")  # noqa: RUF001
    if language == "en":
        decomposed = unicodedata.normalize("NFKD", plain)
        plain = "".join(char for char in decomposed if char.isascii() and not unicodedata.combining(char))
    elif language not in _DECIMAL_POINT:
        plain = re.sub(r"(?<=\d)[.,](?=\d)", lambda mark: "," if mark[0] == "." else ".", plain)
    said: list[str] = []
    at = 0
    for number in _NUMBER.finditer(plain):
        said += [*_letters(plain[at : number.start()], language, known), *_number(number, language)]
        at = number.end()
    return said + _letters(plain[at:], language, known)


def _letters(text: str, language: str, known: Callable[[str], bool]) -> list[str]:
    """The words in a stretch without digits: runs of letters, their marks and inner apostrophes, and spelled signs."""
    said = []
    for sign, written in _SYMBOLS.get(language, {}).items():
        text = text.replace(sign, f" {written} ")
    kept = "".join(char if char == "'" or unicodedata.category(char)[0] in "LM" else " " for char in text)
    for piece in kept.split():
        letters = piece.strip("'")
        word = _ABBREVIATIONS.get(letters.lower(), letters.lower()) if language == "en" else letters.lower()
        spelled = language == "en" and letters.isupper() and letters.isalpha() and not known(word)
        said += list(word) if spelled else [word] if word else []
    return said


def _number(token: re.Match[str], language: str) -> list[str]:
    from num2words import num2words

    digits, suffix = token["number"].replace(",", ""), (token["suffix"] or "").lower()
    value = float(digits + token["fraction"]) if token["fraction"] else int(digits)
    year = language in ("en", "de") and value in _YEARS and "," not in token[0] and not token["currency"]
    kind = "ordinal" if suffix in ("st", "nd", "rd", "th") and not token["fraction"] else "year" if year else "cardinal"
    try:
        written = num2words(value, to=kind, lang=language)
    except (NotImplementedError, OverflowError):  # a language that it does not have, a number beyond its words
        written = ""
    if suffix == "s":
        written = re.sub("y$", "ie", written) + "s"
    sign = _SYMBOLS.get(language, {}).get(token["currency"] or "", "")
    return _letters(f"{written} {sign}".lower(), language, lambda word: True)


def pronounce(word: str) -> str:
    """ARPABET phones of a lower-case English word, read letter by letter: `"blockchain"` gives `B L AA K CH EY N`."""
    stem = re.sub(r"(?<=[a-z]{2}[^aeiouy])e$", "", word.replace("'", ""))
    single = re.sub(r"([b-df-hj-np-tv-z])\1", r"\1", stem)
    return " ".join(_PHONES[sound] for sound in _SOUNDS.findall(single))
