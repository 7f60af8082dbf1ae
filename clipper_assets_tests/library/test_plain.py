"""The column in which analysts look for words."""

import pytest

from clipper_assets.library.plain import plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Honey, bees!", " honey bees "),
        ("Zoë's café isn\u2019t far.", " zoe s cafe isn t far "),
        ("Straße \u2013 STRASSE", " strasse strasse "),
        ("a well-known Ann", " a well known ann "),
        ("ŁÓDŹ in 2026", " łodz in 2026 "),
        ("İstanbul ﬁne", " istanbul fine "),
        ("кот, йод", " кот иод "),
        ("蜂蜜は甘い。", " 蜂蜜は甘い "),
        ("नमस्ते, दुनिया", " नमस्ते दुनिया "),
        ("...", "  "),
        ("under_score\n\ttab", " under score tab "),
    ],
)
def test_words_are_small_without_accents_between_single_spaces(text: str, expected: str) -> None:
    assert plain(text) == expected


def test_a_name_inside_a_word_is_not_a_word() -> None:
    assert " ann " not in plain("Anna and Joanne")
    assert " ann " in plain("It is Ann's.")
