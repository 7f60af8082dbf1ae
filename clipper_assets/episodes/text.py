"""Text that comes in from outside, cleaned, and text for people: clock times and Markdown tables."""

from collections.abc import Iterable, Sequence

_UNWANTED = {
    code: " " if chr(code).isspace() else None
    for code in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0xD800, 0xE000))
}
"""Control characters and line separators, those that part words as a space; halves of surrogate pairs."""


def clean_text(text: str) -> str:
    """The text on one line, without characters that end a caption or a file early and that nobody sees.

    Marks that some scripts need (joiners, directions) stay.
    """
    return text.translate(_UNWANTED)


def clock(seconds: float) -> str:
    """Seconds as m:ss."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; a bar or a line break inside a cell does not end it."""
    cells = [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    lines = [header, ["---"] * len(header), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
