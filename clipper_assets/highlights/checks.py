"""Asset checks of `highlight_windows`, evaluated while it materializes."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import dagster as dg
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clipper_assets.highlights.breaks import SLIVER_S, Breaks
from clipper_assets.highlights.rules import TOLERANCE_S, Rules
from clipper_assets.highlights.window import read_windows
from clipper_assets.runtime.asset_names import HIGHLIGHT_WINDOWS
from clipper_assets.shows.clip_options import MAX_CLIPS
from clipper_assets.transcript.timing import Span
from clipper_assets.transcript.words import sentences

OBEY_THE_RULES = dg.AssetCheckSpec(
    "highlight_windows_obey_the_rules",
    asset=HIGHLIGHT_WINDOWS,
    blocking=True,
    description="Windows have an allowed length, lie in the range, begin and end in the silence around whole "
    "sentences, do not overlap, contain no adverts, and are ordered by score.",
)


def broken_rules(
    windows: pa.Table, words: pa.Table, rules: Rules, duration_s: float, adverts: Sequence[Span] = ()
) -> list[str]:
    """Describe every rule that a windows table violates, given its words table; empty if it follows all rules."""
    breaks = Breaks(adverts)
    placed = read_windows(windows)
    sentence, start, end = _columns(words)
    doubtful = sentence[words["doubt"].is_valid().to_numpy()]
    broken = []
    if [window.clip for window in placed] != list(range(len(placed))):
        broken.append("clips are not numbered from 0")
    fewest = 1 if any(rules.admit(each) and not breaks.hold(each) for each in sentences(words)) else 0
    if not fewest <= len(placed) <= MAX_CLIPS:
        broken.append(f"{len(placed)} windows instead of {fewest} to {MAX_CLIPS}")
    if any(worse.virality_score > better.virality_score for better, worse in pairwise(placed)):
        broken.append("windows are not ordered by score")
    for earlier, later in pairwise(sorted(placed, key=lambda window: window.start)):
        if later.start < earlier.end:
            broken.append(f"clips {earlier.clip} and {later.clip} overlap")
    for window in placed:
        name, first, last = f"clip {window.clip}", window.first_sentence, window.last_sentence
        if ((first <= doubtful) & (doubtful <= last)).any():
            broken.append(f"{name} contains a sentence that may not have been said")
        if window.start < rules.within_s[0] or window.end > rules.within_s[1]:
            broken.append(f"{name} is not inside the range")
        if (advert_s := breaks.within(window)) > SLIVER_S + TOLERANCE_S:
            broken.append(f"{name} contains {advert_s:.1f} s of adverts")
        inside = (first <= sentence) & (sentence <= last)
        speech_s = end[inside].max() - start[inside].min() if inside.any() else 0.0
        length_s = window.end - window.start
        widest_s = max(speech_s + 2 * rules.pad_s, rules.min_s)
        explained = any(
            entry["step"] == HIGHLIGHT_WINDOWS and "s long instead of" in entry["reason"] for entry in window.degraded
        )
        if length_s > widest_s + TOLERANCE_S or not (rules.allow(length_s) or explained):
            broken.append(f"{name} is {length_s:.1f} s long instead of {rules.min_s:g} to {rules.max_s:g} s")
    return broken + misplaced(windows, words, duration_s)


def misplaced(windows: pa.Table, words: pa.Table, duration_s: float) -> list[str]:
    """Describe violations of the rules that also apply to edited windows: existing sentences, boundaries in silence."""
    sentence, start, end = _columns(words)
    broken = []
    for window in read_windows(windows):
        name, first, last = f"clip {window.clip}", window.first_sentence, window.last_sentence
        inside = (first <= sentence) & (sentence <= last)
        if first > last or not np.isin([first, last], sentence).all():
            broken.append(f"{name} refers to sentences {first} to {last}, which are not in the transcript")
            continue
        speech_start, speech_end = start[inside].min(), end[inside].max()
        quiet_from = end[sentence < first].max(initial=0.0)
        quiet_until = start[sentence > last].min(initial=duration_s)
        if not min(quiet_from, speech_start) <= window.start <= speech_start:
            broken.append(f"{name} does not start in the silence before sentence {first}")
        if not speech_end <= window.end <= max(quiet_until, speech_end):
            broken.append(f"{name} does not end in the silence after sentence {last}")
        if not 1 <= window.virality_score <= 10:
            broken.append(f"{name} has a score of {window.virality_score:g}, which is outside 1 to 10")
    return broken


def obey_the_rules(
    windows: pa.Table, words: pa.Table, rules: Rules, duration_s: float, adverts: Sequence[Span], *, edited: bool
) -> dg.AssetCheckResult:
    """The result of `OBEY_THE_RULES`. For `edited` windows, only sentences and their boundaries are checked."""
    broken = (
        misplaced(windows, words, duration_s) if edited else broken_rules(windows, words, rules, duration_s, adverts)
    )
    return dg.AssetCheckResult(
        check_name=OBEY_THE_RULES.name,
        passed=not broken,
        metadata={"windows": windows.num_rows, "broken": broken, "edited": edited},
    )


def _columns(words: pa.Table) -> list[NDArray[Any]]:
    return [words[name].to_numpy() for name in ("sentence", "start", "end")]
