import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.highlights.clauses import pieces, word_count
from clipper_assets.highlights.titles import TITLE_WORDS, Lines, cleaned_title, spoken_title
from clipper_assets.text.tokens import inverse_frequency, tokens

TEXT = "and but so the plan never works, because nobody asked why? you know well bread, rises - in ovens. um"


def title_of(texts: list[str], language: str = "en", episode: list[str] | None = None) -> str:
    rarity = inverse_frequency([tokens(text, language) for text in (episode or texts)])
    return spoken_title(Lines(texts, language, rarity))


@pytest.mark.parametrize(
    ("texts", "title"),
    [
        (["It was hot.", "Why does bread rise in the oven?", "He told me that it was fine."],
         "Why does bread rise in the oven?"),
        (["And so, you know, nobody reads the contract.", "Then we went home again."], "Nobody reads the contract"),
        (["Well, I mean, the second oven is always broken, which, um, is what they told us about it yesterday."],
         "The second oven is always broken"),
        (["When the tide came in, the whole bridge collapsed, and then they all went back to the village together."],
         "The whole bridge collapsed"),
        (["Right?", "You know what I mean?", "Copper wires never rust."], "Copper wires never rust"),
        (["Welcome back to the show.", "Please subscribe and share.", "Owls hear a mouse under snow."],
         "Owls hear a mouse under snow"),
        (["So the U.S. left the treaty.", "Okay."], "The U.S. left the treaty"),
        (["He said he would, possibly to get rid of it.", "The harbour master lost every single map."],
         "The harbour master lost every single map"),
        (["They opened a new museum of ancient", "Copper never rusts at sea."],
         "Copper never rusts at sea"),
        (["They work all night, making bread by hand.", "Could have been worse, but nobody ever complained about it."],
         "Nobody ever complained about it"),
        (["She measured every glacier - all forty of them - and published nothing for the next eleven years of it."],
         "She measured every glacier"),
    ],
)  # fmt: skip
def test_the_strongest_line_is_the_title(texts: list[str], title: str) -> None:
    assert title_of(texts) == title


@pytest.mark.parametrize(
    ("language", "texts", "title"),
    [
        ("ja", ["今日はいい天気です。", "なぜ水は熱いほうが早く凍るのか？"], "なぜ水は熱いほうが早く凍るのか？"),
        ("zh", ["我觉得，最重要的是，不要害怕失败。"], "不要害怕失败"),
        ("th", ["วันนี้เราจะพูดถึงเรื่องน้ำ ทำไมน้ำร้อนถึงแข็งตัวเร็วกว่า"], "ทำไมน้ำร้อนถึงแข็งตัวเร็วกว่า"),
        ("ar", ["نعم، هذا صحيح.", "لماذا يتجمد الماء الساخن أسرع؟"], "لماذا يتجمد الماء الساخن أسرع؟"),
        ("de", ["Ja.", "Wer hat den Kuchen gegessen?"], "Wer hat den Kuchen gegessen?"),
    ],
)
def test_a_title_is_found_in_any_script(language: str, texts: list[str], title: str) -> None:
    assert title_of(texts, language) == title


def test_without_a_short_clause_a_title_is_the_beginning_with_an_ellipsis() -> None:
    assert (
        title_of(["the talk goes on and on without any comma or full stop"])
        == "The talk goes on and on without any\u2026"
    )
    assert title_of(["Hi"]) == "Hi"
    assert title_of([]) == title_of(["..."]) == ""


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(st.sampled_from(TEXT.split()), min_size=1, max_size=20).map(" ".join), min_size=1, max_size=5))
def test_every_title_was_said_and_is_short(texts: list[str]) -> None:
    title = title_of(texts)
    said = title.rstrip("\u2026").casefold()
    assert any(said in text.casefold() for text in texts)
    assert word_count(title, "en") <= TITLE_WORDS


def test_pieces_are_whole_clauses() -> None:
    found = [piece.text for piece in pieces("One two, three four - five six.", "en", 4)]
    assert found == ["One two", "One two, three four", "three four", "three four - five six", "five six"]
    assert next(pieces("It costs 1,200 dollars: a lot.", "en", 4)).text == "It costs 1,200 dollars"


def test_a_line_of_signs_without_words_has_few_pieces() -> None:
    assert len(list(pieces(", ".join(["\u266a"] * 1000), "en", 8))) <= 8000


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Bread that never rises", "Bread that never rises"),
        ('"Bread that never rises."', "Bread that never rises"),
        ("\u201cBread\u201d is hard", "\u201cBread\u201d is hard"),
        ("Bread that never rises #bread #baking", "Bread that never rises"),
        ("Why #bread never rises!", "Why bread never rises!"),
        ("The oven lies: why your bread never rises at all at home", "The oven lies"),
        ("One two three four five six seven eight nine", ""),
        ("#bread #baking", ""),
        ("", ""),
    ],
)
def test_a_title_of_a_model_is_cleaned(written: str, title: str) -> None:
    assert cleaned_title(written, "en") == title
    assert not re.search("#", cleaned_title(written, "en"))


@pytest.mark.parametrize("title", ["Why C# is hard", "The #1 reason people quit"])
def test_a_title_of_a_model_keeps_signs_that_make_no_hashtag(title: str) -> None:
    assert cleaned_title(f"{title} #code #work", "en") == title
