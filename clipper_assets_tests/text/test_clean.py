import pytest

from clipper_assets.text.markdown import clock, markdown_table


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.9, "0:59"), (100, "1:40"), (3725.2, "62:05")])
def test_clock_shows_minutes_and_seconds(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_bars_and_line_breaks_do_not_end_a_table_cell() -> None:
    assert markdown_table(["hook", "score"], [("this | that\nand more", 5.0)]).splitlines() == [
        "| hook | score |",
        "| --- | --- |",
        "| this \\| that and more | 5.0 |",
    ]
