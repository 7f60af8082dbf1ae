from clipper_assets.text.stems import stems


def test_forms_of_a_word_have_one_stem_by_the_rules_of_the_language() -> None:
    assert stems(["investoren"], "de") == stems(["investor"], "de")
    assert stems(["topics", "running"], "en") == ["topic", "run"]


def test_words_of_a_language_without_rules_stay() -> None:
    assert stems(["der", "hund"], "xx") == ["der", "hund"]
