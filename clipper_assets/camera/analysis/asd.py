"""Active speaker detection with LR-ASD: scores whether the visible lips produce the sound.

Liao et al., "LR-ASD: Lightweight and Robust Network for Active Speaker Detection", IJCV 2025.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clipper_assets.camera.analysis.frames import Picture
from clipper_assets.camera.analysis.inference import session
from clipper_assets.camera.scene import FPS
from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples

MFCC_PER_PICTURE = 4
STEP, LENGTH, FFT = SPEECH_RATE_HZ // (FPS * MFCC_PER_PICTURE), round(0.025 * SPEECH_RATE_HZ), 512
FILTERS, COEFFICIENTS = 26, 13
PREEMPHASIS, LIFTER = 0.97, 22

Score = Callable[[Sequence[Picture], Samples], NDArray[np.float32]]
"""Maps lips (112x112, 25 pictures a second) and their sound to a score per picture; above 0: speaking."""


def lr_asd(frontend: Path, backend: Path) -> Score:
    """LR-ASD from its two ONNX files: `frontend` embeds voice and face, `backend` scores the embeddings together."""
    embed, compare = session(frontend), session(backend)

    def score(lips: Sequence[Picture], sound: Samples) -> NDArray[np.float32]:
        rows = len(lips) * MFCC_PER_PICTURE
        audio = mfcc(sound)[:rows]
        audio = np.pad(audio, ((0, rows - len(audio)), (0, 0)), mode="edge")
        video = np.stack(lips).astype(np.float32)
        embeddings = embed.run(["embedA", "embedV"], {"audio": audio[None], "video": video[None]})
        scores: NDArray[np.float32]
        (scores,) = compare.run(["scoresAV"], dict(zip(("embedA", "embedV"), embeddings, strict=True)))
        return scores

    return score


def mfcc(sound: Samples) -> NDArray[np.float32]:
    """Mel-frequency cepstral coefficients at 100 a second, shape (n, 13); the first is the log energy of the frame.

    The network was trained on those of python_speech_features: samples of 16 bit, pre-emphasis 0.97, frames of 25 ms
    without a window, 26 triangular filters from 0 to 8 kHz on the mel scale 2595 log10(1 + f / 700), their log energies
    through an orthonormal DCT-II (Davis and Mermelstein 1980), liftered by 1 + 11 sin(pi n / 22).
    """
    signal = sound.astype(np.float64) * 32768
    signal = np.append(signal[:1], signal[1:] - PREEMPHASIS * signal[:-1])
    count = 1 + max(-(-(len(signal) - LENGTH) // STEP), 0)
    padded = np.pad(signal, (0, max((count - 1) * STEP + LENGTH - len(signal), 0)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, LENGTH)[::STEP][:count]
    power = np.abs(np.fft.rfft(frames, FFT)) ** 2 / FFT
    floor = np.finfo(np.float64).eps
    energies = np.log(np.maximum(power @ _filters().T, floor))
    order = np.arange(COEFFICIENTS)
    cosines = np.cos(np.pi * order[:, None] * (2 * np.arange(FILTERS) + 1) / (2 * FILTERS)) * np.sqrt(2 / FILTERS)
    coefficients = energies @ cosines.T * (1 + LIFTER / 2 * np.sin(np.pi * order / LIFTER))
    coefficients[:, 0] = np.log(np.maximum(power.sum(axis=1), floor))
    single: NDArray[np.float32] = coefficients.astype(np.float32)
    return single


def _filters() -> NDArray[np.float64]:
    """Triangular mel filters over the spectrum's bins, shape (26, 257); each rises from the previous one's centre."""
    highest_mel = 2595 * np.log10(1 + SPEECH_RATE_HZ / 2 / 700)
    corners_hz = 700 * (10 ** (np.linspace(0, highest_mel, FILTERS + 2) / 2595) - 1)
    corners = np.floor((FFT + 1) * corners_hz / SPEECH_RATE_HZ)
    bins = np.arange(FFT // 2 + 1)
    left, middle, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    filters: NDArray[np.float64] = np.clip(
        np.minimum((bins - left) / (middle - left), (right - bins) / (right - middle)), 0, None
    )
    return filters
