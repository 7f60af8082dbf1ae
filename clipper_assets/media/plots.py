"""Figures for Dagster's UI. They are stored in the event log, twice per run, so they must be small."""

import base64
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_COLOURS = 64
"""A PNG with a palette is a third of the size of the one that matplotlib writes."""


def inline_plot(figure: "Figure", description: str) -> str:
    """Markdown that embeds the figure as a PNG data URI, so that Dagster's UI needs no access to the storage."""
    from PIL import Image

    drawn, small = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png")
    with Image.open(drawn) as picture:
        picture.convert("RGB").quantize(MAX_COLOURS, dither=Image.Dither.NONE).save(small, "png", optimize=True)
    return f"![{description}](data:image/png;base64,{base64.b64encode(small.getvalue()).decode()})"
