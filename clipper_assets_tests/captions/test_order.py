import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.captions.order import right_to_left, seen_order


@pytest.mark.parametrize(
    ("read", "seen"),
    [
        ("one two 3", "one two 3"),
        ("שלום עולם טוב", "טוב עולם שלום"),
        ("مرحبا بكم", "بكم مرحبا"),
        ("יש לי iPhone 15 Pro חדש", "חדש iPhone 15 Pro לי יש"),
        ("אני בן 30 שנה", "שנה 30 בן אני"),
        ("he said שלום עולם twice", "he said עולם שלום twice"),
        ("30 שנה", "שנה 30"),
        ("1 2", "1 2"),
    ],
)
def test_a_line_is_ordered_as_it_is_seen(read: str, seen: str) -> None:
    words = read.split()
    assert [words[number] for number in seen_order(right_to_left(words))] == seen.split()


@given(st.lists(st.text("ab1.אבم", min_size=1, max_size=4), min_size=1, max_size=12))
def test_no_word_is_lost_and_pure_lines_keep_or_turn_their_order(words: list[str]) -> None:
    directions = right_to_left(words)
    order = seen_order(directions)
    assert sorted(order) == list(range(len(words)))
    if len(set(directions)) == 1:
        assert order == sorted(order, reverse=directions[0])
