"""Text for people: clock times and Markdown tables."""

from collections.abc import Iterable, Sequence

from clipper_assets.text.clean import clean_text

MOST_CHARACTERS = 300
"""Most characters of one cell, because a key and an error can be long and Dagster's event log keeps them."""


def clock(seconds: float) -> str:
    """Seconds as m:ss."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table. Bars in cells are escaped, and line breaks become spaces."""
    cells = [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    lines = [header, ["---"] * len(header), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def short_table(header: Sequence[str], rows: Sequence[Sequence[object]], most: int, nothing: str = "none") -> str:
    """A Markdown table of the first `most` rows, with a line that counts the others; `nothing` if there are no rows."""
    if not rows:
        return nothing
    more = f"\n\nand {len(rows) - most} more" if len(rows) > most else ""
    return markdown_table(header, rows[:most]) + more


def shortened(text: str) -> str:
    """The beginning of a text on one line, with dots if something was left out."""
    text = clean_text(text)
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 3]}..."
