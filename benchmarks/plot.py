"""Plots a benchmark run: CPU-seconds of each pipeline next to the floor, quality, and cost by source length."""

from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.results import Results, Way

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {"decode": "#66CCEE", "encode": "#4477AA", "look": "#EE6677", "make": "#228833"}
"""Paul Tol's "bright" scheme (SRON/EPS/TN/09-002, 2021)."""
OLD_COLOURS = ("#CCCCCC", "#AAAAAA")
WIDTH_PX, ROW_PX, LENGTHS_PX, MARGIN_PX, PX_PER_INCH = 1000, 34, 260, 90, 100
ROWS = 7
ABOVE = 1.4
"""Factor for the y limit, which leaves room for the legend above the curves."""


def write_plot(results: Results, file: Path) -> None:
    """Writes the plot of a run to `file` as PNG."""
    from matplotlib.figure import Figure

    several = len(results.lengths) > 1
    heights_px = [ROWS * ROW_PX, *([LENGTHS_PX] if several else [])]
    size_in = (WIDTH_PX / PX_PER_INCH, (sum(heights_px) + MARGIN_PX) / PX_PER_INCH)
    figure = Figure(size_in, dpi=PX_PER_INCH, layout="constrained")
    axes = figure.subplots(len(heights_px), 1, squeeze=False, height_ratios=heights_px)[:, 0]
    _draw_ways(axes[0], results)
    if several:
        _draw_lengths(axes[1], results)
    for panel in axes:
        panel.spines[["top", "right"]].set_visible(False)
    figure.savefig(file)


def _draw_ways(axes: "Axes", results: Results) -> None:
    """Draws a bar for each pipeline and, above ours, one for the floor of its frames."""
    labels: list[str] = []
    for way in (results.auto, results.center):
        figures = way.figures
        floor = {name: figures[f"{name}_cpu_s"] for name in ("decode", "encode")}
        _bar(axes, len(labels), way, floor, "")
        note = f"rendering {figures['ratio']:.2f} x floor, {_quality(way)}"
        _bar(axes, len(labels) + 1, way, _parts(way), note)
        labels += [f"floor of {way.name}", way.name]
    before = f"auto takes {results.of_before:.2f} x of it, {_quality(results.before)}"
    for way, note in ((results.no_model, ""), (results.named, ""), (results.before, before)):
        _bar(axes, len(labels), way, _parts(way), note)
        labels.append(way.name)
    old = results.old
    _bar(axes, len(labels), old, old.steps_cpu_s, f"{results.of_old:.1f} x auto, {_quality(old)}")
    axes.set_yticks(range(len(labels) + 1), [*labels, "old way, its steps"])
    axes.invert_yaxis()
    axes.set_xlabel("CPU-seconds for each second of the clip")
    axes.margins(x=0.3)
    axes.legend([axes.barh(0, 0, color=colour) for colour in COLOURS.values()], COLOURS, loc="upper right")


def _parts(way: Way) -> dict[str, float]:
    return {name: way.figures[f"{name}_cpu_s"] for name in ("look", "make")}


def _quality(way: Way) -> str:
    return f"VMAF {way.figures['vmaf']:.1f}, XPSNR {way.figures['xpsnr']:.1f} dB"


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
    cpu_s = [length.cpu_s for length in results.lengths]
    media_mb = [length.media_mb for length in results.lengths]
    bytes_axes = axes.twinx()
    lines = [
        *axes.plot(minutes, cpu_s, "o-", color="#228833", label="CPU-seconds"),
        *bytes_axes.plot(minutes, media_mb, "s-", color="#AA3377", label="MB read beside the index"),
    ]
    for panel, label, most in ((axes, "CPU-seconds", max(cpu_s)), (bytes_axes, "MB", max(media_mb))):
        panel.set_ylim(0, ABOVE * most)
        panel.set_ylabel(label)
    axes.set_xlabel("minutes of the source that the same frames are in")
    axes.legend(handles=lines, loc="upper center", ncols=2, fontsize=8)
