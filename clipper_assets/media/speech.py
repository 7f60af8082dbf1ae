"""The speech audio of an episode: 16 kHz mono, the input of every transcript engine."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clipper_assets.media.inputs import open_media

SPEECH_RATE_HZ = 16_000

Samples = NDArray[np.float32]
"""Mono samples at 16 kHz in -1..1, shape (n,)."""


def load_speech(path: Path) -> Samples:
    """Decode the FLAC file that `raw_video` wrote, or a microphone's."""

    with open_media(path) as container:
        frames = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    samples = np.zeros(sum(len(frame) for frame in frames), np.float32)
    if frames:
        np.concatenate(frames, out=samples)
    samples /= 32768.0
    return samples
