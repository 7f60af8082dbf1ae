"""Splits a transcript into sentences, at whose boundaries clips may begin and end."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate, pairwise

from clipper_assets.text.scripts import UNSPACED
from clipper_assets.transcript.punctuation import is_terminated
from clipper_assets.transcript.words import Word

MAX_SENTENCE_S = 15.0
"""Half of the shortest clip, so that whole sentences can always be combined to windows of 30 to 60 s."""

PAUSE_S = 0.6
"""A pause this long ends a sentence that has no punctuation.

Longer pauses are the upper half of the "medium" silent pauses (0.2 to 1 s) of Campione and Véronis, "A large-scale
multilingual study of silent pause duration" (Speech Prosody 2002), and longer than a breath inside a phrase.
"""


def split_sentences(words: Sequence[Word], language: str) -> list[int]:
    """The sentence number of each word, counted from 0.

    A sentence ends

    - at punctuation, by the rules of `language` (ISO 639-1; sentencex falls back to English rules);
    - where the speaker changes, also for a listener's short interjection (`cut_boundaries` knows that the sentence goes
      on after it);
    - where the doubt of words changes;
    - without punctuation, at a pause longer than `PAUSE_S`;
    - at its longest inner pause, if it would be longer than `MAX_SENTENCE_S`.
    """
    starts = _punctuated(words, language) | _turns(words)
    starts |= {number for number in range(1, len(words)) if words[number].doubt != words[number - 1].doubt}
    for first, end in pairwise(sorted({0, *starts, len(words)})):
        if not is_terminated(words[end - 1].text):
            starts |= {number for number in range(first + 1, end) if _pause(words, number) > PAUSE_S}
    for first, end in pairwise(sorted({0, *starts, len(words)})):
        starts |= _too_long(words, first, end)
    return list(accumulate(int(number in starts) for number in range(len(words))))


def _punctuated(words: Sequence[Word], language: str) -> set[int]:
    """Numbers of the words after sentence-ending punctuation, without word 0."""
    import sentencex

    gap = "" if language in UNSPACED else " "
    offsets = [0, *accumulate(len(word.text + gap) for word in words)][:-1]
    text = gap.join(word.text for word in words)
    boundaries = sentencex.get_sentence_boundaries(language, text)
    starts = {bisect_left(offsets, boundary["start_index"]) for boundary in boundaries}
    return starts - {0, len(words)}


def _turns(words: Sequence[Word]) -> set[int]:
    """Numbers of the words at which the speaker changes, without word 0."""
    return {number for number in range(1, len(words)) if words[number].speaker != words[number - 1].speaker}


def _pause(words: Sequence[Word], number: int) -> float:
    """Seconds of silence before a word."""
    return words[number].start - words[number - 1].end


def _too_long(words: Sequence[Word], first: int, end: int) -> set[int]:
    """Numbers of the words to split `first` to `end` (excluded) at, so that no part exceeds `MAX_SENTENCE_S`."""
    cuts: set[int] = set()
    parts = [(first, end)]
    while parts:
        first, end = parts.pop()
        if end - first < 2 or max(word.end for word in words[first:end]) - words[first].start <= MAX_SENTENCE_S:
            continue
        middle = (first + end) / 2
        cut = max(range(first + 1, end), key=lambda number: (_pause(words, number), -abs(number - middle)))
        cuts.add(cut)
        parts += [(first, cut), (cut, end)]
    return cuts
