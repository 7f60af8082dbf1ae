"""Plots what settings of an encoder cost against how good they are."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

COLOURS = ("#4477AA", "#66CCEE", "#228833", "#CCBB44", "#AA3377", "#BBBBBB")
CHOSEN_COLOUR = "#EE6677"
"""Paul Tol's "bright" scheme (SRON/EPS/TN/09-002, 2021)."""
AREA_PER_MBIT = 40
WIDTH_IN, HEIGHT_IN = 10, 5


class Point(Protocol):
    """CPU-seconds per second of the clip, Mbit/s, VMAF, and XPSNR in dB."""

    @property
    def cpu(self) -> float: ...
    @property
    def mbit(self) -> float: ...
    @property
    def vmaf(self) -> float: ...
    @property
    def xpsnr(self) -> float: ...


def write_plot(points: Mapping[str, Point], chosen: str, file: Path) -> None:
    """Write a panel for each metric to `file` as PNG: CPU to the right, quality upward, and the bit rate as area.

    The dotted line joins the settings to which no other is better and cheaper (the Pareto front).
    """
    from matplotlib.figure import Figure

    figure = Figure((WIDTH_IN, HEIGHT_IN), dpi=100, layout="constrained")
    others = iter(COLOURS)
    colours = {name: CHOSEN_COLOUR if name == chosen else next(others) for name in points}
    for axes, (metric, label) in zip(
        figure.subplots(1, 2), {"vmaf": "VMAF", "xpsnr": "XPSNR, dB"}.items(), strict=True
    ):
        places = {name: (point.cpu, float(getattr(point, metric))) for name, point in points.items()}
        axes.plot(*zip(*front(places.values()), strict=True), color="black", linestyle=":", linewidth=1, zorder=0)
        for name, point in points.items():
            shown = f"{name}, {point.mbit:.1f} Mbit/s"
            axes.scatter(*places[name], AREA_PER_MBIT * point.mbit, color=colours[name], label=shown)
        axes.set_xlabel("CPU-seconds for each second of the clip")
        axes.set_ylabel(label)
        axes.margins(0.15)
        axes.spines[["top", "right"]].set_visible(False)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    figure.savefig(file)


def front(places: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """The places of cost and quality that no other place exceeds in both, from the cheapest to the best."""
    result: list[tuple[float, float]] = []
    for cost, quality in sorted(places, key=lambda place: (place[0], -place[1])):
        if not result or quality > result[-1][1]:
            result.append((cost, quality))
    return result
