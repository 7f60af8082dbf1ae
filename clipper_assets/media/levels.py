"""RMS levels over time, of one recording or of several tracks compared with each other."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples

FRAME_S = 0.02
FLOOR_DB = -90.0
SMOOTHED_FRAMES = 5
"""0.1 s, about half a syllable: longer than the delay between two microphones in a room, shorter than a turn."""
SPEECH_PERCENTILE = 95
"""This percentile of a track's levels is its speech level, if its speaker talks for more than 5 % of the time."""
MAX_GAIN_DB = 12.0
"""A speech level is taken to be at most this far below the loudest track's. A quieter track is a microphone that hardly
anybody speaks into, which must not be amplified to the level of the others."""

Levels = NDArray[np.floating]
"""Decibels, shape (frames,), or (tracks, frames) for several tracks."""


def rms_levels(samples: Samples, frame_s: float) -> Levels:
    """RMS level in decibels of each whole frame of `frame_s` seconds, at least `FLOOR_DB`; shape (frames,)."""
    return _decibels(_power(samples, frame_s))


def relative_levels(tracks: Iterable[Samples]) -> Levels:
    """RMS levels of tracks, smoothed over 0.1 s and relative to each track's speech level; frames of `FRAME_S`.

    Relative levels keep a sensitive microphone from being the loudest all the time. Returns shape (tracks, frames).
    Tracks are consumed one at a time, so they need not be in memory together.
    """
    rows = []
    for track in tracks:
        power = _power(track, FRAME_S)
        if len(power):
            power = np.convolve(power, np.ones(SMOOTHED_FRAMES) / SMOOTHED_FRAMES, "same")[: len(power)]
        rows.append(_decibels(power).astype(np.float32))
    count = min(len(row) for row in rows)
    levels = np.stack([row[:count] for row in rows]) if count else np.full((len(rows), 1), FLOOR_DB, np.float32)
    speech = np.percentile(levels, SPEECH_PERCENTILE, axis=1)
    relative: Levels = levels - np.maximum(speech, speech.max() - MAX_GAIN_DB)[:, None].astype(np.float32)
    return relative


def _power(samples: Samples, frame_s: float) -> NDArray[np.float64]:
    """Mean square of each whole frame."""
    size = round(frame_s * SPEECH_RATE_HZ)
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    power: NDArray[np.float64] = np.einsum("ij,ij->i", frames, frames, dtype=np.float64) / size
    return power


def _decibels(power: NDArray[np.float64]) -> NDArray[np.float64]:
    decibels: NDArray[np.float64] = 10 * np.log10(np.maximum(power, 10 ** (FLOOR_DB / 10)))
    return decibels
