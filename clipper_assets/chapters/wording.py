"""Titles and a summary of chapters as they are said: the strongest line of each, and a sentence of the longest ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from clipper_assets.chapters.central import centrality
from clipper_assets.chapters.chapter import Chapter, Chapters
from clipper_assets.chapters.division import is_inside
from clipper_assets.highlights.clauses import word_count
from clipper_assets.highlights.pickers.word_lists import HOUSEKEEPING
from clipper_assets.highlights.title_cues import says_something
from clipper_assets.highlights.titles import Lines, spoken_title
from clipper_assets.text.clean import clean_text
from clipper_assets.text.scripts import joined
from clipper_assets.text.tokens import inverse_frequency, tokens
from clipper_assets.transcript.punctuation import is_terminated
from clipper_assets.transcript.timing import Span
from clipper_assets.transcript.words import Sentence

CONTENT = 4.0
"""How much rare words weigh in the title of a chapter, see `Lines`."""
SUMMARY_SENTENCES, FEWEST_WORDS, MOST_WORDS = 3, 6, 25
"""Sentences of a summary, and the length of those that it is made of."""
UNTITLED = "Chapter"


@dataclass(frozen=True)
class Said:
    """What is said in a chapter, without adverts and doubtful words, and how central each sentence is."""

    texts: Sequence[str]
    ranks: Sequence[float]

    def central(self, count: int) -> list[str]:
        """The `count` most central sentences, in their order."""
        best = sorted(range(len(self.texts)), key=lambda number: -self.ranks[number])[:count]
        return [self.texts[number] for number in sorted(best)]


def said_in(
    chapters: Sequence[Chapter], sentences: Sequence[Sentence], adverts: Sequence[Span], language: str
) -> list[Said]:
    """What is said in each chapter."""
    found = []
    for chapter in chapters:
        texts = [
            clean_text(sentence.text)
            for sentence in sentences
            if chapter.first_sentence <= sentence.number <= chapter.last_sentence
            and not sentence.doubtful
            and not is_inside(sentence, adverts)
        ]
        found.append(Said(texts, centrality(texts, language).tolist()))
    return found


def spoken(chapters: Sequence[Chapter], said: Sequence[Said], language: str) -> Chapters:
    """The chapters with titles and a summary that are lines of the transcript."""
    rarity = inverse_frequency([tokens(text, language) for each in said for text in each.texts])
    titled = [
        replace(chapter, title=spoken_title(Lines(each.texts, language, rarity, CONTENT)) or f"{UNTITLED} {number}")
        for number, (chapter, each) in enumerate(zip(chapters, said, strict=True), start=1)
    ]
    return Chapters(titled, spoken_summary(said, language))


def spoken_summary(said: Sequence[Said], language: str) -> str:
    """The most central sentence of each of the longest chapters, in their order; empty if no sentence stands alone."""
    longest = sorted(range(len(said)), key=lambda number: -len(said[number].texts))
    found: dict[int, str] = {}
    for number in longest:
        alone = [
            (rank, text)
            for text, rank in zip(said[number].texts, said[number].ranks, strict=True)
            if _stands_alone(text, language)
        ]
        if alone and len(found) < SUMMARY_SENTENCES:
            found[number] = max(alone)[1]
    return joined([found[number] for number in sorted(found)])


def _stands_alone(text: str, language: str) -> bool:
    is_english = language.startswith("en")
    return (
        is_terminated(text)
        and not text.rstrip().endswith(("?", "\uff1f", "\u061f"))
        and FEWEST_WORDS <= word_count(text, language) <= MOST_WORDS
        and not (is_english and (HOUSEKEEPING.search(text) or not says_something(text)))
    )
