"""Compares a transcript with short pieces of a recording, and looks closer where it stops fitting."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from clipper_assets.media.speech import Samples
from clipper_assets.runtime.progress import Report
from clipper_assets.transcript.fitting.listeners import Listener
from clipper_assets.transcript.fitting.matching import Heard, Run, find_runs
from clipper_assets.transcript.fitting.text import Token
from clipper_assets.transcript.timing import Span

MIN_HEARD = 12
"""So many heard tokens outside the text, 4 s of speech, contradict it. At the edge of a probe up to 10 are misheard."""

JUMP_S = 1.0
"""Offsets that differ by less belong together: people's cues start up to 0.5 s early, and words are spread in them."""

_FEW_SPOKEN_S = 2.0
_RESOLVED_S = 1.0


class Reading(NamedTuple):
    """What was heard in one probe, and the stretches of the text among it."""

    span: Span
    heard: list[Heard]
    runs: list[Run]


def read(
    listener: Listener,
    speech: Samples,
    duration_s: float,
    spoken: Sequence[Span],
    tokens: Sequence[Token],
    report: Report,
) -> list[Reading]:
    """Probe a recording: all of a short one, `listener.probes` places of a long one, and then where the text changes.

    Args:
        listener: Hears the probes.
        speech: All voices, 16 kHz mono.
        duration_s: Length of the recording in seconds.
        spoken: Where somebody speaks, in order.
        tokens: The transcript.
        report: Gets the progress.

    Returns:
        The readings in the order of the sound; those without speech are left out.
    """
    spans = places(duration_s, spoken, listener.probe_s, listener.probes)
    readings = []
    for number, span in enumerate(spans, start=1):
        readings.append(_reading(listener, speech, span, tokens))
        report(number / (2 * len(spans)))
    for number in range(1, listener.probes + 1):
        gap = max(unclear(readings, tokens), key=lambda gap: gap[1] - gap[0], default=None)
        if gap is None:
            break
        middle = (gap[0] + gap[1]) / 2
        start = max(0.0, min(middle, duration_s - listener.probe_s / 2) - listener.probe_s / 2)
        span = (start, min(start + listener.probe_s, duration_s))
        readings = sorted([*readings, _reading(listener, speech, span, tokens)], key=lambda reading: reading.span)
        report(0.5 + number / (2 * listener.probes))
    report(1.0)
    return readings


def places(duration_s: float, spoken: Sequence[Span], length_s: float, most: int) -> list[Span]:
    """Spans to probe: all of a short recording, else `most` spans spread evenly, each moved to the next speech."""
    count = min(most, max(1, round(duration_s / length_s)))
    if count < most:
        edges = np.linspace(0.0, duration_s, count + 1).tolist()
        spans = list(pairwise(edges))
    else:
        starts = np.linspace(0.0, duration_s - length_s, count).tolist()
        moved = [next((max(start, at[0]) for at in spoken if at[1] > start + _FEW_SPOKEN_S), start) for start in starts]
        spans = [(start, min(start + length_s, duration_s)) for start in dict.fromkeys(moved)]
    return [span for span in spans if _spoken_s(span, spoken) >= _FEW_SPOKEN_S]


def unclear(readings: Sequence[Reading], tokens: Sequence[Token]) -> list[Span]:
    """Gaps between readings in which the text starts or stops fitting, or fits at another offset."""
    gaps = []
    telling = [reading for reading in readings if len(reading.heard) >= MIN_HEARD]
    for before, after in pairwise(telling):
        gap = (before.span[1], after.span[0])
        if gap[1] - gap[0] <= _RESOLVED_S or not (before.runs or after.runs):
            continue
        if before.runs and after.runs:
            last, first = before.runs[-1], after.runs[0]
            changes = abs(last.offset_s - first.offset_s) > jump_s(last, first)
        else:
            run, other = (before.runs[-1], after) if before.runs else (after.runs[0], before)
            changes = expected(tokens, run.offset_s, other.span) >= MIN_HEARD
        if changes:
            gaps.append(gap)
    return gaps


def expected(tokens: Sequence[Token], offset_s: float, span: Span) -> int:
    """The number of tokens that the text has in a span of the recording, if it is moved by `offset_s`."""
    return sum(span[0] <= token.time_s + offset_s < span[1] for token in tokens)


def jump_s(first: Run, second: Run) -> float:
    """Least difference of the offsets of two runs that is more than the inexactness of the file's times."""
    return max(JUMP_S, 4 * first.spread_s, 4 * second.spread_s)


def _reading(listener: Listener, speech: Samples, span: Span, tokens: Sequence[Token]) -> Reading:
    heard = listener.hear(speech, span, tokens)
    return Reading(span, heard, find_runs(heard, tokens, 0, len(tokens)))


def _spoken_s(span: Span, spoken: Sequence[Span]) -> float:
    return sum(max(0.0, min(end, span[1]) - max(start, span[0])) for start, end in spoken)
