from math import log

import pytest

from clipper_assets.text.tokens import inverse_frequency, tokens


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("It\u2019s 3 well-known facts, isn't it?", "en", ["it's", "well", "known", "facts", "isn't", "it"]),
        ("今日は天気がいいです。", "ja", ["今日は", "天気が", "いいです"]),
        ("วันนี้อากาศดี", "th", ["วัน", "นี้", "อากาศ", "ดี"]),
        ("यह हिन्दी है।", "hi", ["यह", "हिन्दी", "है"]),
    ],
)
def test_words_are_split_by_the_rules_of_their_script(text: str, language: str, expected: list[str]) -> None:
    assert tokens(text, language) == expected


def test_a_word_in_every_sentence_weighs_nothing() -> None:
    assert inverse_frequency([["the", "plan"], ["the"]]) == {"the": 0.0, "plan": pytest.approx(log(2))}
