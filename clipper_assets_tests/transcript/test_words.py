import math

from clipper_assets.transcript.words import Word, words_table


def test_control_characters_are_removed_from_words() -> None:
    table = words_table("show/ep", [Word("t\0wo\x1b", 0.0, 1.0, 0)], [0], "en", {})
    assert table["text"].to_pylist() == ["two"]


def test_a_confidence_that_is_nan_becomes_null() -> None:
    words = [Word("one", 0.0, 1.0, 0, confidence=math.nan), Word("two", 1.0, 2.0, 0, confidence=0.5)]
    assert words_table("show/ep", words, [0, 0], "en", {})["confidence"].to_pylist() == [None, 0.5]
