"""How loud each track of a recording is over time."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clipper_assets.episodes.speech import SPEECH_RATE_HZ, Samples

FRAME_S = 0.02
FLOOR_DB = -90.0
SMOOTHED_FRAMES = 5
"""0.1 s, about half a syllable: longer than the delay between two microphones in one room, shorter than a turn."""
SPEECH_PERCENTILE = 95
"""A track whose owner speaks for more than a twentieth of the time is at this percentile while they do."""


def frame_levels(tracks: Sequence[Samples]) -> NDArray[np.float32]:
    """RMS levels in dB relative to full scale, smoothed over 0.1 s, shape (tracks, frames) with `FRAME_S` a frame."""
    size = round(FRAME_S * SPEECH_RATE_HZ)
    count = max(min(len(track) for track in tracks) // size, 1)
    levels = np.full((len(tracks), count), FLOOR_DB, np.float32)
    for row, track in zip(levels, tracks, strict=True):
        framed = track[: count * size]
        power = np.add.reduceat(np.square(framed), np.arange(0, len(framed), size)) / size
        power = np.convolve(power, np.ones(SMOOTHED_FRAMES) / SMOOTHED_FRAMES, "same")
        row[: len(power)] = 10 * np.log10(np.maximum(power, 10 ** (FLOOR_DB / 10)))[:count]
    return levels


def own_speech(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """The level in dB at which each track's own speaker is, shape (tracks,)."""
    found: NDArray[np.float32] = np.percentile(levels, SPEECH_PERCENTILE, axis=1).astype(np.float32)
    return found
