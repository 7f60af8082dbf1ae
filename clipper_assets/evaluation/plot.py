"""Plots the share of clips that people kept, by picker and prompt."""

from collections.abc import Sequence

from clipper_assets.evaluation.figures import Row, Version
from clipper_assets.media.plots import png_of

COLOUR = "#4477AA"
MAX_ROWS = 20
WIDTH_PX, ROW_PX, MARGIN_PX, PX_PER_INCH = 900, 34, 90, 100


def kept_plot(rows: Sequence[Row]) -> bytes | None:
    """Plot the kept share and its interval of each picker and prompt over all shows, as a PNG; None without decisions.

    Shows the `MAX_ROWS` with the most decisions.
    """
    shown = [row for row in rows if row["show"] is None and row["decisions"]][:MAX_ROWS]
    if not shown:
        return None
    from matplotlib.figure import Figure

    size_in = (WIDTH_PX / PX_PER_INCH, (ROW_PX * len(shown) + MARGIN_PX) / PX_PER_INCH)
    figure = Figure(size_in, dpi=PX_PER_INCH, layout="constrained")
    axes = figure.subplots()
    for place, row in enumerate(shown):
        axes.plot([100 * row["kept_low"], 100 * row["kept_high"]], [place, place], color=COLOUR, lw=2)
        axes.plot(100 * row["kept_share"], place, "o", color=COLOUR)
        axes.annotate(
            f"{row['kept']} of {row['decisions']}", (100 * row["kept_high"], place), (6, 0),
            textcoords="offset points", va="center", fontsize=8,
        )  # fmt: skip
    axes.set_yticks(range(len(shown)), [_label(row) for row in shown], parse_math=False)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xlim(0, 112)
    axes.set_xticks(range(0, 101, 20))
    axes.set_xlabel("clips that people kept, %, with 95 % interval")
    axes.spines[["top", "right"]].set_visible(False)
    return png_of(figure)


def _label(row: Row) -> str:
    version = Version.of(row)
    return f"{row['picker']}, {version}"[:60] if version.prompt else row["picker"]
