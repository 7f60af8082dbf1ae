import pytest

from clipper_assets.text.markdown import clock, markdown_table


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00"), (59.9, "0:59"), (100, "1:40"), (3725.2, "62:05")])
def test_clock(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


def test_a_table_keeps_its_cells_whatever_is_in_them() -> None:
    assert markdown_table(["hook", "score"], [("this | that\nand more", 5.0)]).splitlines() == [
        "| hook | score |",
        "| --- | --- |",
        "| this \\| that and more | 5.0 |",
    ]
