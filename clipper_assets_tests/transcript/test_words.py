from clipper_assets.transcript.words import Word, words_table


def test_words_of_any_engine_hold_no_control_characters() -> None:
    table = words_table("show/ep", [Word("t\0wo\x1b", 0.0, 1.0, 0)], [0], "en", {})
    assert table["text"].to_pylist() == ["two"]
