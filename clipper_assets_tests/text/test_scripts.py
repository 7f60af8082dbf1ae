import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.text.scripts import (
    HAN,
    HANGUL,
    KANA,
    THAI,
    UNSPACED,
    in_scripts,
    is_wide,
    joined,
    line_break_pieces,
    split_unspaced,
)

LETTERS = st.text(alphabet="今日は天气很好วันนี้ອາກາດabc 12。", max_size=40)


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("ja", "今日は天気がいいですね。", ["今日は", "天気が", "いいですね。"]),
        ("zh", "我们今天用iPhone拍照。", ["我们", "今天", "用", "iPhone", "拍照。"]),
        ("yue", "今天天氣好", ["今天", "天氣", "好"]),
        ("th", "วันนี้อากาศดีมาก", ["วัน", "นี้", "อากาศ", "ดี", "มาก"]),
        ("lo", "ມື້ນີ້ອາກາດດີ ຫຼາຍ", ["ມື້ນີ້ອາກາດດີ", "ຫຼາຍ"]),
    ],
)
def test_text_without_spaces_is_split_into_words(language: str, text: str, words: list[str]) -> None:
    assert split_unspaced(text, language) == words


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["我", "用", "iPhone", "拍照。"], "我用 iPhone 拍照。"),
        (["今日は", "「はい」", "と"], "今日は「はい」と"),
        (["วัน", "นี้"], "วันนี้"),
        (["안녕", "하세요"], "안녕 하세요"),
        (["مرحبا", "بكم"], "مرحبا بكم"),
        (["two", "words"], "two words"),
        ([], ""),
    ],
)
def test_words_are_joined_with_spaces_only_in_scripts_that_use_them(words: list[str], text: str) -> None:
    assert joined(words) == text


@given(LETTERS, st.sampled_from(sorted(UNSPACED)))
def test_splitting_and_joining_keep_every_character(text: str, language: str) -> None:
    words = split_unspaced(text, language)
    assert all(words)
    assert "".join(words) == "".join(text.split())
    assert "".join(joined(words).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("script", "letters", "others"),
    [
        (HAN, "今们々〇𠮷", "のカ한ก a1、。「😀"),
        (KANA, "のカーｶ", "今한ก a1、。「・😀"),
        (HANGUL, "한ㄱ", "今のカก a1、"),
        (THAI, "กั๑", "ຂ今 a1฿"),
    ],
)
def test_letters_belong_to_their_script_and_shared_punctuation_to_none(
    script: frozenset[str], letters: str, others: str
) -> None:
    assert [char for char in letters + others if in_scripts(char, script)] == list(letters)


def test_east_asian_full_width_characters_are_wide() -> None:
    assert [char for char in "今の한Ａ、 aжกｶ" if is_wide(char)] == list("今の한Ａ、")


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("two words, and more", ["two", "words,", "and", "more"]),
        ("人々は、笑う。", ["人", "々", "は、", "笑", "う。"]),
        ("第12回 iPhoneの話!", ["第", "12", "回", "iPhone", "の", "話!"]),
        ("안녕 하세요", ["안녕", "하세요"]),
        ("", []),
    ],
)
def test_text_is_split_at_every_possible_line_break(text: str, pieces: list[str]) -> None:
    assert line_break_pieces(text) == pieces
