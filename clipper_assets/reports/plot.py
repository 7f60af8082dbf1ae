"""Plots the report of a show: clips by state, spend by month, and who talks."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from clipper_assets.media.plots import png_of
from clipper_assets.reports.figures import STATES, ShowFigures

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOUR = "#4477AA"
MAX_MONTHS, MAX_SPEAKERS, MAX_LETTERS = 24, 12, 24
WIDTH_IN, HEIGHT_IN, DPI = 12.0, 3.6, 100


def report_plot(figures: ShowFigures) -> bytes | None:
    """The three plots side by side, as a PNG; None for a show without episodes.

    Shows the last `MAX_MONTHS` with spend, and the `MAX_SPEAKERS` who talk most, the others together.
    """
    if not figures.episodes:
        return None
    from matplotlib.figure import Figure

    figure = Figure((WIDTH_IN, HEIGHT_IN), dpi=DPI, layout="constrained")
    clips, spend, speakers = figure.subplots(1, 3)
    _bars(clips, "clips", {state: figures.clips[state] for state in STATES})
    clips.locator_params("y", integer=True)
    _bars(spend, "USD by month", dict(sorted(figures.usd.items())[-MAX_MONTHS:]), slanted=True)
    shares = most_talking(figures.talk_shares(), MAX_SPEAKERS)
    names = [name[:MAX_LETTERS] for name, _ in shares]
    speakers.barh(range(len(shares)), [100 * share for _, share in shares], color=COLOUR)
    speakers.set_yticks(range(len(shares)), names, parse_math=False)
    speakers.invert_yaxis()
    _label(speakers, "talking time, %")
    return png_of(figure)


def most_talking(shares: Sequence[tuple[str, float]], most: int) -> list[tuple[str, float]]:
    """At most `most` rows: the speakers who talk most, and the others together."""
    if len(shares) <= most:
        return list(shares)
    others = shares[most - 1 :]
    return [*shares[: most - 1], (f"{len(others)} others", sum(share for _, share in others))]


def _bars(axes: "Axes", title: str, values: Mapping[str, float], *, slanted: bool = False) -> None:
    axes.bar(range(len(values)), list(values.values()), color=COLOUR)
    axes.set_xticks(range(len(values)), list(values), rotation=60 if slanted else 0)
    _label(axes, title)


def _label(axes: "Axes", title: str) -> None:
    axes.set_title(title, fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
