"""The pieces of a sentence that can stand alone: the whole sentence, and its clauses between commas and dashes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from clipper_assets.text.scripts import UNSPACED, split_unspaced

_BREAK = re.compile(
    r"(?<=[,;:!?\u060c\u061b])\s+|(?<=[^\W\d_]{3}\.)\s+(?=[^a-z])|(?<=[\u3001\uff0c\uff1b\uff1a])|\s*(?:\u2014|\u2026|\.{3})\s*|\s+[-\u2013]+\s+"
)
"""Commas, semicolons, colons, dashes and ellipses; also full stops, which separate sentences that were not split."""
_QUOTES = '"\u201c\u201d\u00ab\u00bb()[]'
_EDGES = " \t,;:.\u060c\u061b\u3001\uff0c\uff1b\uff1a\u3002\u0964-\u2013\u2014\u2026"


@dataclass(frozen=True)
class Piece:
    """Part of a sentence as it is written, without punctuation at its edges except a question or exclamation mark.

    Attributes:
        clauses: How many clauses it has.
        is_start: Whether the sentence begins with it.
        is_end: Whether the sentence ends with it.
    """

    text: str
    clauses: int
    is_start: bool
    is_end: bool


def word_count(text: str, language: str) -> int:
    """The number of words, or of the phrases that `split_unspaced` finds."""
    words = split_unspaced(text, language) if language in UNSPACED else text.split()
    return sum(any(char.isalnum() for char in word) for word in words)


def pieces(sentence: str, language: str, most_words: int) -> Iterator[Piece]:
    """Every run of whole clauses of a sentence with at most `most_words` words and as many clauses, in order.

    Languages written without spaces put one between phrases, so a space is a boundary there.
    """
    edges = [0, *_boundaries(sentence, language), len(sentence)]
    clauses = [(start, end) for start, end in pairwise(edges) if trimmed(sentence[start:end])]
    for first in range(len(clauses)):
        for last in range(first, min(first + most_words, len(clauses))):
            text = trimmed(sentence[clauses[first][0] : clauses[last][1]])
            if word_count(text, language) > most_words:
                break
            yield Piece(text, last - first + 1, first == 0, last == len(clauses) - 1)


def trimmed(text: str) -> str:
    """The text without punctuation and quotation marks around it; a question or exclamation mark at its end stays."""
    bare = text.strip(_EDGES)
    unquoted = bare.strip(_EDGES + _QUOTES)
    if not set(unquoted) & set(_QUOTES):
        bare = unquoted
    is_abbreviation = "." in bare.split(" ")[-1] and text[text.rfind(bare) + len(bare) :].startswith(".")
    return f"{bare}." if is_abbreviation else bare


def _boundaries(sentence: str, language: str) -> list[int]:
    found = {match.end() for match in _BREAK.finditer(sentence)}
    if language in UNSPACED:
        found |= {match.end() for match in re.finditer(r"\s+", sentence)}
    return sorted(found - {0, len(sentence)})
