"""Figures as small PNG files."""

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_COLOURS = 64
"""A PNG with a palette is a third of the size of the one that matplotlib writes."""


def png_of(figure: "Figure") -> bytes:
    """The figure as a PNG with a palette of `MAX_COLOURS`."""
    from PIL import Image

    drawn, small = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png")
    with Image.open(drawn) as picture:
        picture.convert("RGB").quantize(MAX_COLOURS, dither=Image.Dither.NONE).save(small, "png", optimize=True)
    return small.getvalue()
