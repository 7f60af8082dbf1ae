"""Plots a transcript over the episode: how fast each speaker talks, and how much of the speech has words."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from clipper_assets.media.plots import png_of
from clipper_assets.text.markdown import clock
from clipper_assets.transcript.checks import Seconds, speakers_of, speech_before, word_times
from clipper_assets.transcript.timing import Span

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BIN_WIDTHS_S = (5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
MAX_BINS = 72
"""Gives bins of 5 s in an episode of 6 minutes, and of 5 minutes in one of 6 hours."""
TICK_STEPS_S = (5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600)
MAX_TICKS = 13

COLOURS = ("#4477AA", "#EE6677", "#228833", "#CCBB44", "#66CCEE", "#AA3377")
"""One per speaker, distinct for colour-blind people, too: Paul Tol's "bright" scheme (SRON/EPS/TN/09-002, 2021)."""
OTHERS = ("others", "#DDDDDD")
DOUBT_SHADE = "#00000073"
WITH_WORDS_COLOUR, WITHOUT_WORDS_COLOUR = "#7A8CA0", "#F3C6C6"
WIDTH_PX, HEIGHT_PX, PX_PER_INCH = 900, 360, 100
NARROWEST_PX = 2
LEGEND_COLUMNS, NAME_LETTERS = 4, 24


def pace_plot(words: pa.Table, voice: Sequence[Span], duration_s: float) -> bytes | None:
    """Plot words per minute of each speaker and the share of speech with words, as a PNG; None without words.

    Words that may not have been said are shaded. `voice` has the spans in which a voice detector finds speech.
    """
    return png_of(_figure(words, voice, duration_s)) if words.num_rows else None


def bins(duration_s: float) -> Seconds:
    """Edges, in seconds, of equal bins over the episode; their width is about one of `BIN_WIDTHS_S`."""
    width_s = _step(BIN_WIDTHS_S, duration_s, MAX_BINS)
    return np.linspace(0.0, duration_s, max(round(duration_s / width_s), 1) + 1)


def doubtful_spans(words: pa.Table) -> list[Span]:
    """Spans of adjacent words that may not have been said, in seconds."""
    starts, ends = word_times(words)
    doubted = words["doubt"].is_valid().to_numpy()
    bounds = np.flatnonzero(np.diff(doubted, prepend=False, append=False)).reshape(-1, 2).tolist()
    return [(float(starts[first]), float(ends[first:end].max())) for first, end in bounds]


def time_label(seconds: float, duration_s: float) -> str:
    """Seconds as m:ss, or as h:mm in an episode of an hour or more."""
    return clock(seconds / 60 if duration_s >= 3600 else seconds)


def _figure(words: pa.Table, voice: Sequence[Span], duration_s: float) -> "Figure":
    from matplotlib.figure import Figure

    figure = Figure((WIDTH_PX / PX_PER_INCH, HEIGHT_PX / PX_PER_INCH), dpi=PX_PER_INCH, layout="constrained")
    pace, coverage = figure.subplots(2, sharex=True, height_ratios=(3, 1))
    narrowest_s = NARROWEST_PX * duration_s / WIDTH_PX
    doubtful = [(start, max(end - start, narrowest_s)) for start, end in doubtful_spans(words)]
    for axes in (pace, coverage):
        axes.broken_barh(
            doubtful, (0, 1), transform=axes.get_xaxis_transform(), color=DOUBT_SHADE, linewidth=0, zorder=2
        )
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
    _draw_pace(pace, words, bins(duration_s), has_doubts=bool(doubtful))
    _draw_coverage(coverage, words, voice, bins(duration_s))
    ticks = np.arange(0, duration_s, _step(TICK_STEPS_S, duration_s, MAX_TICKS))
    coverage.set_xticks(ticks, [time_label(tick, duration_s) for tick in ticks])
    coverage.set_xlim(0, duration_s)
    coverage.set_xlabel("h:mm" if duration_s >= 3600 else "m:ss", fontsize=8)
    return figure


def _draw_pace(axes: "Axes", words: pa.Table, edges: Seconds, has_doubts: bool) -> None:
    """Draw words per minute in each bin as stacked bars, one colour per speaker."""
    from matplotlib.patches import Patch

    starts, _ = word_times(words)
    speakers = speakers_of(words)
    shown = [speaker for speaker, _ in Counter(speakers.tolist()).most_common(len(COLOURS))]
    layers = [(speaker, colour, speakers == speaker) for speaker, colour in zip(shown, COLOURS, strict=False)]
    layers.append((*OTHERS, ~np.isin(speakers, shown)))
    minutes = np.diff(edges) / 60
    bottom = np.zeros(len(minutes))
    legend_entries = []
    for name, colour, is_spoken_by in layers:
        if is_spoken_by.any():
            pace = np.histogram(starts[is_spoken_by], edges)[0] / minutes
            axes.bar(edges[:-1], pace, np.diff(edges), bottom, align="edge", color=colour, edgecolor="white", lw=0.5)
            bottom += pace
            legend_entries.append((name, Patch(color=colour)))
    if has_doubts:
        legend_entries.append(("may not have been said", Patch(color=DOUBT_SHADE, linewidth=0)))
    axes.set_ylabel("words per minute", fontsize=8)
    legend = axes.figure.legend(
        [patch for _, patch in legend_entries],
        ["name"] * len(legend_entries),
        loc="outside upper left",
        ncols=LEGEND_COLUMNS,
        frameon=False,
        fontsize=8,
    )
    for text, (name, _) in zip(legend.get_texts(), legend_entries, strict=True):  # matplotlib drops names like "_Bob"
        text.set_parse_math(False)
        text.set_text(name[:NAME_LETTERS])


def _draw_coverage(axes: "Axes", words: pa.Table, voice: Sequence[Span], edges: Seconds) -> None:
    """Draw the share of each bin's speech that has words; bins without speech stay empty."""
    speech_s, covered_s = (np.diff(before) for before in speech_before(words, voice, edges))
    spoken = speech_s > 0
    starts, widths, covered = edges[:-1][spoken], np.diff(edges)[spoken], 100 * covered_s[spoken] / speech_s[spoken]
    axes.bar(starts, 100 - covered, widths, covered, align="edge", color=WITHOUT_WORDS_COLOUR)
    axes.bar(starts, covered, widths, align="edge", color=WITH_WORDS_COLOUR)
    axes.set_ylim(0, 100)
    axes.set_yticks([0, 50, 100], ["0 %", "50 %", "100 %"])
    axes.set_ylabel("speech\nwith words", fontsize=8)


def _step(steps_s: Sequence[int], duration_s: float, max_count: int) -> int:
    """The shortest step that divides the duration into at most `max_count` pieces; else the longest step."""
    return next((step for step in steps_s if duration_s / step <= max_count), steps_s[-1])
