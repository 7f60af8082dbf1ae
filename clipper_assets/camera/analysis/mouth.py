"""Detects speech without a model, from how a face's mouth and eyes move from picture to picture."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clipper_assets.camera.analysis.frames import Picture
from clipper_assets.camera.scene import FPS
from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples

FACE_PX = 160
"""Side in pixels of the square that is cut out around a face; it covers the longer side of the face's box."""
LOWERED = 0.05
"""How far the square's centre lies below the box's, in sides of the square."""
NOISE = 0.02
"""Motion of a still face in noisy pictures, in the units of `Motion`; smaller values carry no information."""
LAG = 3
"""Largest offset between sound and picture, in pictures."""
TINY = 1e-18
_SMALL_PX = 64
_EYES = (
    slice(round(0.15 * _SMALL_PX), round(0.42 * _SMALL_PX)),
    slice(round(0.15 * _SMALL_PX), round(0.85 * _SMALL_PX)),
)
_MOUTH = (
    slice(round(0.55 * _SMALL_PX), round(0.88 * _SMALL_PX)),
    slice(round(0.25 * _SMALL_PX), round(0.75 * _SMALL_PX)),
)


class Motion(NamedTuple):
    """Change from one picture to the next, in standard deviations of the face's grey values.

    `mouth` and `eyes` are mean absolute changes around the mouth and the eyes; `darkness` is how dark the mouth is.
    """

    mouth: float
    eyes: float
    darkness: float


def cut_face(picture: Picture, box: NDArray[np.float64]) -> Picture:
    """Cut the face in `box` (left, top, width, height) out as a square of `FACE_PX`; edge pixels repeat outside."""
    side = max(box[2], box[3])
    return cut_square(picture, box[0] + box[2] / 2, box[1] + box[3] / 2 + side * LOWERED, side, FACE_PX)


def cut_square(picture: Picture, center_x: float, center_y: float, side: float, size_px: int) -> Picture:
    """Cut a square around a centre out of the picture and scale it to `size_px` x `size_px`."""
    import cv2

    scale = side / size_px
    offset = (scale - side - 1) / 2  # the value of a pixel belongs to its centre
    from_square = np.array([[scale, 0, center_x + offset], [0, scale, center_y + offset]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    cut = cv2.warpAffine(picture, from_square, (size_px, size_px), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return cut.astype(np.uint8, copy=False)


def normalised(face: Picture) -> NDArray[np.float32]:
    """Shrink a cut-out face and scale it to mean 0 and standard deviation 1, independent of the lighting."""
    import cv2

    small = cv2.resize(face, (_SMALL_PX, _SMALL_PX), interpolation=cv2.INTER_AREA).astype(np.float32)
    normal: NDArray[np.float32] = (small - small.mean()) / max(float(small.std()), 1.0)
    return normal


def motion(before: NDArray[np.float32], now: NDArray[np.float32]) -> Motion:
    """The motion between two normalised faces."""
    change = np.abs(now - before)
    return Motion(float(change[_MOUTH].mean()), float(change[_EYES].mean()), -float(now[_MOUTH].mean()))


def mouth_score(motions: Sequence[Motion], sound: Samples) -> NDArray[np.float64]:
    """Score for each picture how much a face seems to speak; only comparable with scores of other faces.

    A speaking face moves its mouth more than its eyes, and does so when the sound changes. The score is
    log m - 1/2 log e + 2 r(|d|, |s|; 2 s) + 1/2 r(m, |s|; 3 s), with m and e the motion of mouth and eyes over 1 s, d
    and s the change of the mouth's darkness and of the sound's RMS from picture to picture, and r(x, y; t) the
    correlation over t seconds, the best within a lag of 3 pictures. The weights were tuned on talking faces for this
    project.
    """
    mouth, eyes, darkness = np.array(motions).T
    loudness = np.sqrt(np.mean(_by_picture(sound, len(motions)) ** 2, axis=1))
    change = np.abs(np.diff(loudness, prepend=loudness[:1]))
    opening = np.abs(np.diff(darkness, prepend=darkness[:1]))
    mouth_lead = np.log(_moving_average(mouth, 1.0) + NOISE) - 0.5 * np.log(_moving_average(eyes, 1.0) + NOISE)
    in_time = 2 * _correlation(opening, change, 2.0) + 0.5 * _correlation(mouth, change, 3.0)
    score: NDArray[np.float64] = mouth_lead + in_time
    return score


def _by_picture(sound: Samples, count: int) -> NDArray[np.float64]:
    """The samples during each picture, shape (count, samples); padded with silence if the sound ends early."""
    size = SPEECH_RATE_HZ // FPS
    padded = np.zeros(count * size)
    padded[: min(len(sound), len(padded))] = sound[: len(padded)]
    return padded.reshape(count, size)


def _moving_average(values: NDArray[np.float64], seconds: float) -> NDArray[np.float64]:
    """Moving average over `seconds` around each value; shorter at both ends."""
    width = round(seconds * FPS) // 2 * 2 + 1
    total = np.cumsum(np.concatenate([[0.0], values]))
    numbers = np.arange(len(values))
    start, end = np.maximum(numbers - width // 2, 0), np.minimum(numbers + width // 2 + 1, len(values))
    means: NDArray[np.float64] = (total[end] - total[start]) / (end - start)
    return means


def _correlation(video: NDArray[np.float64], audio: NDArray[np.float64], seconds: float) -> NDArray[np.float64]:
    """Correlation of two series over `seconds` around each picture, the best within `LAG` pictures of lag."""
    best = np.full(len(video), -1.0)
    video_mean = _moving_average(video, seconds)
    video_variance = _moving_average(video**2, seconds) - video_mean**2
    for lag in range(-LAG, LAG + 1):
        delayed = np.roll(audio, lag)
        audio_mean = _moving_average(delayed, seconds)
        audio_variance = _moving_average(delayed**2, seconds) - audio_mean**2
        covariance = _moving_average(video * delayed, seconds) - video_mean * audio_mean
        best = np.maximum(best, covariance / np.sqrt(np.maximum(video_variance * audio_variance, TINY)))
    return best
