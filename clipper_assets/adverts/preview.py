"""A Markdown table of an episode's spans, for the Dagster UI."""

from collections.abc import Iterable

from clipper_assets.adverts.spans import AdSpan
from clipper_assets.text.markdown import clock, markdown_table

HEADER = ["time", "seconds", "kind", "confidence", "evidence"]


def preview(spans: Iterable[AdSpan]) -> str:
    """Format spans as a Markdown table."""
    return markdown_table(
        HEADER,
        (
            (
                f"{clock(span.start)}\u2013{clock(span.end)}",
                f"{span.end - span.start:.1f}",
                span.kind,
                f"{span.confidence:.2f}",
                ", ".join(span.evidence),
            )
            for span in spans
        ),
    )
