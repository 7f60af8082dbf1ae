"""Hashtags without a model: proper names that are said again and again, or none."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

MOST_HASHTAGS = 3
IN_EPISODE, IN_WINDOW = 3, 2
"""How often a name must be said in the episode and in the window."""
SURELY_A_NAME = 0.9
"""Least share of a word's occurrences inside sentences that are capitalized."""
MOST_CAPITALIZED = 0.3
"""Largest share of capitals inside sentences: a transcript in capitals tells no names."""
_LANGUAGES = "ca cs cy da en es et eu fi fr ga gl hr hu id is it lt lv ms nb nl nn no pl pt ro sk sl sq sv tr vi"
CAPITALIZES_NAMES_ALONE = frozenset(_LANGUAGES.split())
"""Languages in whose Latin script proper names are capitalized but common nouns, unlike in German, are not."""

_WORD = re.compile(r"[^\W_](?:[\w'\u2019-]*\w)?")
_POSSESSIVE = re.compile(r"['\u2019]s$")
_NO_NAME = re.compile(
    r"i(?:['\u2019]\w+)?|ok|okay|tv|mrs?|ms|dr|god|jesus|yeah|yes|oh|hey|am|pm|english|internet|christmas|thanksgiving|easter"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|may|june|july|august|september|october"
    r"|november|december"
)


class Names:
    """The names of an episode, each with how often it is said in all of its sentences; counted once for all windows."""

    def __init__(self, episode: Sequence[str], language: str):
        self._words = _names(episode) if language in CAPITALIZES_NAMES_ALONE else set()
        self._said = self._count(episode) if self._words else Counter[str]()

    def _count(self, texts: Sequence[str]) -> Counter[str]:
        return Counter(name for text in texts for name in _runs(text, self._words))

    def hashtags(self, window: Sequence[str]) -> tuple[str, ...]:
        """At most `MOST_HASHTAGS` names said in the sentences of a window, the most frequent first; mostly none.

        A name is one or several words in a row that are capitalized inside sentences. It is said at least `IN_EPISODE`
        times in the episode and `IN_WINDOW` times in the window.
        """
        if not self._words:
            return ()
        said = self._count(window)
        sure = [name for name, count in said.items() if count >= IN_WINDOW and self._said[name] >= IN_EPISODE]
        tags = ["#" + re.sub(r"[\W_]", "", name) for name in sorted(sure, key=lambda name: -said[name])]
        return tuple(dict.fromkeys(tags))[:MOST_HASHTAGS]


def _names(episode: Sequence[str]) -> set[str]:
    """The words that are capitalized wherever they are said inside sentences, in lower case."""
    inside = Counter(word for text in episode for word in _words(text)[1:])
    capitals = Counter[str]()
    said = Counter[str]()
    for word, count in inside.items():
        said[word.lower()] += count
        capitals[word.lower()] += count * word[0].isupper()
    if capitals.total() > MOST_CAPITALIZED * said.total():
        return set()
    return {
        word
        for word, count in capitals.items()
        if count and count >= SURELY_A_NAME * said[word] and len(word) > 1 and not _NO_NAME.fullmatch(word)
    }


def _words(text: str) -> list[str]:
    return [_POSSESSIVE.sub("", word) for word in _WORD.findall(text)]


def _runs(text: str, names: set[str]) -> Iterator[str]:
    """The names in a sentence: runs of capitalized words, as written, if all of them are names."""
    run: list[str] = []
    end = 0
    for match in _WORD.finditer(text):
        word = _POSSESSIVE.sub("", match[0])
        is_capital = word[0].isupper() and not (match.start() == 0 and word.lower() not in names)
        if run and not (is_capital and not text[end : match.start()].strip(" '\u2019")):
            yield from _sure(run, names)
            run = []
        run += [word] if is_capital else []
        end = match.end()
    yield from _sure(run, names)


def _sure(run: Sequence[str], names: set[str]) -> Iterator[str]:
    if run and all(word.lower() in names for word in run):
        yield " ".join(run)
