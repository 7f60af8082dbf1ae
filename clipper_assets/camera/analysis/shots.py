"""Finds the cuts of a window while its pictures pass by."""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise, repeat

import numpy as np

from clipper_assets.camera.analysis.frames import Picture

THUMBNAIL_PX = (64, 36)
LEAST_CHANGE = 7.0
"""Grey levels per pixel; without a cut, a whole picture mostly changes by less."""
STANDS_OUT = 3.0
"""Times the mean change around it, so that fast motion and fades are no cuts (as PySceneDetect's AdaptiveDetector)."""
AROUND = 4
"""Pictures before and after."""
FLASH = 2
"""Pictures that a flash lasts, after which the old shot is back."""


def with_cuts(pictures: Iterable[Picture]) -> Iterator[tuple[Picture, bool]]:
    """Each picture, and whether a new shot begins with it; hands them on `AROUND` pictures late."""
    import cv2

    pending: deque[Picture | None] = deque()
    thumbnails: deque[Picture] = deque(maxlen=2 * AROUND + 2)
    for picture in chain(pictures, repeat(None, AROUND)):
        if picture is not None:
            thumbnail = cv2.resize(picture, THUMBNAIL_PX, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
            thumbnails.extend([thumbnail] if thumbnails else [thumbnail] * (AROUND + 2))
        elif thumbnails:
            thumbnails.append(thumbnails[-1])
        pending.append(picture)
        if len(pending) > AROUND and (first := pending.popleft()) is not None:
            yield first, _is_cut(list(thumbnails))


def _is_cut(thumbnails: list[Picture]) -> bool:
    """Whether the picture in the middle, `AROUND` after the first change, is unlike the ones before it."""
    changes = [_change(before, after) for before, after in pairwise(thumbnails)]
    change = changes.pop(AROUND)
    if change < max(LEAST_CHANGE, STANDS_OUT * float(np.mean(changes))):
        return False
    return _change(thumbnails[AROUND - FLASH], thumbnails[AROUND + 1 + FLASH]) > LEAST_CHANGE


def _change(before: Picture, after: Picture) -> float:
    return float(np.abs(before.astype(np.int16) - after).mean())
