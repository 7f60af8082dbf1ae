"""The rules for highlight windows, which apply to every picker: length, sentence boundaries, silence, no overlap."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import accumulate

import numpy as np
import pyarrow as pa

from clipper_assets.highlights.breaks import SLIVER_S, Breaks
from clipper_assets.highlights.run import Run, flaws_between, least_flawed
from clipper_assets.highlights.window import WINDOWS, Window
from clipper_assets.runtime.asset_names import HIGHLIGHT_WINDOWS
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.transcript.boundaries import PAD_S
from clipper_assets.transcript.timing import Span
from clipper_assets.transcript.words import Sentence

MAX_HOOK, MAX_TITLE = 300, 200
"""Most characters of a hook and of a title."""

SECONDS_PER_CLIP = 360.0
MIN_CLIPS, MAX_CLIPS = 3, 12
TOLERANCE_S = 1e-6
"""Tolerance for rounding when float64 seconds are compared."""


@dataclass(frozen=True)
class Rules:
    """Shortest and longest window, and how far its boundaries are moved into the neighbouring silence, in seconds."""

    min_s: float = 30.0
    max_s: float = 60.0
    pad_s: float = PAD_S

    def allow(self, length_s: float) -> bool:
        return self.min_s - TOLERANCE_S <= length_s <= self.max_s + TOLERANCE_S


@dataclass(frozen=True)
class Candidate:
    """A proposal by a picker: sentences `first`..`last` (both included), a score in 1..10 and texts for people."""

    first: int
    last: int
    score: float
    hook: str
    title: str
    reason: str
    hashtags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Placed:
    """A candidate and the allowed run of sentences that was chosen for it."""

    run: Run
    candidate: Candidate


def clip_count(speech_s: float, max_clips: int = MAX_CLIPS) -> int:
    """The number of clips for an episode: one per six minutes of speech, 3..12, but at most `max_clips`."""
    return min(max(round(speech_s / SECONDS_PER_CLIP), MIN_CLIPS), MAX_CLIPS, max_clips)


def runs(
    sentences: Sequence[Sentence],
    rules: Rules,
    duration_s: float,
    wordless: Sequence[Span] = (),
    adverts: Sequence[Span] = (),
) -> list[Run]:
    """Every run of whole sentences that is allowed as a window, in time order.

    None contains a doubtful sentence, or more than `SLIVER_S` of `adverts` (spans in order, which do not overlap). A
    run with flaws (see `flaws_between`) is left out if it overlaps an allowed run with fewer. `wordless` are the spans
    of speech without words.

    Boundaries are padded by `rules.pad_s`, but by at most half of the silence, so that neighbouring windows do not
    touch, and not into an advert. If no run has an allowed length, the longest runs are extended into the silence up to
    `rules.min_s`. If that is not enough either, the result is the single run whose length is nearest to the rules (see
    `length_fallback`). It is empty only if every sentence is doubtful or in an advert.
    """
    breaks = Breaks(adverts)
    unusable = [sentence.doubtful or breaks.hold(sentence) for sentence in sentences]
    quiet_from = [0.0, *accumulate((s.end for s in sentences), max)]
    quiet_until = [*(s.start for s in sentences), duration_s]

    def padded(first: int, last: int, speech_end: float) -> Run:
        start, end = sentences[first].start, max(speech_end, sentences[last].end)
        before = max(start - max(quiet_from[first], breaks.end_before(start)), 0.0)
        after = max(min(quiet_until[last + 1], breaks.start_after(end)) - end, 0.0)
        return Run(first, last, start - min(rules.pad_s, before / 2), end + min(rules.pad_s, after / 2))

    within: list[Run] = []
    longest: list[Run] = []
    for first in range(len(sentences)):
        if unusable[first]:
            continue
        run = padded(first, first, 0.0)
        reached, speech_end = run, 0.0
        for last in range(first, len(sentences)):
            speech_end = max(speech_end, sentences[last].end)
            run = padded(first, last, speech_end)
            if unusable[last] or run.length_s > rules.max_s + TOLERANCE_S or breaks.within(run) > SLIVER_S:
                break
            reached = run
            if rules.allow(run.length_s):
                within.append(run)
        if not longest or reached.last > longest[-1].last:
            longest.append(reached)
    flaws = flaws_between(sentences, wordless)
    if within or not longest:
        return least_flawed(within, flaws)

    def extended(run: Run) -> Run:
        speech_after = [start for start, _ in wordless if start >= run.end]
        speech_before = [end for _, end in wordless if end <= run.start]
        until = min([quiet_until[run.last + 1], breaks.start_after(run.end), *speech_after])
        begin = max([quiet_from[run.first], breaks.end_before(run.start), *speech_before])
        end = max(run.end, min(run.start + rules.min_s, until))
        return replace(run, start=min(run.start, max(end - rules.min_s, begin)), end=end)

    candidates = [extended(run) for run in longest]
    nearest = min(candidates, key=lambda run: max(rules.min_s - run.length_s, run.length_s - rules.max_s))
    return least_flawed([run for run in candidates if rules.allow(run.length_s)], flaws) or [nearest]


def length_fallback(run: Run, rules: Rules) -> Degraded | None:
    """The fallback that records a window whose length is outside the rules; None if the length is allowed."""
    if rules.allow(run.length_s):
        return None
    return Degraded(
        HIGHLIGHT_WINDOWS,
        f"the window is {run.length_s:.1f} s long instead of {rules.min_s:g} to {rules.max_s:g} s: "
        "no run of whole sentences, even with the silence around it, has an allowed length",
    )


def fit(candidate: Candidate, allowed: Sequence[Run]) -> Run | None:
    """The allowed run nearest to a candidate: with the same or nearest first sentence, then the nearest last one.

    So a candidate that is too short is extended at its end, and one that is too long is shortened there. None if no
    allowed run shares a sentence with it.
    """
    touching = [run for run in allowed if run.first <= candidate.last and run.last >= candidate.first]
    return min(
        touching,
        key=lambda run: (abs(run.first - candidate.first), abs(run.last - candidate.last)),
        default=None,
    )


def choose(spans: Sequence[Run], scores: Sequence[float], count: int) -> list[int]:
    """Indices of at most `count` runs that do not overlap in time: as many as possible, with the highest total score.

    Weighted interval scheduling (Kleinberg & Tardos, Algorithm Design, 2006, §6.1) with one more dimension, the
    number of intervals taken. Best score first; of equal scores the earlier index first.
    """
    order = sorted(range(len(spans)), key=lambda i: (spans[i].end, spans[i].start, i))
    ends = np.array([spans[i].end for i in order])
    weights = np.array([scores[i] for i in order], dtype=np.float64)
    # For each run, the number of runs (sorted by end) that are over when it starts.
    before = np.searchsorted(ends, [spans[i].start for i in order], side="right")
    # best[k][n]: the highest total of exactly k runs among the first n.
    best = [np.zeros(len(order) + 1)]
    for _ in range(count):
        best.append(np.concatenate([[-np.inf], np.maximum.accumulate(weights + best[-1][before])]))
        if best[-1][-1] == -np.inf:
            best.pop()
            break
    chosen, among = [], len(order)
    for total in reversed(best[1:]):
        position = int(np.argmax(total[: among + 1])) - 1
        chosen.append(order[position])
        among = int(before[position])
    return sorted(chosen, key=lambda i: (-scores[i], i))


def place(candidates: Sequence[Candidate], allowed: Sequence[Run], count: int) -> list[Placed]:
    """Fit candidates to allowed runs, and choose the best `count` windows without overlap; best first."""
    placed = [Placed(run, candidate) for candidate in candidates if (run := fit(candidate, allowed))]
    return [placed[i] for i in choose([each.run for each in placed], [each.candidate.score for each in placed], count)]


def windows_table(
    episode: str,
    placed: Sequence[Placed],
    rules: Rules,
    *,
    picker: str,
    prompt_version: str | None,
    degraded: Sequence[Degraded],
    prompt: str | None = None,
) -> pa.Table:
    """The windows table of candidates, ordered best first; `degraded`, the picker's fallbacks, is in every row."""
    windows = []
    for clip, (run, candidate) in enumerate((each.run, each.candidate) for each in placed):
        fallback = length_fallback(run, rules)
        windows.append(
            Window(
                episode=episode,
                clip=clip,
                start=run.start,
                end=run.end,
                first_sentence=run.first,
                last_sentence=run.last,
                virality_score=candidate.score,
                hook=candidate.hook,
                title=candidate.title,
                reason=candidate.reason,
                hashtags=list(candidate.hashtags),
                picker=picker,
                prompt_version=prompt_version,
                prompt=prompt,
                degraded=[entry.as_dict() for entry in (*degraded, *([fallback] if fallback else []))],
            )
        )
    return WINDOWS.table([asdict(window) for window in windows])
