import pytest

from clipper_assets.text.markdown import MOST_CHARACTERS, short_table, shortened


@pytest.mark.parametrize(("count", "ends"), [(0, "none"), (2, "| 1 |"), (3, "| 1 |\n\nand 1 more")])
def test_a_short_table_says_outside_its_last_row_how_many_more_there_are(count: int, ends: str) -> None:
    assert short_table(["number"], [[number] for number in range(count)], most=2).endswith(ends)


def test_a_shortened_text_is_on_one_line_and_keeps_its_beginning() -> None:
    assert shortened("one\ntwo") == "one two"
    assert shortened("x" * MOST_CHARACTERS) == "x" * MOST_CHARACTERS
    assert shortened("x" * 1_000) == f"{'x' * (MOST_CHARACTERS - 3)}..."
