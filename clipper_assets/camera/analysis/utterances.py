"""Splits the words of a window into utterances, whose times count in pictures (25 a second)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import pyarrow as pa

from clipper_assets.camera.scene import FPS

PAUSE_S = 0.3
LONGEST_S = 4.0
"""A longer utterance is split: it is more likely to come from two people."""


@dataclass(frozen=True)
class Utterance:
    """Words of one sentence and one speaker without a pause, from picture `start` of the window up to before `end`.

    `voice` is the transcript's speaker; None if the transcript names none.
    """

    start: int
    end: int
    voice: str | None


def utterances(words: pa.Table, start_s: float, pictures: int, cuts: Sequence[int]) -> list[Utterance]:
    """The utterances of a window with `pictures` pictures, in time order; none overlap or cross one of the `cuts`.

    Where an utterance begins while another is spoken, the earlier one ends.
    """
    import pyarrow.compute as pc

    end_s = start_s + pictures / FPS
    inside = words.filter((pc.field("start") < end_s) & (pc.field("end") > start_s))
    merged: list[Utterance] = []
    last = None
    for row in inside.select(["start", "end", "sentence", "speaker"]).to_pylist():
        start, end = (min(max(round((row[side] - start_s) * FPS), 0), pictures) for side in ("start", "end"))
        same, last = (row["sentence"], row["speaker"]) == last, (row["sentence"], row["speaker"])
        if merged and same and start - merged[-1].end <= PAUSE_S * FPS and end - merged[-1].start <= LONGEST_S * FPS:
            merged[-1] = replace(merged[-1], end=max(end, merged[-1].end))
        else:
            if merged:
                merged[-1] = replace(merged[-1], end=min(start, merged[-1].end))
            merged.append(Utterance(start, end, row["speaker"]))
    return [part for utterance in merged for part in _split_at_cuts(utterance, cuts)]


def _split_at_cuts(utterance: Utterance, cuts: Sequence[int]) -> list[Utterance]:
    borders = [utterance.start, *(cut for cut in cuts if utterance.start < cut < utterance.end), utterance.end]
    return [replace(utterance, start=start, end=end) for start, end in pairwise(borders) if start < end]
