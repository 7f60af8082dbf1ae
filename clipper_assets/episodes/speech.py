"""The speech audio of an episode: 16 kHz mono, what every engine listens to."""

from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

SPEECH_RATE_HZ = 16_000

Samples = NDArray[np.float32]
"""Mono samples at 16 kHz in -1..1, shape (n,)."""


def load_speech(path: Path) -> Samples:
    """Decode the FLAC that `raw_video` wrote."""
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    return (np.concatenate(frames).astype(np.float32) / 32768.0) if frames else np.zeros(0, np.float32)
