"""Passages have every sentence, and every phrase is in one of them."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.search.passages import HALF_WORDS, passages
from clipper_assets.transcript.words import Sentence


def talk(lengths: list[int]) -> list[Sentence]:
    """Sentences of so many words; every word is another one."""
    sentences, word = [], 0
    for number, length in enumerate(lengths):
        text = " ".join(f"w{word + place}" for place in range(length))
        sentences.append(Sentence(number, text, float(number), number + 1.0, word, word + length - 1, None))
        word += length
    return sentences


@given(st.lists(st.integers(1, 150), max_size=40))
def test_every_sentence_and_every_phrase_is_in_a_passage(lengths: list[int]) -> None:
    found = passages(talk(lengths), "en")
    assert {number for each in found for number in range(each.first, each.last + 1)} == set(range(len(lengths)))
    spoken = {pair for each in found for pair in pairwise(term.folded for term in each.spoken)}
    assert {(f"w{word}", f"w{word + 1}") for word in range(sum(lengths) - 1)} <= spoken


def test_passages_overlap_by_half_and_every_other_one_has_phrases() -> None:
    found = passages(talk([20] * 21), "en")
    assert [(each.first, each.last) for each in found] == [(0, 5), (3, 8), (6, 11), (9, 14), (12, 17), (15, 20)]
    assert [bool(each.spoken) for each in found] == [True, False, True, False, True, True]
    assert all(len(each.terms) >= 2 * HALF_WORDS for each in found)
