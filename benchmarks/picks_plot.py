"""Plots the shares of picked windows next to those of random windows."""

from pathlib import Path

import numpy as np

from benchmarks.picks_figures import SHARES, Results

PICKED_COLOUR, RANDOM_COLOUR = "#4477AA", "#CCCCCC"
"""Paul Tol's "bright" scheme (SRON/EPS/TN/09-002, 2021), and grey."""


def write_plot(results: Results, file: Path) -> None:
    """Writes the plot of a run to `file` as PNG."""
    from matplotlib.figure import Figure

    picked, drawn = results.total, results.random_total
    shown = [name for name, shares in SHARES.items() if picked.of(*shares) is not None]
    rows = np.arange(len(shown))
    figure = Figure((9, 4.5), dpi=100, layout="constrained")
    axes = figure.subplots()
    for shift, counts, label, colour in (
        (-0.2, picked, "picked", PICKED_COLOUR),
        (0.2, drawn, "random windows of the same lengths", RANDOM_COLOUR),
    ):
        shares = [counts.of(*SHARES[name]) for name in shown]
        bars = axes.barh(rows + shift, [100 * (share or 0.0) for share in shares], 0.4, color=colour, label=label)
        axes.bar_label(bars, ["" if share is None else f"{share:.1%}" for share in shares], padding=3, fontsize=8)
    axes.set_yticks(rows, shown)
    axes.invert_yaxis()
    axes.set_xlim(0, 112)
    axes.set_xlabel("% (of clips, of words, of titles, of the episode)")
    axes.legend(loc="lower right", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(file)
