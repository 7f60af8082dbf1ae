"""When somebody speaks in a window, by its words: in pictures, as what the eyes count in."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import pyarrow as pa

from clipper_assets.clips.framing.scene import FPS

PAUSE_S = 0.3
LONGEST_S = 4.0
"""A longer one is more likely to be of two people; it is looked at in parts."""


@dataclass(frozen=True)
class Phrase:
    """Words of one sentence and one voice without a pause, from picture `start` of the window to before `end`.

    `voice` is the transcript's speaker, None where it knows none.
    """

    start: int
    end: int
    voice: str | None


def phrases(words: pa.Table, start_s: float, pictures: int, cuts: Sequence[int]) -> list[Phrase]:
    """The phrases of a window of so many `pictures`, in time order, apart, and none across one of the `cuts`.

    Where one begins while another is spoken, the other ends there.
    """
    import pyarrow.compute as pc

    end_s = start_s + pictures / FPS
    inside = words.filter((pc.field("start") < end_s) & (pc.field("end") > start_s))
    found: list[Phrase] = []
    last = None
    for row in inside.select(["start", "end", "sentence", "speaker"]).to_pylist():
        start, end = (min(max(round((row[side] - start_s) * FPS), 0), pictures) for side in ("start", "end"))
        same, last = (row["sentence"], row["speaker"]) == last, (row["sentence"], row["speaker"])
        if found and same and start - found[-1].end <= PAUSE_S * FPS and end - found[-1].start <= LONGEST_S * FPS:
            found[-1] = replace(found[-1], end=max(end, found[-1].end))
        else:
            if found:
                found[-1] = replace(found[-1], end=min(start, found[-1].end))
            found.append(Phrase(start, end, row["speaker"]))
    return [part for phrase in found for part in _cut(phrase, cuts)]


def _cut(phrase: Phrase, cuts: Sequence[int]) -> list[Phrase]:
    borders = [phrase.start, *(cut for cut in cuts if phrase.start < cut < phrase.end), phrase.end]
    return [replace(phrase, start=start, end=end) for start, end in pairwise(borders) if start < end]
