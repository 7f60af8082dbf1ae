import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.transcript.loops import LONGEST_PHRASE, MIN_WORDS, loops


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no no no no", []),
        ("it is very very very very good", []),
        ("hey hey hey hey hey hey", []),
        ("so " + "la " * 12 + "end", [(1, 13)]),
        ("well. " + "Thank you. THANK you! " * 3, [(1, 13)]),
        ("we said it twice we said it twice", []),
        ("a b c " * 4, [(0, 12)]),
        ("x " * 12 + "then some more words " + "y z " * 6, [(0, 12), (16, 28)]),
        ("", []),
    ],
)
def test_phrases_repeated_too_often_are_loops(text: str, expected: list[tuple[int, int]]) -> None:
    assert loops(text.split()) == expected


@given(
    st.lists(st.integers(1000, 10**6).map(str), unique=True, max_size=30),
    st.lists(st.integers(0, 999).map(str), min_size=1, max_size=LONGEST_PHRASE, unique=True),
    st.integers(1, 9),
)
def test_a_phrase_is_a_loop_from_four_repetitions_and_ten_words(
    words: list[str], phrase: list[str], times: int
) -> None:
    middle = len(words) // 2
    looped = phrase * times
    is_loop = times >= 4 and len(looped) >= MIN_WORDS
    expected = [(middle, middle + len(looped))] if is_loop else []
    assert loops([*words[:middle], *looped, *words[middle:]]) == expected
