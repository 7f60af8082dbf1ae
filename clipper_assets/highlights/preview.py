"""The windows of an episode, for a person to look at in the UI."""

from collections.abc import Iterable, Mapping
from typing import Any

from clipper_assets.text.markdown import clock, markdown_table

HEADER = ["clip", "time", "seconds", "score", "hook", "title", "picker"]


def preview(windows: Iterable[Mapping[str, Any]]) -> str:
    """Rows of the windows table as a Markdown table."""
    return markdown_table(
        HEADER,
        (
            (
                row["clip"],
                f"{clock(row['start'])}\u2013{clock(row['end'])}",
                f"{row['end'] - row['start']:.1f}",
                f"{row['virality_score']:.1f}",
                row["hook"],
                row["title"],
                row["picker"],
            )
            for row in windows
        ),
    )
