"""Figures that Dagster's pages show: they are stored in the event log, twice a run, so they have to be small."""

import base64
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_COLOURS = 64
"""A PNG with a palette is a third of the size that matplotlib writes."""


def inline_plot(figure: "Figure", description: str) -> str:
    """Markdown with the figure as a PNG inline as a data URI, so that it needs no access to the storage."""
    from PIL import Image

    drawn, small = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png")
    with Image.open(drawn) as picture:
        picture.convert("RGB").quantize(MOST_COLOURS, dither=Image.Dither.NONE).save(small, "png", optimize=True)
    return f"![{description}](data:image/png;base64,{base64.b64encode(small.getvalue()).decode()})"
