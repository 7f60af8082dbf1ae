"""The words of texts in several languages, and the stop words of questions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.search.terms import MAX_TERM, terms, without_stop_words


def stems(text: str, language: str) -> list[str]:
    return [term.stem for term in terms(text, language)]


@pytest.mark.parametrize(
    ("language", "spoken", "typed"),
    [
        ("en", "discussed", "discussing"),
        ("de", "Häuser", "Haus"),
        ("fr", "mangeaient", "manger"),
        ("es", "corriendo", "correr"),
        ("ru", "книгами", "книга"),
        ("hi", "लड़कों", "लड़का"),
        ("pl", "KSIĄŻKA", "ksiazka"),
        ("tr", "kitaplar", "kitap"),
    ],
)
def test_words_match_by_stem_and_without_accents(language: str, spoken: str, typed: str) -> None:
    assert stems(spoken, language) == stems(typed, language)


@pytest.mark.parametrize(
    ("text", "language", "folded"),
    [
        ("Don't stop—the 2nd café!", "en", ["don", "t", "stop", "the", "2nd", "cafe"]),
        ("l\u2019homme", "fr", ["l", "homme"]),
        ("東京都へ", "ja", ["東京", "京都", "都へ"]),
        ("東", "ja", ["東"]),
        ("AI研究", "zh", ["ai", "研究"]),
        ("한국어 회의", "ko", ["한국어", "회의"]),
        ("हिन्दी में", "hi", ["हिन्दी", "में"]),
        ("\uff21\uff22\uff23 \ufb01ne", "en", ["abc", "fine"]),
        ("\u202eabc\x00 \ud800 ...", "en", ["abc"]),
    ],
)
def test_text_is_split_into_words(text: str, language: str, folded: list[str]) -> None:
    assert [term.folded for term in terms(text, language)] == folded


@given(st.text(max_size=200), st.sampled_from(["en", "ja", "xx", ""]))
def test_terms_name_the_characters_they_are_made_of(text: str, language: str) -> None:
    found = terms(text, language)
    assert all(0 <= term.start < term.end <= len(text) and term.folded for term in found)
    assert [term.start for term in found] == sorted(term.start for term in found)


def test_long_words_are_cut() -> None:
    assert len(terms("x" * 5000, "en")[0].folded) == MAX_TERM


@pytest.mark.parametrize(
    ("question", "kept"),
    [
        ("what did they say about honey bees", ["say", "honey", "bees"]),
        ("the who", ["the", "who"]),
        ("to be or not to be", ["to", "be", "or", "not", "to", "be"]),
        ("was sagten sie über die bienen", ["sagten", "bienen"]),
    ],
)
def test_stop_words_are_left_out_of_questions_alone(question: str, kept: list[str]) -> None:
    words = question.split()
    assert [words[place] for place in without_stop_words(words, ["en", "de"])] == kept
