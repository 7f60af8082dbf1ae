"""Finds a constant offset of a transcript by when somebody speaks, for languages that no listener knows."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clipper_assets.transcript.engines.base import Recording
from clipper_assets.transcript.fitting.check import Fit
from clipper_assets.transcript.fitting.pieces import Piece
from clipper_assets.transcript.fitting.text import Token
from clipper_assets.transcript.timing import Span
from clipper_assets.transcript.transcript_files import Cue
from clipper_assets.transcript.vad import speech_spans

STEP_S = 0.1
REACH_S = 120.0
MIN_DURATION_S = 90.0

MIN_CORRELATION, MIN_LEAD = 0.35, 1.7
"""Least correlation at an offset, and multiple of that at any other. Measured on 2 to 4 min of the sample, reading,
telephone and meetings: 0.38 to 0.66, 1.9 to 3.7 times the next; other recordings' at most 0.13, 1.4 times the next."""

_NEXT_S = 3.0
_PAD_MS = 30


def activity_fit(recording: Recording, cues: Sequence[Cue], tokens: Sequence[Token]) -> Fit | None:
    """All of the transcript at the offset at which its cues and the speech agree best; None if none stands out."""
    if recording.duration_s < MIN_DURATION_S or not tokens:
        return None
    spoken = _grid(speech_spans(recording.speech, pad_ms=_PAD_MS), recording.duration_s)
    shown = _grid([cue.span for cue in cues], max(recording.duration_s, cues[-1].span[1]))
    reach = round(REACH_S / STEP_S)
    steps = np.arange(-reach, reach + 1)
    agreement = np.array([_agreement(spoken, shown, step) for step in steps.tolist()])
    best = int(agreement.argmax())
    elsewhere = float(agreement[np.abs(steps - steps[best]) * STEP_S > _NEXT_S].max())
    if agreement[best] < max(MIN_CORRELATION, MIN_LEAD * elsewhere):
        return None
    piece = Piece(0, len(tokens), ((0.0, float(steps[best] * STEP_S)),))
    return Fit("pauses of the speech and of the cues", tokens, [piece], 1.0)


def _grid(spans: Sequence[Span], duration_s: float) -> NDArray[np.float64]:
    """1 where a span is and 0 elsewhere, in steps of `STEP_S`."""
    grid = np.zeros(round(duration_s / STEP_S) + 1)
    for start, end in spans:
        grid[round(start / STEP_S) : round(end / STEP_S)] = 1.0
    return grid


def _agreement(spoken: NDArray[np.float64], shown: NDArray[np.float64], step: int) -> float:
    """Correlation of the two where they overlap if `shown` is moved by `step`, lowered if they overlap little."""
    first, end = max(0, step), min(len(spoken), len(shown) + step)
    one, other = spoken[first:end], shown[first - step : end - step]
    if end - first < 2 or one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1] * np.sqrt((end - first) / len(spoken)))
