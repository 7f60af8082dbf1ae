"""The words of a text for counting: in lower case, without punctuation and numbers, in any script."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cache
from math import log

from clipper_assets.text.scripts import UNSPACED, split_unspaced


@cache
def _token() -> re.Pattern[str]:
    # Python's \w lacks the vowel signs that Thai, Hindi and others write as combining marks.
    marks = "".join(char for char in map(chr, range(0x10000)) if unicodedata.category(char) in ("Mn", "Mc"))
    letters = rf"[^\W\d_](?:[^\W\d_]|[{marks}])*"
    return re.compile(rf"{letters}(?:['\u2019]{letters})?")


def tokens(text: str, language: str) -> list[str]:
    """The words of a text in lower case, without punctuation and numbers; `language` is an ISO 639-1 code."""
    spaced = " ".join(split_unspaced(text, language)) if language in UNSPACED else text
    return [token.replace("\u2019", "'") for token in _token().findall(spaced.lower())]


def inverse_frequency(tokenized: Sequence[Sequence[str]]) -> dict[str, float]:
    """log(N / n) of every word: N sentences, n of them with the word (Spärck Jones 1972)."""
    containing = Counter(token for sentence in tokenized for token in set(sentence))
    return {token: log(len(tokenized) / n) for token, n in containing.items()}
