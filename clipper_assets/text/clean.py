"""Cleans text from outside the program."""

from unicodedata import normalize

_UNWANTED = {
    code: " " if chr(code).isspace() else None
    for code in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0xD800, 0xE000))
}
"""Control characters, line separators and unpaired surrogates: whitespace becomes a space, the rest is removed."""


def clean_text(text: str) -> str:
    """The text on one line, without invisible characters that would end a caption or a file early.

    Joiners and direction marks stay, because some scripts need them.
    """
    return text.translate(_UNWANTED)


def folded(text: str) -> str:
    """The text for comparisons that ignore capitals and the Unicode normalization, as names of files need them."""
    return normalize("NFC", normalize("NFD", text).casefold())
