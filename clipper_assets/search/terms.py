"""Terms: what a word becomes in the search index and in a query.

A word has two forms. Its *folded* form ignores capitals and accents; phrases and prefixes are matched with it. Its
*stem* also ignores the ending, by the rules of its language (Snowball); single words are matched with it.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import tantivy

from clipper_assets.text.stems import snowball

MAX_TERM = 60
"""Characters of a word that are compared; longer ones are not speech."""
_QUESTION_WORDS = {
    "de": "was wer wen wem wessen wie wo wann warum wieso weshalb welche welcher welches haben hat hatte ist sind war",
    "en": "what who whom whose which when where why how did do does done has have had is are was were about",
    "es": "qué quién quiénes cuál cuáles cuándo dónde cómo porqué cuánto es son fue eran hizo hace sobre",
    "fr": "que qui quoi quel quelle quels quelles quand où comment pourquoi combien est sont était fait est-ce",
    "it": "che chi cosa quale quali quando dove come perché quanto è sono era fatto su",
    "nl": "wat wie welke wanneer waar waarom hoe heeft hebben had is zijn was over",
    "pt": "que quem qual quais quando onde como porquê quanto é são foi era fez sobre",
}
"""Words that make a question and say nothing about its subject; they are added to Snowball's lists of stop words."""
_STOP_WORDS = {
    "da": "danish",
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ru": "russian",
    "sv": "swedish",
}
"""Tantivy's names of the languages for which it has Snowball's stop words, by ISO 639-1 code."""
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
"""Kana, Han, Thai, Lao, Burmese and Khmer: scripts without spaces between words."""
_ACCENTS = re.compile(r"[\u0300-\u036f]")


@dataclass(frozen=True)
class Term:
    """A word of a text: the characters `start` to `end` (excluded) of it, and its two forms."""

    start: int
    end: int
    folded: str
    stem: str


def terms(text: str, language: str) -> list[Term]:
    """The words of a text in `language` (ISO 639-1).

    Where a script has no spaces, each pair of neighbouring characters is a word, as in Lucene's CJKBigramFilter.
    """
    stem = _stem_function(language)
    found = []
    for match in _word_pattern().finditer(text):
        start, end = match.span()
        if match.lastgroup == "unspaced" and end - start > 2:
            for first in range(start, end - 1):
                pair = fold(text[first : first + 2])
                found.append(Term(first, first + 2, pair, pair))
        else:
            word = match.group()[:MAX_TERM]
            found.append(Term(start, end, *stem(word)))
    return found


def fold(word: str) -> str:
    """A word without capitals, accents, compatibility forms, and the spaces that some of these forms have."""
    plain = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFKD", word.casefold())))
    return "".join(plain.split()) or word


def without_stop_words(words: Sequence[str], languages: Sequence[str]) -> list[int]:
    """Positions of the words, in small letters, that say what a question is about.

    The stop words are those of the language, among `languages`, that has most of the words in its list. All positions
    are returned if there are fewer than three words or only stop words.
    """
    everything = list(range(len(words)))
    if len(words) < 3:
        return everything
    stops = max(
        ([position for position in everything if is_stop_word(words[position], language)] for language in languages),
        key=len,
        default=[],
    )
    return [position for position in everything if position not in stops] or everything


@lru_cache(10_000)
def is_stop_word(word: str, language: str) -> bool:
    """Whether a word in small letters is a stop word of the language (ISO 639-1)."""
    return fold(word) in _question_words(language) or (
        language in _STOP_WORDS and not _analyzer(language).analyze(word)
    )


def is_single_character(folded: str) -> bool:
    """Whether a word is one character of a script without spaces, which occurs in the index as part of pairs only."""
    return len(folded) == 1 and re.fullmatch(f"[{_UNSPACED}]", folded) is not None


@cache
def _question_words(language: str) -> frozenset[str]:
    return frozenset(fold(word) for word in _QUESTION_WORDS.get(language, "").split())


@cache
def _analyzer(language: str) -> tantivy.TextAnalyzer:
    stop_words = tantivy.Filter.stopword(_STOP_WORDS[language])
    return tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.raw()).filter(stop_words).build()


class _Stem(dict[str, tuple[str, str]]):
    """The folded form and the stem of each word seen so far; a language has a bounded number of frequent words."""

    def __init__(self, language: str):
        super().__init__()
        self.stemmer = snowball(language)

    def __call__(self, word: str) -> tuple[str, str]:
        forms = self.get(word)
        if forms is None:
            if len(self) >= 200_000:
                self.clear()
            folded = fold(word)
            lower = unicodedata.normalize("NFC", word.lower())
            forms = self[word] = (folded, fold(self.stemmer.stemWord(lower)) if self.stemmer else folded)
        return forms


@lru_cache(100)
def _stem_function(language: str) -> _Stem:
    return _Stem(language)


@cache
def _word_pattern() -> "re.Pattern[str]":
    """Letters and digits with their combining marks, which `\\w` leaves out; words are cut at apostrophes."""
    marks = "".join(chr(code) for code in range(0x300, 0x10000) if unicodedata.category(chr(code)).startswith("M"))
    return re.compile(rf"(?P<unspaced>[{_UNSPACED}](?:[{_UNSPACED}{marks}])*)|(?:(?![{_UNSPACED}])[^\W_][{marks}]*)+")
