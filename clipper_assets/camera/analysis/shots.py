"""Detects cuts in a stream of pictures."""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise, repeat

import numpy as np

from clipper_assets.camera.analysis.frames import Picture

THUMBNAIL_PX = (64, 36)
LEAST_CHANGE = 7.0
"""Least mean change at a cut, in grey levels per pixel; between cuts pictures mostly change by less."""
STANDS_OUT = 3.0
"""Least ratio to the mean change around it; rules out fast motion and fades (like PySceneDetect's AdaptiveDetector)."""
AROUND = 4
"""Number of pictures before and after a cut with which it is compared."""
FLASH = 2
"""Number of pictures that a flash lasts at most; after it the old shot is back."""


def with_cuts(pictures: Iterable[Picture]) -> Iterator[tuple[Picture, bool]]:
    """Yield each picture and whether it begins a new shot; the output is `AROUND` pictures behind the input."""
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
    """Whether the change in the middle, number `AROUND`, is a cut."""
    changes = [_change(before, after) for before, after in pairwise(thumbnails)]
    change = changes.pop(AROUND)
    if change < max(LEAST_CHANGE, STANDS_OUT * float(np.mean(changes))):
        return False
    return _change(thumbnails[AROUND - FLASH], thumbnails[AROUND + 1 + FLASH]) > LEAST_CHANGE


def _change(before: Picture, after: Picture) -> float:
    return float(np.abs(before.astype(np.int16) - after).mean())
