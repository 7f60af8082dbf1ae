"""What a person types into the search box: words, "phrases" and the beginnings of words (begin*).

Anything else is read as words, too, so that a query cannot have a syntax error. It can only be empty, be too long, or
have a prefix that is too short.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from clipper_assets.search.terms import Term, is_single_character, terms, without_stop_words

MAX_QUERY = 300
"""Characters of a query."""
MAX_TERMS = 32
"""Words of a query, those in phrases included; Google reads as many."""
SHORTEST_PREFIX = 2
"""Characters before the `*` of a prefix; one letter would be a tenth of the vocabulary."""
_PARTS = re.compile(r'["“”„«»]([^"“”„«»]*)["“”„«»]|(\S+?)(\*?)(?=["“”„«»\s]|$)')


class QueryError(ValueError):
    """The query cannot be searched for; the message says in one sentence why and what to do."""


@dataclass(frozen=True)
class Filters:
    """Which sentences are searched; None means all.

    `show` is a folder of the storage root, with the folders in it. `speaker` is a name or a part of it. `since` and
    `until` are days on which the episode was uploaded, both included (UTC). `episode` is a partition key.
    """

    show: str | None = None
    speaker: str | None = None
    since: date | None = None
    until: date | None = None
    episode: str | None = None


@dataclass(frozen=True)
class Query:
    """A parsed query.

    `words` are the words without operator: each is the list of its stems in the languages of the library. The best
    passages have many of them, and rare ones; `phrases` (folded words) and `prefixes` (folded) must all occur.
    `is_question` is True if stop words were left out of `words`.
    """

    words: Sequence[Sequence[str]]
    phrases: Sequence[Sequence[str]] = ()
    prefixes: Sequence[str] = ()
    is_question: bool = False


def parse(text: str, languages: Sequence[str]) -> Query:
    """Read a query; `languages` are the ISO 639-1 codes of the library's languages, the most frequent first.

    Raises QueryError if the text is longer than `MAX_QUERY`, has more than `MAX_TERMS` words or none.
    """
    if len(text) > MAX_QUERY:
        raise QueryError(f"the query has {len(text)} characters; use at most {MAX_QUERY}")
    plain: list[str] = []
    phrases: list[Sequence[str]] = []
    prefixes: list[str] = []
    for match in _PARTS.finditer(text):
        phrase, word, star = match.groups()
        folded = [term.folded for term in terms(phrase if phrase is not None else word, "")]
        if phrase is not None:
            phrases += [folded] if folded else []
        elif folded and (star or (len(folded) == 1 and is_single_character(folded[0]))):
            plain += folded[:-1]
            prefixes.append(_checked(folded[-1]))
        elif folded:
            plain.append(word)
    words = [_stems(word, languages) for word in plain]
    flat = [stems for word in words for stems in word]
    if len(flat) + sum(map(len, phrases)) + len(prefixes) > MAX_TERMS:
        raise QueryError(f"the query has too many words; use at most {MAX_TERMS}")
    if not flat and not phrases and not prefixes:
        raise QueryError('the query has no word to search for; type words, a "phrase" or the beginning of a word*')
    kept = without_stop_words([written for written, _ in flat], languages)
    return Query([flat[position][1] for position in kept], phrases, prefixes, is_question=len(kept) < len(flat))


def _stems(word: str, languages: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Each word that `word` is split into, in small letters, and its distinct stems."""
    readings: list[list[Term]] = [terms(word, language) for language in languages or [""]]
    return [
        (forms[0].folded, list(dict.fromkeys(form.stem for form in forms))) for forms in zip(*readings, strict=True)
    ]


def _checked(prefix: str) -> str:
    if len(prefix) < SHORTEST_PREFIX and not is_single_character(prefix):
        raise QueryError(f"{prefix}* would match too many words; type at least {SHORTEST_PREFIX} letters before the *")
    return prefix
