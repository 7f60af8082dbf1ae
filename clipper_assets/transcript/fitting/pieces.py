"""Puts together where a transcript fits its recording: stretches of the text, each with its offset."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from clipper_assets.transcript.fitting.matching import Run
from clipper_assets.transcript.fitting.probing import MIN_HEARD, Reading, jump_s
from clipper_assets.transcript.fitting.text import Token
from clipper_assets.transcript.timing import Span

SMALL_S = 0.5
"""Cues start up to this much before their words; alignment searches as far."""

BLOCK_S = 8.0
"""Text that what was heard contradicts is confirmed in blocks of whole cues, of up to this length."""

_AGREEING_SHARE = 0.3
"""Measured: of what is heard in other speech, 0.1 agrees by chance; of what is heard beside misread words, half."""
_FEW_TOKENS = 3
_SAMPLE = 30
_EDGE_S = 1.0

Confirm = Callable[[Span, Sequence[str]], bool]
"""Whether these tokens are said within a span of the recording, by other evidence than the readings."""


class Piece(NamedTuple):
    """Tokens `first` to `end` (excluded) that are said in this order.

    `anchors` are times by the file and the offsets there, in seconds; between two the offset is interpolated.
    """

    first: int
    end: int
    anchors: tuple[tuple[float, float], ...]

    def offset_s(self, time_s: float) -> float:
        """How much later than the file has it something at `time_s` by the file is said."""
        times, offsets = zip(*self.anchors, strict=True)
        return float(np.interp(time_s, times, offsets))


class _Stretch(NamedTuple):
    """Tokens `first` to `end` (excluded), which were heard in `run` or stand near it."""

    first: int
    end: int
    run: Run


def pieces_of(readings: Sequence[Reading], tokens: Sequence[Token], duration_s: float, confirm: Confirm) -> list[Piece]:
    """The stretches of the text that fit, in order; empty if none does.

    If nothing was heard, all of the text fits if `confirm` finds half of it at the times of the file: speech in music
    is heard wrong, but aligns.

    Text between two heard stretches fits if their offsets agree, and if in what was heard there fewer than `MIN_HEARD`
    tokens are not in the text; else those parts of it fit that `confirm` finds in the sound.
    """
    runs = in_order([run for reading in readings for run in reading.runs])
    if not runs:
        return _as_it_is(tokens, confirm)
    heard = [_Stretch(run.pairs[0].token, run.pairs[-1].token + 1, run) for run in runs]
    ahead = [token.time_s + runs[0].offset_s >= -_EDGE_S for token in tokens[: heard[0].first]]
    behind = [token.time_s + runs[-1].offset_s <= duration_s + _EDGE_S for token in tokens[heard[-1].end :]]
    between = [
        _Stretch(before.end, after.first, before.run)
        for before, after in pairwise(heard)
        if _same_offset(before.run, after.run)
    ]
    unheard = [
        _Stretch(heard[0].first - sum(ahead), heard[0].first, runs[0]),
        *between,
        _Stretch(heard[-1].end, heard[-1].end + sum(behind), runs[-1]),
    ]
    fitting = [part for stretch in unheard for part in _fitting(stretch, readings, tokens, confirm)]
    groups: list[list[_Stretch]] = []
    for stretch in sorted([*heard, *fitting], key=lambda stretch: (stretch.first, stretch.end)):
        last = groups[-1][-1] if groups else None
        if last and last.end == stretch.first and _same_offset(last.run, stretch.run):
            groups[-1].append(stretch)
        else:
            groups.append([stretch])
    return [Piece(group[0].first, group[-1].end, _anchors([part.run for part in group], tokens)) for group in groups]


def in_order(runs: Sequence[Run]) -> list[Run]:
    """The runs with the most pairs in total that follow each other both in the sound and in the text."""
    ordered = sorted(runs, key=lambda run: run.pairs[0].time_s)
    best: list[tuple[int, list[Run]]] = []
    for run in ordered:
        before = [
            (total, chain)
            for total, chain in best
            if chain[-1].pairs[-1].token < run.pairs[0].token and chain[-1].pairs[-1].time_s < run.pairs[0].time_s
        ]
        total, chain = max(before, key=lambda candidate: candidate[0], default=(0, []))
        best.append((total + len(run.pairs), [*chain, run]))
    return max(best, key=lambda candidate: candidate[0], default=(0, []))[1]


def _same_offset(first: Run, second: Run) -> bool:
    return abs(first.offset_s - second.offset_s) <= jump_s(first, second)


def _fitting(
    stretch: _Stretch, readings: Sequence[Reading], tokens: Sequence[Token], confirm: Confirm
) -> list[_Stretch]:
    """The parts of a stretch that was not heard as a run, but is said."""
    text = tokens[stretch.first : stretch.end]
    if not text:
        return []
    offset_s = stretch.run.offset_s
    within = (text[0].time_s + offset_s - SMALL_S, text[-1].time_s + offset_s + SMALL_S)
    if len(text) < _FEW_TOKENS or not _contradicted(readings, text, stretch.run, within):
        return [stretch]
    return [
        stretch._replace(first=stretch.first + first, end=stretch.first + end)
        for first, end in _blocks(text)
        if _confirmed(text[first:end], offset_s, confirm)
    ]


def _as_it_is(tokens: Sequence[Token], confirm: Confirm) -> list[Piece]:
    blocks = _blocks(tokens)
    sample = blocks[:: max(1, len(blocks) // _SAMPLE)]
    confirmed = sum(_confirmed(tokens[first:end], 0.0, confirm) for first, end in sample)
    return [Piece(0, len(tokens), ((0.0, 0.0),))] if confirmed >= len(sample) / 2 else []


def _blocks(text: Sequence[Token]) -> list[tuple[int, int]]:
    """First and last (excluded) numbers of blocks of whole cues, each up to `BLOCK_S` long or a single longer cue."""
    edges = [0]
    cues = [number for number in range(1, len(text)) if text[number].cue != text[number - 1].cue]
    for start, end in pairwise([*cues, len(text)]):
        if text[end - 1].time_s - text[edges[-1]].time_s > BLOCK_S:
            edges.append(start)
    return list(pairwise([*edges, len(text)]))


def _confirmed(text: Sequence[Token], offset_s: float, confirm: Confirm) -> bool:
    span = (max(text[0].time_s + offset_s - SMALL_S, 0.0), text[-1].time_s + offset_s + 2 * SMALL_S)
    return confirm(span, [token.text for token in text])


def _contradicted(readings: Sequence[Reading], text: Sequence[Token], near: Run, within: Span) -> bool:
    """Whether a reading heard something else in a span than the text.

    The text has a heard token if the offset of the run `near` moves an equal one to within `jump_s` of its time.
    """
    reach_s = jump_s(near, near)
    expected: dict[str, list[float]] = {}
    for token in text:
        expected.setdefault(token.text, []).append(token.time_s + near.offset_s)
    for reading in readings:
        heard = [token for token in reading.heard if within[0] < token.time_s < within[1]]
        agreeing = sum(
            any(abs(time_s - token.time_s) <= reach_s for time_s in expected.get(token.text, ())) for token in heard
        )
        if len(heard) >= MIN_HEARD and agreeing < _AGREEING_SHARE * len(heard):
            return True
    return False


def _anchors(runs: Sequence[Run], tokens: Sequence[Token]) -> tuple[tuple[float, float], ...]:
    """The time by the file and the offset of each run; one for all if the offset is constant, 0 if it is small."""
    offsets = [run.offset_s for run in runs]
    if max(offsets) - min(offsets) <= SMALL_S:
        offset = float(np.median(offsets))
        return ((tokens[runs[0].pairs[0].token].time_s, offset if abs(offset) > SMALL_S else 0.0),)
    middles = {float(np.median([tokens[pair.token].time_s for pair in run.pairs])): run.offset_s for run in runs}
    return tuple(sorted(middles.items()))
