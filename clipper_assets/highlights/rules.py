"""The rules for highlight windows, which apply to every picker: length, sentence boundaries, silence, no overlap."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate, pairwise
from math import inf

import numpy as np
import pyarrow as pa

from clipper_assets.highlights.breaks import SLIVER_S, Breaks
from clipper_assets.highlights.edges import Edges
from clipper_assets.highlights.run import Floats, Run, Runs, best_of, least_flawed, runs_of, wordless_flaws
from clipper_assets.highlights.window import WINDOWS, Features, Window
from clipper_assets.runtime.asset_names import HIGHLIGHT_WINDOWS
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.transcript.boundaries import PAD_S
from clipper_assets.transcript.timing import Span
from clipper_assets.transcript.words import Sentence

MAX_HOOK, MAX_TITLE = 300, 200
"""Most characters of a hook and of a title."""

SECONDS_PER_CLIP = 180.0
"""People who refined 23,946 clips kept a median of 13 per half hour (Repurpose-10K); this is a little less."""
MIN_CLIPS, USUAL_CLIPS = 3, 20
"""Fewest clips if at all possible, and most if nobody asked for more."""
ALL_OTHERS = 100
"""Weight of an edge inside a sentence among the flaws: more than all others of a run together."""
EARLIER, LATER, CUT = 2, 3, 4
"""Cost of each sentence by which a candidate's start is moved earlier or its end later, and of each that is cut off.
Moving the start is the cheapest, as the prompt asks of the model, too."""
TOLERANCE_S = 1e-6
"""Tolerance for rounding when float64 seconds are compared."""


@dataclass(frozen=True)
class Rules:
    """Shortest and longest window, how far its boundaries are moved into the neighbouring silence, and the range of the
    episode that windows lie in; all in seconds.
    """

    min_s: float = 30.0
    max_s: float = 60.0
    pad_s: float = PAD_S
    within_s: Span = (0.0, inf)

    def allow(self, length_s: float) -> bool:
        return self.min_s - TOLERANCE_S <= length_s <= self.max_s + TOLERANCE_S

    def admit(self, sentence: Sentence) -> bool:
        """Whether a window may contain a sentence: it was said for certain, and inside the range."""
        begin, end = self.within_s
        return not sentence.doubtful and begin <= sentence.start and sentence.end <= end


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


def clip_count(speech_s: float, max_clips: int | None = None) -> int:
    """The number of clips for an episode: one per three minutes of speech, at least 3, at most `max_clips` or 20."""
    return min(max(round(speech_s / SECONDS_PER_CLIP), MIN_CLIPS), max_clips or USUAL_CLIPS)


def runs(
    sentences: Sequence[Sentence],
    rules: Rules,
    duration_s: float,
    wordless: Sequence[Span] = (),
    adverts: Sequence[Span] = (),
    language: str = "en",
) -> Runs:
    """Every run of whole sentences that is allowed as a window, in time order.

    None contains a doubtful sentence, one outside the range, or more than `SLIVER_S` of `adverts` (spans in order,
    which do not overlap). `wordless` are the spans of speech without words, `language` is an ISO 639-1 code. A run is
    left out if

    - it opens with a leaning word, and another run opens without one at most `edges.NEAR_S` before or after it;
    - it begins or ends inside a sentence or has speech without words, and overlaps a run with less of this;
    - as many windows, or `MIN_CLIPS`, can be made of runs whose edges have fewer flaws (see `edges.py`).

    Boundaries are padded by `rules.pad_s`, but by at most half of the silence, so that neighbouring windows do not
    touch, and not into an advert. If no run has an allowed length, the longest runs are extended into the silence up to
    `rules.min_s`. If that is not enough either, the result is the single run whose length is nearest to the rules (see
    `length_fallback`). It is empty only if no sentence may be used.
    """
    breaks = Breaks(adverts)
    begin, until = rules.within_s[0], min(rules.within_s[1], duration_s)
    said_until = accumulate((s.end for s in sentences), max, initial=begin)
    quiet_from = [max(end, breaks.end_before(s.start)) for s, end in zip(sentences, said_until, strict=False)]
    said_from = [*(s.start for s in sentences[1:]), until]
    quiet_until = [min(start, until, breaks.start_after(s.end)) for s, start in zip(sentences, said_from, strict=False)]
    within, longest = runs_of(
        sentences,
        np.array([rules.admit(sentence) and not breaks.hold(sentence) for sentence in sentences], dtype=bool),
        (np.array(quiet_from), np.array(quiet_until)),
        (rules.min_s - TOLERANCE_S, rules.max_s + TOLERANCE_S),
        rules.pad_s,
        lambda runs: breaks.covered(runs.start, runs.end) <= SLIVER_S,
    )
    edges = Edges(sentences, language)
    without_words = wordless_flaws(sentences, wordless)

    def least(allowed: Runs) -> Runs:
        allowed = allowed.chosen(edges.open_well(allowed, rules.min_s))
        allowed = allowed.chosen(least_flawed(allowed, edges.cuts(allowed) + without_words(allowed)))
        flaws = edges.flaws(allowed) + ALL_OTHERS * (edges.cuts(allowed) + without_words(allowed))
        return allowed.chosen(best_of(allowed, flaws, MIN_CLIPS))

    if len(within) or not len(longest):
        return least(within)

    def extended(run: Run) -> Run:
        silent_until = min([quiet_until[run.last], *(start for start, _ in wordless if start >= run.end)])
        silent_from = max([quiet_from[run.first], *(end for _, end in wordless if end <= run.start)])
        end = max(run.end, min(run.start + rules.min_s, silent_until))
        return run._replace(start=min(run.start, max(end - rules.min_s, silent_from)), end=end)

    candidates = [extended(run) for run in longest]
    nearest = min(candidates, key=lambda run: max(rules.min_s - run.length_s, run.length_s - rules.max_s))
    return least(Runs.of([run for run in candidates if rules.allow(run.length_s)])) or Runs.of([nearest])


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
    """The allowed run nearest to a candidate; None if no allowed run shares a sentence with it.

    `allowed` is in time order. A candidate that is too short, or begins or ends badly, is extended rather than cut, and
    at its start rather than at its end: the end, an answer or a punch line, is where the candidate wants to arrive. One
    that is too long keeps its start.
    """
    nearest, fewest = None, (inf, inf)
    for index in reversed(range(bisect_right(allowed, candidate.last, key=lambda run: run.first))):
        run = allowed[index]
        earlier, later = candidate.first - run.first, run.last - candidate.last
        if EARLIER * earlier > fewest[0]:
            break
        if run.last < candidate.first:
            continue
        moved = EARLIER * max(earlier, 0) + LATER * max(later, 0) + CUT * (max(-earlier, 0) + max(-later, 0))
        if (moved, -earlier) < fewest:
            nearest, fewest = run, (moved, -earlier)
    return nearest


def choose(spans: Sequence[Run], scores: Sequence[float] | Floats, count: int) -> list[int]:
    """Indices of at most `count` runs that do not overlap in time: as many as possible, with the highest total score.

    Weighted interval scheduling (Kleinberg & Tardos, Algorithm Design, 2006, §6.1) with one more dimension, the
    number of intervals taken. Best score first; of equal scores the earlier index first.
    """
    starts, ends = Runs.of(spans).start, Runs.of(spans).end
    order = np.lexsort((starts, ends))
    weights = np.asarray(scores, dtype=np.float64)[order]
    # Runs with equal ends are one step, so that memory grows with the number of sentences, not of runs.
    first_of_step = np.flatnonzero(np.diff(ends[order], prepend=-np.inf))
    step_ends = ends[order][first_of_step]
    # For each run, the number of steps that are over when it starts.
    before = np.searchsorted(step_ends, starts[order], side="right")
    # best[k][n]: the highest total of exactly k runs among the first n steps.
    best = [np.zeros(len(step_ends) + 1)]
    while len(best) <= count and len(order):
        of_steps = np.maximum.reduceat(weights + best[-1][before], first_of_step)
        if of_steps.max() == -np.inf:
            break
        best.append(np.concatenate([[-np.inf], np.maximum.accumulate(of_steps)]))
    chosen: list[int] = []
    among = len(step_ends)
    for fewer, total in reversed(list(pairwise(best))):
        step = int(np.argmax(total[: among + 1])) - 1
        ending = slice(first_of_step[step], [*first_of_step, len(order)][step + 1])
        position = first_of_step[step] + int(np.argmax(weights[ending] + fewer[before[ending]]))
        chosen.append(int(order[position]))
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
    features: Sequence[Features] = (),
) -> pa.Table:
    """The windows table of candidates, ordered best first; `degraded`, the picker's fallbacks, is in every row.

    `features` are those of each candidate.
    """
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
                features=features[clip] if features else None,
                degraded=[entry.as_dict() for entry in (*degraded, *([fallback] if fallback else []))],
            )
        )
    return WINDOWS.table([asdict(window) for window in windows])
