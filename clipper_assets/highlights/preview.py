"""A Markdown table of an episode's windows, for the Dagster UI."""

from collections.abc import Iterable

from clipper_assets.highlights.window import Window
from clipper_assets.text.markdown import clock, markdown_table

HEADER = ["clip", "time", "seconds", "score", "hook", "title", "picker"]


def preview(windows: Iterable[Window]) -> str:
    """Format windows as a Markdown table."""
    return markdown_table(
        HEADER,
        (
            (
                window.clip,
                f"{clock(window.start)}\u2013{clock(window.end)}",
                f"{window.end - window.start:.1f}",
                f"{window.virality_score:.1f}",
                window.hook,
                window.title,
                window.picker,
            )
            for window in windows
        ),
    )
