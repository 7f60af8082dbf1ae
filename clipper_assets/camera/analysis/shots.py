"""Detects cuts in a stream of pictures, also those in which a remote recording changes its layout."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise, repeat

import numpy as np
from numpy.typing import NDArray

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
CHANGED = 12
"""Least change of a pixel that has another content, in grey levels; in motion most pixels change by less."""
LARGEST_PART = 0.3
"""Largest share of the picture in which a change is no cut: a tile of a grid, of which the smallest has four."""
OUTSIDE = 0.05
"""Share of the changed pixels at each side that do not count for the box of a change, such as motion elsewhere."""
ANIMATED = 9
"""Number of pictures before and after its middle that an animated change of the layout lasts at most.

Such animations take 0.2 to 0.5 s, and their middle may be in their first third.
"""
RESTS = 3
"""Number of pictures before and after an animation in which the layout rests."""
REST = 0.5
"""Largest change of a resting layout, in mean changes during the animation; a slow fade and a pan never rest."""
ANIMATION_CHANGES = 0.4
"""Least share of pixels with another content after an animation; a person who moves changes fewer."""


def with_cuts(pictures: Iterable[Picture]) -> Iterator[tuple[Picture, bool]]:
    """Yield each picture and whether it begins a new shot; the output is 12 pictures behind the input.

    A change of the layout is a cut, also if it is animated: then the new shot begins in the middle of the animation. A
    change inside one of four or more tiles is not.
    """
    import cv2

    reach = ANIMATED + RESTS
    since_cut = since_animated = reach
    pending: deque[Picture | None] = deque()
    thumbnails: deque[Picture] = deque(maxlen=2 * reach + 2)
    for picture in chain(pictures, repeat(None, reach)):
        if picture is not None:
            thumbnail = cv2.resize(picture, THUMBNAIL_PX, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
            thumbnails.extend([thumbnail] if thumbnails else [thumbnail] * (reach + 2))
        elif thumbnails:
            thumbnails.append(thumbnails[-1])
        pending.append(picture)
        if len(pending) > reach and (first := pending.popleft()) is not None:
            seen = list(thumbnails)
            animated = since_cut > ANIMATED and _is_animated(seen)
            hard = since_animated > ANIMATED and _is_cut(seen[reach - AROUND : reach + AROUND + 2])
            since_cut = 0 if hard or animated else since_cut + 1
            since_animated = 0 if animated and not hard else since_animated + 1
            yield first, hard or animated


def _is_cut(thumbnails: Sequence[Picture]) -> bool:
    """Whether the change in the middle, number `AROUND`, is a cut."""
    changes = [_change(before, after) for before, after in pairwise(thumbnails)]
    change = changes.pop(AROUND)
    if change < max(LEAST_CHANGE, STANDS_OUT * float(np.mean(changes))):
        return False
    if _is_in_one_part(thumbnails[AROUND], thumbnails[AROUND + 1]):
        return False
    return _change(thumbnails[AROUND - FLASH], thumbnails[AROUND + 1 + FLASH]) > LEAST_CHANGE


def _is_in_one_part(before: Picture, after: Picture) -> bool:
    """Whether the change is inside a small part of the picture, such as a tile of a grid."""
    share = 1.0
    for places in np.nonzero(_changed(before, after)):
        first, last = np.quantile(places, [OUTSIDE, 1 - OUTSIDE])
        share *= last - first + 1
    return share <= LARGEST_PART * before.size


def _is_animated(thumbnails: Sequence[Picture]) -> bool:
    """Whether the change in the middle is that of an animation between two layouts, each of which rests."""
    first, last, middle = RESTS, len(thumbnails) - 1 - RESTS, len(thumbnails) // 2
    before, after = thumbnails[first], thumbnails[last]
    if _change(before, after) < LEAST_CHANGE or _changed(before, after).mean() < ANIMATION_CHANGES:
        return False
    nearer = [_change(after, thumbnails[at]) < _change(before, thumbnails[at]) for at in (middle - 1, middle)]
    if nearer != [False, True]:
        return False
    changes = [_change(earlier, later) for earlier, later in pairwise(thumbnails)]
    moving = [change for change in changes[first:last] if change >= max(changes[first:last]) / 2]
    resting = max(float(np.mean(changes[:first])), float(np.mean(changes[last:])))
    return resting <= REST * float(np.mean(moving))


def _changed(before: Picture, after: Picture) -> NDArray[np.bool_]:
    changed: NDArray[np.bool_] = np.abs(before.astype(np.int16) - after) > CHANGED
    return changed


def _change(before: Picture, after: Picture) -> float:
    return float(np.abs(before.astype(np.int16) - after).mean())
