"""Captions and words held against the clip that they are in; seconds from its start, pixels of its frame."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

import pyarrow as pa

from clipper_assets.captions.lines import Page, text_of
from clipper_assets.clips.cuts import Span, TimeMap
from clipper_assets.media.frame import Box

READ_S = 5.0
"""Shorter stretches say little: one long word is a page of its own, and speech has its bursts."""
BESIDE_S = 2.0


def overhang_px(boxes: Sequence[Box], safe: Box) -> float:
    """How far any of the boxes reaches out of the safe area."""
    return max(
        (
            max(safe.left - box.left, safe.top - box.top, box.right - safe.right, box.bottom - safe.bottom, 0.0)
            for box in boxes
        ),
        default=0.0,
    )


def reading_speed_cps(pages: Sequence[Page]) -> float | None:
    """Characters a second in the fastest stretch of pages that is at least five seconds long; None without pages."""
    if not pages:
        return None
    read = [0, *accumulate(sum(len(text_of(line)) for line in page.lines) for page in pages)]
    ends = [page.end_s for page in pages]
    speeds = []
    for first, page in enumerate(pages):
        last = bisect_left(ends, page.start_s + READ_S)
        if last < len(pages):
            speeds.append((read[last + 1] - read[first]) / (ends[last] - page.start_s))
    return max(speeds, default=read[-1] / (ends[-1] - pages[0].start_s))


def spoken_around(words: pa.Table, start_s: float, end_s: float, cuts: TimeMap) -> list[Span]:
    """The episode's words in and around a window as a clip has them, at its own times; start below 0: before it.

    `words` is the episode's words table, `start_s` and `end_s` the window in it. What the clip leaves out is not among
    them.
    """

    def at(episode_s: float) -> float:
        time_s = episode_s - start_s
        return time_s if time_s < 0 else cuts.at(time_s) + max(episode_s - end_s, 0.0)

    spans = zip(words["start"].to_numpy().tolist(), words["end"].to_numpy().tolist(), strict=True)
    near = [(at(start), at(end)) for start, end in spans if end > start_s - BESIDE_S and start < end_s + BESIDE_S]
    return [(start, end) for start, end in near if end > start]


def cut_word_s(spoken: Sequence[Span], duration_s: float) -> float:
    """How deep either end of the clip cuts into a word: the smaller of the part inside and the part outside."""
    depths = [min(edge - start, end - edge) for edge in (0.0, duration_s) for start, end in spoken]
    return max([0.0, *depths])
