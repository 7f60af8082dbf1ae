# ruff: noqa: RUF001  # all the world's letters

import pytest

from clipper_assets.captions.keywords import mark_keywords
from clipper_assets.captions.line_breaks import BETWEEN, BOUND, COMMA, LANGUAGES, PHRASE, SENTENCE, bare, break_cost
from clipper_assets.captions.lines import CaptionWord


@pytest.mark.parametrize(
    ("before", "after", "language", "cost"),
    [
        ("came.", "They", "en", SENTENCE),
        ('came."', "They", "en", SENTENCE),
        ("来た。", "次は", "ja", SENTENCE),
        ("آمد؟", "بله", "fa", SENTENCE),
        ("mill,", "and", "en", COMMA),
        ("面包，", "我们", "zh", COMMA),
        ("mill", "and", "en", PHRASE),
        ("walked", "into", "en", PHRASE),
        ("walked", "quickly", "en", BETWEEN),
        ("the", "mill", "en", BOUND),
        ("into", "it", "en", BOUND),
        ("good", "bread", "en", BOUND),
        ("I’m", "here", "en", BOUND),
        ("300", "rolls", "en", BOUND),
        ("Mr.", "Baker", "en", BOUND),
        ("Anna", "Baker", "en", BOUND),
        ("altes", "Brot", "de", BETWEEN),
        ("Haus", "Brot", "de", BETWEEN),
        ("das", "Brot", "de", BOUND),
        ("la", "casa", "es", BOUND),
        ("хлеба", "и", "ru", PHRASE),
        ("the", "mill", "", BETWEEN),
    ],
)
def test_a_break_costs_more_between_words_that_belong_together(
    before: str, after: str, language: str, cost: float
) -> None:
    assert break_cost(before, after, language) == cost


def test_words_that_begin_a_phrase_are_bound_to_the_next_word() -> None:
    for language, listed in LANGUAGES.items():
        assert listed.beginning < listed.binding
        assert all(word == bare(word) for word in listed.binding), language


def marked(text: str, texts: list[str], language: str = "en") -> list[str]:
    spoken_words = [CaptionWord(word, 0.0, 0.1, 0, None, language) for word in text.split()]
    return [word.text for word in mark_keywords(spoken_words, texts) if word.is_key]


def test_key_words_occur_in_the_texts_and_are_not_function_words() -> None:
    assert marked("And then the Bakery, without money, failed.", ["Why a bakery failed without you", "#money"]) == [
        "Bakery,",
        "money,",
        "failed.",
    ]
    assert marked("who ate them with you", ["who ate with you"]) == []
    assert marked("miksi leipomo kaatui", ["leipomo kaatui"], "fi") == []
