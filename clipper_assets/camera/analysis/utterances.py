"""When somebody speaks in a window, by its words: in pictures, as what the eyes count in."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import pyarrow as pa

from clipper_assets.camera.scene import FPS

PAUSE_S = 0.3
LONGEST_S = 4.0
"""A longer one is more likely to be of two people; it is looked at in parts."""


@dataclass(frozen=True)
class Utterance:
    """Words of one sentence and one voice without a pause, from picture `start` of the window to before `end`.

    `voice` is the transcript's speaker, None where it knows none.
    """

    start: int
    end: int
    voice: str | None


def utterances(words: pa.Table, start_s: float, pictures: int, cuts: Sequence[int]) -> list[Utterance]:
    """The utterances of a window of so many `pictures`, in time order, apart, and none across one of the `cuts`.

    Where one begins while another is spoken, the other ends there.
    """
    import pyarrow.compute as pc

    end_s = start_s + pictures / FPS
    inside = words.filter((pc.field("start") < end_s) & (pc.field("end") > start_s))
    found: list[Utterance] = []
    last = None
    for row in inside.select(["start", "end", "sentence", "speaker"]).to_pylist():
        start, end = (min(max(round((row[side] - start_s) * FPS), 0), pictures) for side in ("start", "end"))
        same, last = (row["sentence"], row["speaker"]) == last, (row["sentence"], row["speaker"])
        if found and same and start - found[-1].end <= PAUSE_S * FPS and end - found[-1].start <= LONGEST_S * FPS:
            found[-1] = replace(found[-1], end=max(end, found[-1].end))
        else:
            if found:
                found[-1] = replace(found[-1], end=min(start, found[-1].end))
            found.append(Utterance(start, end, row["speaker"]))
    return [part for utterance in found for part in _cut(utterance, cuts)]


def _cut(utterance: Utterance, cuts: Sequence[int]) -> list[Utterance]:
    borders = [utterance.start, *(cut for cut in cuts if utterance.start < cut < utterance.end), utterance.end]
    return [replace(utterance, start=start, end=end) for start, end in pairwise(borders) if start < end]
