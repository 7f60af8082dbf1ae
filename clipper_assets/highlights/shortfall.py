"""The fallbacks of windows: those of picker and windows, and that adverts leave room for fewer clips."""

from collections.abc import Mapping, Sequence

from clipper_assets.highlights.pickers.base import Picked, Talk
from clipper_assets.highlights.rules import choose, runs
from clipper_assets.highlights.run import Run
from clipper_assets.highlights.window import Window
from clipper_assets.runtime.asset_names import HIGHLIGHT_WINDOWS
from clipper_assets.runtime.degraded import Degraded


def shortfall(talk: Talk, windows: int) -> list[Degraded]:
    """A fallback if there are fewer `windows` than requested, and fewer are possible because of the adverts."""
    if not talk.adverts or not 0 < windows < talk.count:
        return []
    possible = _most(talk.runs, talk.count)
    regardless = runs(talk.sentences, talk.rules, talk.duration_s, talk.wordless, language=talk.language)
    if possible >= _most(regardless, talk.count):
        return []
    return [Degraded(HIGHLIGHT_WINDOWS, f"adverts leave room for only {possible} of {talk.count} clips")]


def _most(allowed: Sequence[Run], count: int) -> int:
    return len(choose(allowed, [0.0] * len(allowed), count))


def fallbacks(picked: Picked, windows: Sequence[Window]) -> list[Mapping[str, str]]:
    """The fallbacks of the picker and of the windows, each reason once."""
    entries = [
        *(fallback.as_dict() for fallback in picked.degraded),
        *(entry for window in windows for entry in window.degraded),
    ]
    return list({entry["reason"]: entry for entry in entries}.values())
