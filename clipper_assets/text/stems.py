"""Words reduced to their stems, so that "topics" counts as "topic"."""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from Stemmer import Stemmer


def stems(words: Sequence[str], language: str) -> list[str]:
    """The stems of words in lower case, by Snowball; the words themselves in a language without a stemmer.

    `language` is an ISO 639-1 code.
    """
    stemmer = snowball(language)
    found: list[str] = stemmer.stemWords(list(words)) if stemmer else list(words)
    return found


@cache
def snowball(language: str) -> "Stemmer | None":
    """Snowball's stemmer of a language (ISO 639-1); None if it has none."""
    from Stemmer import Stemmer

    try:
        return Stemmer(language)
    except KeyError:
        return None
