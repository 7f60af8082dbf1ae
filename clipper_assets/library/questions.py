"""Finds sentences that end with a question mark, in any script."""

from itertools import takewhile

MARKS = (
    "?\uff1f\ufe56\ufe16"  # Latin and most others; full width, small and vertical forms
    "\u061f\u2e2e"  # Arabic, and reversed
    "\u037e"  # Greek; text mostly has a semicolon
    "\u1367\u2cfa\u2cfb\ua60f\ua6f7\U00011143"  # Ethiopic, Coptic (direct and indirect), Vai, Bamum, Chakma
    "\u203d\u2047\u2048\u2049\u2753\u2754"  # interrobang, doubled marks, ornaments
)
ARMENIAN = "\u055e"
"""Stands in the word that is asked about, not at the end."""


def is_question(text: str, language: str) -> bool:
    """Whether a sentence ends with a question mark, also one before quotation marks, brackets or other punctuation.

    `language` is an ISO 639-1 code: a semicolon ends a question in Greek.
    """
    ending = set(takewhile(lambda char: not char.isalnum(), reversed(text)))
    return not ending.isdisjoint(MARKS) or ARMENIAN in text or (language == "el" and ";" in ending)
