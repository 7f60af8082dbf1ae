import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipper_assets.captions.order import right_to_left, visual_order


@pytest.mark.parametrize(
    ("logical", "visual"),
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
def test_words_are_put_in_visual_order(logical: str, visual: str) -> None:
    words = logical.split()
    assert [words[number] for number in visual_order(right_to_left(words))] == visual.split()


@settings(deadline=None)
@given(st.lists(st.text("ab1.אבم", min_size=1, max_size=4), min_size=1, max_size=12))
def test_no_word_is_lost_and_lines_of_one_direction_keep_or_reverse_their_order(words: list[str]) -> None:
    directions = right_to_left(words)
    order = visual_order(directions)
    assert sorted(order) == list(range(len(words)))
    if len(set(directions)) == 1:
        assert order == sorted(order, reverse=directions[0])
