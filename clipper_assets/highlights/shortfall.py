"""Records that adverts leave room for fewer clips than the episode's speech is worth."""

from collections.abc import Sequence

from clipper_assets.highlights.pickers.base import Talk
from clipper_assets.highlights.rules import choose, runs
from clipper_assets.highlights.run import Run
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
