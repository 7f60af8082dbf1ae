"""Plots what settings of an encoder cost against how good they are."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

COLOUR, CHOSEN_COLOUR = "#4477AA", "#EE6677"
"""Paul Tol's "bright" scheme (SRON/EPS/TN/09-002, 2021)."""
AREA_PER_MBIT = 40
WIDTH_IN, HEIGHT_IN = 10, 4.5


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
    """Write a panel for each metric to `file` as PNG: CPU to the right, quality upward, and the bit rate as area."""
    from matplotlib.figure import Figure

    figure = Figure((WIDTH_IN, HEIGHT_IN), dpi=100, layout="constrained")
    for axes, (metric, label) in zip(
        figure.subplots(1, 2), {"vmaf": "VMAF", "xpsnr": "XPSNR, dB"}.items(), strict=True
    ):
        for name, point in points.items():
            colour, quality = CHOSEN_COLOUR if name == chosen else COLOUR, getattr(point, metric)
            axes.scatter(point.cpu, quality, AREA_PER_MBIT * point.mbit, color=colour, alpha=0.6)
            note = f"{name}\n{point.mbit:.1f} Mbit/s"
            axes.annotate(note, (point.cpu, quality), (0, 12), textcoords="offset points", ha="center", fontsize=8)
        axes.set_xlabel("CPU-seconds for each second of the clip")
        axes.set_ylabel(label)
        axes.margins(0.25)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(file)
