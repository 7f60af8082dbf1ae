"""How much a mouth moves from picture to picture, and the eyes beside it: what a face says without any model."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clipper_assets.camera.analysis.frames import Picture
from clipper_assets.camera.scene import FPS
from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples

FACE_PX = 160
"""Side of the square that is cut around a face; it is as long as the longer side of the face's box."""
LOWERED = 0.05
"""How far the square lies below the box, in its own sides."""
NOISE = 0.02
"""What a still face moves by in noisy pictures, in the units of `Motion`; less tells nothing."""
LAG = 3
"""Pictures by which sound and picture may be apart."""
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
    """Of one picture against the one before, in standard deviations of the face's grey values: mean absolute change
    around the mouth and around the eyes, and how dark the mouth is."""

    mouth: float
    eyes: float
    darkness: float


def cut_face(picture: Picture, box: NDArray[np.float64]) -> Picture:
    """The face of `box` (left, top, width, height) as `FACE_PX` squared; the picture's edge goes on where it ends."""
    side = max(box[2], box[3])
    return cut_square(picture, box[0] + box[2] / 2, box[1] + box[3] / 2 + side * LOWERED, side, FACE_PX)


def cut_square(picture: Picture, center_x: float, center_y: float, side: float, size_px: int) -> Picture:
    """The square of so long a side around a point, as a picture of `size_px` squared."""
    import cv2

    scale = side / size_px
    offset = (scale - side - 1) / 2  # to the middle of the first pixel, which is where its value is
    from_square = np.array([[scale, 0, center_x + offset], [0, scale, center_y + offset]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    cut = cv2.warpAffine(picture, from_square, (size_px, size_px), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return cut.astype(np.uint8, copy=False)


def evened(face: Picture) -> NDArray[np.float32]:
    """A cut face, small, with mean 0 and standard deviation 1: the same in bright and in dim light."""
    import cv2

    small = cv2.resize(face, (_SMALL_PX, _SMALL_PX), interpolation=cv2.INTER_AREA).astype(np.float32)
    even: NDArray[np.float32] = (small - small.mean()) / max(float(small.std()), 1.0)
    return even


def motion(before: NDArray[np.float32], now: NDArray[np.float32]) -> Motion:
    """Between two evened faces."""
    change = np.abs(now - before)
    return Motion(float(change[_MOUTH].mean()), float(change[_EYES].mean()), -float(now[_MOUTH].mean()))


def mouth_score(motions: Sequence[Motion], sound: Samples) -> NDArray[np.float64]:
    """How much a face seems to speak, for each of its pictures, against other faces: its mouth moves more than its eyes
    do, at the moments at which the sound changes.

    log m - 1/2 log e + 2 r(|d|, |s|; 2 s) + 1/2 r(m, |s|; 3 s), with the motion m of the mouth and e of the eyes over
    1 s, the change d of the mouth's darkness and s of the sound's RMS from picture to picture, and r the correlation
    over so many seconds, at its best within 3 pictures of lag. The weights were measured on talking faces for this
    project.
    """
    mouth, eyes, darkness = np.array(motions).T
    loudness = np.sqrt(np.mean(_pictures(sound, len(motions)) ** 2, axis=1))
    change = np.abs(np.diff(loudness, prepend=loudness[:1]))
    opening = np.abs(np.diff(darkness, prepend=darkness[:1]))
    more = np.log(_over(mouth, 1.0) + NOISE) - 0.5 * np.log(_over(eyes, 1.0) + NOISE)
    found: NDArray[np.float64] = more + 2 * _correlation(opening, change, 2.0) + 0.5 * _correlation(mouth, change, 3.0)
    return found


def _pictures(sound: Samples, count: int) -> NDArray[np.float64]:
    """The sound during each picture, silence where it ends early; shape (count, samples)."""
    size = SPEECH_RATE_HZ // FPS
    whole = np.zeros(count * size)
    whole[: min(len(sound), len(whole))] = sound[: len(whole)]
    return whole.reshape(count, size)


def _over(values: NDArray[np.float64], seconds: float) -> NDArray[np.float64]:
    """The mean over so many seconds around each value, of what there is of them."""
    width = round(seconds * FPS) // 2 * 2 + 1
    total = np.cumsum(np.concatenate([[0.0], values]))
    numbers = np.arange(len(values))
    start, end = np.maximum(numbers - width // 2, 0), np.minimum(numbers + width // 2 + 1, len(values))
    means: NDArray[np.float64] = (total[end] - total[start]) / (end - start)
    return means


def _correlation(seen: NDArray[np.float64], heard: NDArray[np.float64], seconds: float) -> NDArray[np.float64]:
    best = np.full(len(seen), -1.0)
    for lag in range(-LAG, LAG + 1):
        late = np.roll(heard, lag)
        both = _over(seen * late, seconds) - _over(seen, seconds) * _over(late, seconds)
        spread = (_over(seen**2, seconds) - _over(seen, seconds) ** 2) * (
            _over(late**2, seconds) - _over(late, seconds) ** 2
        )
        best = np.maximum(best, both / np.sqrt(np.maximum(spread, TINY)))
    return best
