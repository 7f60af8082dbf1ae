"""Excerpts of a window at 25 pictures a second, in which lips and mouths can be judged."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from clipper_assets.camera.analysis.frames import Picture
from clipper_assets.camera.analysis.mouth import Motion


@dataclass(frozen=True)
class Excerpt:
    """One face in consecutive pictures of the window: `lips` (112x112 grey values) and `motions`, one per picture."""

    lips: Sequence[Picture]
    motions: Sequence[Motion]


Look = Callable[[int, int], Mapping[int, Excerpt]]
"""Maps the numbers of a first picture and of the one after the last to the excerpt of each face in view throughout."""
