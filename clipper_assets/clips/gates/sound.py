"""Measures on a clip's audio how far captions and speech are apart, and how loud the clip starts and ends."""

import math
from collections.abc import Sequence

import numpy as np

from clipper_assets.clips.cuts import Span
from clipper_assets.media.levels import FLOOR_DB, SPEECH_PERCENTILE, Levels

STEP_S = 0.01
"""Distance between two values of the levels that these functions take."""
RANGE_DB = 40.0
"""Levels further below the loudest speech count as silence: vowels are about this much louder than a quiet room."""
REACH_S = 2.0
"""The largest delay that is tried."""
LEAST_PAUSES = 0.05
"""Least share of the clip that must be pauses: with fewer of them, levels do not show where the words are."""
EDGE_S = 0.06
"""How much of the start and of the end of a clip is measured."""
FADED_S = 0.01
"""Length of the renderer's fades at the start and the end, which are not measured."""
GOES_ON_S = 0.2
"""Speech continues across a pause shorter than this."""


def speech_delay(levels: Levels, words: Sequence[Span]) -> tuple[float, float] | None:
    """How many seconds later than its words the speech is heard (negative: earlier), and their correlation (-1..1).

    It is the delay, up to two seconds or half of the clip, at which the levels correlate best with a signal that is 1
    during words and 0 in pauses. None if there are hardly any pauses. Measured on 30 s of the sample: an error of at
    most 0.01 s and a correlation above 0.65. With a random error of 0.06 s (standard deviation) in the times of the
    words: 0.09 s and 0.5 in a reverberant room, 0.15 s and 0.25 under music 6 dB below the speech.
    """
    speaking = np.zeros(len(levels))
    for start, end in words:
        speaking[max(round(start / STEP_S), 0) : max(round(end / STEP_S), 0)] = 1.0
    if not LEAST_PAUSES <= 1 - speaking.mean() < 1 or np.ptp(levels) == 0:
        return None
    audible = np.maximum(levels, _speech_level_db(levels) - RANGE_DB)
    reach = min(round(REACH_S / STEP_S), len(levels) // 2)
    lags = range(-reach, reach + 1)
    correlations = [_correlation(audible[max(lag, 0) :], speaking[max(-lag, 0) :]) for lag in lags]
    best = int(np.argmax(correlations))
    return lags[best] * STEP_S, correlations[best]


def edge_level_db(levels: Levels, spoken: Sequence[Span], duration_s: float) -> float | None:
    """Level of the start or the end of a clip, whichever is louder, relative to the clip's speech.

    `spoken` are the words in and around the clip. A start or end across which speech continues is not measured. None if
    neither is measured, or if the clip is silent.
    """
    loud_db = _speech_level_db(levels)
    if loud_db <= FLOOR_DB:
        return None
    edge_levels_db = []
    faded, size = round(FADED_S / STEP_S), round(EDGE_S / STEP_S)
    for edge_s, edge in ((0.0, levels[faded:size]), (duration_s, levels[-size:-faded])):
        last_end_s = max((end for start, end in spoken if start < edge_s), default=-math.inf)
        next_start_s = min((start for start, end in spoken if end > edge_s), default=math.inf)
        if next_start_s - last_end_s >= GOES_ON_S and edge.size:
            edge_levels_db.append(float(edge.max()) - loud_db)
    return max(edge_levels_db, default=None)


def _speech_level_db(levels: Levels) -> float:
    return float(np.percentile(levels, SPEECH_PERCENTILE))


def _correlation(audible: Levels, speaking: Levels) -> float:
    """Pearson's correlation over the length of the shorter signal; 0 if either is constant."""
    length = min(len(audible), len(speaking))
    x = audible[:length] - audible[:length].mean()
    y = speaking[:length] - speaking[:length].mean()
    scale = math.sqrt(float(x @ x) * float(y @ y))
    return float(x @ y) / scale if scale else 0.0
