"""What the loudness of an episode says about adverts: they are mastered elsewhere, and often have music under them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clipper_assets.media.loudness import LoudnessTrack
from clipper_assets.transcript.words import Sentence

Floats = NDArray[np.float64]

SOUND_NATS = 0.2
"""Nats for an advert if the loudness differs, and as many if there is music. Both together are no more than a sentence
without cues has against one, so that a guest with another microphone is not taken for an advert."""
LEAST_DIFFERENCE_LU = 3.0
LARGEST_SPREAD_LU = 3.0
"""If the sentences themselves differ by more (median absolute deviation), the sound does not count."""
AROUND_S = 0.5
FLOOR_PERCENTILE = 10.0
NEIGHBOURS = 2
"""Each sentence is judged by the median of itself and this many sentences before and after it."""


def sound_nats(track: LoudnessTrack, sentences: Sequence[Sentence]) -> Floats:
    """What the sound says for an advert in each sentence, in nats, shape (sentences,); 0 where it is unknown."""
    loudness = np.array([track.integrated(sentence.start, sentence.end) for sentence in sentences])
    floors = np.array([_floor(track, sentence) for sentence in sentences])
    return SOUND_NATS * _differs(loudness) + SOUND_NATS * _differs(floors - loudness, only_above=True)


def _floor(track: LoudnessTrack, sentence: Sentence) -> float:
    """The loudness of the pauses in and around a sentence, in LUFS; music raises it. NaN where it is unknown."""
    ends = track.block_end_s
    inside = (ends >= sentence.start - AROUND_S) & (ends <= sentence.end + AROUND_S)
    blocks = track.momentary_lufs[inside & np.isfinite(track.momentary_lufs)]
    return float(np.percentile(blocks, FLOOR_PERCENTILE)) if blocks.size else np.nan


def _differs(values: Floats, *, only_above: bool = False) -> NDArray[np.bool_]:
    """Whether each value, smoothed, is far from the median of all."""
    if not np.isfinite(values).any():
        return np.zeros(values.size, dtype=bool)
    away = values - np.nanmedian(values)
    spread = float(np.nanmedian(np.abs(away)))
    if spread > LARGEST_SPREAD_LU:
        return np.zeros(values.size, dtype=bool)
    padded = np.pad(np.nan_to_num(away), NEIGHBOURS, mode="symmetric")
    smooth = np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * NEIGHBOURS + 1), axis=1)
    far = smooth if only_above else np.abs(smooth)
    return np.asarray(far > LEAST_DIFFERENCE_LU + 2 * spread)
