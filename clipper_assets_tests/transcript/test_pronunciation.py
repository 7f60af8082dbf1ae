import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.transcript.pronunciation import pronounce, spoken

ARPABET = "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("podcast,", "podcast"),
        ("“Don’t!”", "don't"),
        ("well-known", "well known"),
        ("2019", "twenty nineteen"),
        ("300", "three hundred"),
        ("1,500", "one thousand five hundred"),
        ("$3.50", "three point five dollars"),
        ("21st", "twenty first"),
        ("1990s", "nineteen nineties"),
        ("50%", "fifty percent"),
        ("Dr.", "doctor"),
        ("4K", "four k"),
        ("café", "cafe"),
        ("GPT", "g p t"),
        ("NASA", "nasa"),
        ("—", ""),
        ("你好", ""),
    ],
)
def test_english_words_are_converted_to_spoken_words(text: str, expected: str) -> None:
    assert spoken(text, "en", known=lambda word: word == "nasa") == expected.split()


@given(st.text(max_size=20))
def test_spoken_english_words_have_only_ascii_letters_and_apostrophes(text: str) -> None:
    assert all(word.replace("'", "").isascii() and word.replace("'", "").isalpha() for word in spoken(text, "en"))


@given(st.from_regex(r"[a-z]+('[a-z]+)?", fullmatch=True))
def test_every_word_has_arpabet_phones(word: str) -> None:
    phones = pronounce(word).split()
    assert phones
    assert set(phones) <= set(ARPABET.split())


def test_groups_of_letters_are_pronounced_together() -> None:
    assert pronounce("blockchain") == "B L AA K CH EY N"
    assert pronounce("shortle") == "SH AA R T L"


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("2019,", "de", ["zweitausendneunzehn"]),
        ("1.500,5", "de", ["eintausendfünfhundert", "komma", "fünf"]),
        ("€5", "de", ["fünf", "euro"]),
        ("Größe", "de", ["größe"]),
        ("l'été", "fr", ["l'été"]),
        ("50%", "fr", ["cinquante", "pour", "cent"]),
        ("2019年", "ja", ["二千十九", "年"]),
        ("हिन्दी", "hi", ["हिन्दी"]),
        ("مرحبا،", "ar", ["مرحبا"]),
        ("你好。", "zh", ["你好"]),
        ("300", "zh", []),
    ],
)
def test_words_of_other_languages_are_converted_to_spoken_words(text: str, language: str, expected: list[str]) -> None:
    """Numbers that num2words cannot spell, as in Chinese, give no words; their times are interpolated."""
    assert spoken(text, language) == expected


@given(st.text(max_size=20), st.sampled_from(["de", "fr", "ru", "ar", "ja", "ko", "th", "hi", "zh", "xx"]))
def test_any_text_of_any_language_is_converted(text: str, language: str) -> None:
    assert not any(char.isdecimal() or char.isspace() for word in spoken(text, language) for char in word)
