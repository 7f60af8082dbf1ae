"""Plots a benchmark run: CPU-seconds next to the floor and the previous service, quality, and cost by source length."""

from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.results import Results, Way

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {"decode": "#66CCEE", "encode": "#4477AA", "look": "#EE6677", "make": "#228833"}
"""Paul Tol's "bright" scheme (SRON/EPS/TN/09-002, 2021)."""
OLD_COLOURS = ("#CCCCCC", "#AAAAAA")
WIDTH_PX, ROW_PX, LENGTHS_PX, MARGIN_PX, PX_PER_INCH = 1000, 34, 260, 90, 100
ABOVE = 1.4
"""Factor for the y limit, which leaves room for the legend above the curves."""


def write_plot(results: Results, file: Path) -> None:
    """Writes the plot of a run to `file` as PNG."""
    from matplotlib.figure import Figure

    heights_px = [ROW_PX * (2 * len(results.ours) + 1), *([LENGTHS_PX] if results.lengths else [])]
    size_in = (WIDTH_PX / PX_PER_INCH, (sum(heights_px) + MARGIN_PX) / PX_PER_INCH)
    figure = Figure(size_in, dpi=PX_PER_INCH, layout="constrained")
    axes = figure.subplots(len(heights_px), 1, squeeze=False, height_ratios=heights_px)[:, 0]
    _draw_ways(axes[0], results)
    if results.lengths:
        _draw_lengths(axes[1], results)
    for panel in axes:
        panel.spines[["top", "right"]].set_visible(False)
    figure.savefig(file)


def _draw_ways(axes: "Axes", results: Results) -> None:
    """Draws a bar for each pipeline and, above it, one for the floor of its frames."""
    labels: list[str] = []
    for way in results.ours:
        figures = way.figures
        floor = {name: figures[f"{name}_cpu_s"] for name in ("decode", "encode")}
        _bar(axes, len(labels), way, floor, "")
        parts = {name: figures[f"{name}_cpu_s"] for name in ("look", "make")}
        _bar(axes, len(labels) + 1, way, parts, f"{figures['ratio']:.2f} x floor, VMAF {figures['vmaf']:.1f}")
        labels += [f"floor of {way.name}", way.name]
    old = results.old
    saving = old.clips[0].cost.cpu_s / results.center.clips[0].cost.cpu_s
    _bar(axes, len(labels), old, old.steps_cpu_s, f"{saving:.1f} x center, VMAF {old.figures['vmaf']:.1f}")
    axes.set_yticks(range(len(labels) + 1), [*labels, "old way, its steps"])
    axes.invert_yaxis()
    axes.set_xlabel("CPU-seconds for each second of the clip")
    axes.margins(x=0.3)
    axes.legend([axes.barh(0, 0, color=colour) for colour in COLOURS.values()], COLOURS, loc="upper right")


def _bar(axes: "Axes", row: int, way: Way, parts: dict[str, float], note: str) -> None:
    """Draws a stacked bar; labels parts that are not in the legend and take more than a tenth of the bar."""
    total, left = sum(parts.values()) / way.seconds, 0.0
    for number, (name, cpu_s) in enumerate(parts.items()):
        width = cpu_s / way.seconds
        axes.barh(row, width, left=left, color=COLOURS.get(name, OLD_COLOURS[number % len(OLD_COLOURS)]))
        if name not in COLOURS and width > total / 10:
            axes.text(left + width / 2, row, name, ha="center", va="center", fontsize=9)
        left += width
    axes.annotate(note, (left, row), (4, 0), textcoords="offset points", va="center", fontsize=9)


def _draw_lengths(axes: "Axes", results: Results) -> None:
    """Plots CPU-seconds, and bytes on a second axis, by the length of the source."""
    minutes = [length.minutes for length in results.lengths]
    cpu_s = [length.cost.cpu_s for length in results.lengths]
    read_mb = [length.cost.read_mb for length in results.lengths]
    media_mb = [length.media_mb for length in results.lengths]
    bytes_axes = axes.twinx()
    lines = [
        *axes.plot(minutes, cpu_s, "o-", color="#228833", label="CPU-seconds"),
        *bytes_axes.plot(minutes, read_mb, "s:", color="#AA3377", label="MB read, the index each time"),
        *bytes_axes.plot(minutes, media_mb, "s-", color="#AA3377", label="MB read beside the index"),
    ]
    for panel, label, most in ((axes, "CPU-seconds", max(cpu_s)), (bytes_axes, "MB", max(read_mb))):
        panel.set_ylim(0, ABOVE * most)
        panel.set_ylabel(label)
    axes.set_xlabel("minutes of the source that the same windows are in")
    axes.legend(handles=lines, loc="upper center", ncols=3, fontsize=8)
