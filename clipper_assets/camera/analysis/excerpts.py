"""Excerpts of a window at 25 pictures a second, in which lips and mouths can be judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from clipper_assets.camera.analysis.frames import Picture
from clipper_assets.camera.analysis.mouth import Motion


@dataclass(frozen=True)
class Excerpt:
    """One face in consecutive pictures of the window: `lips` (112x112 grey values) and `motions`, one per picture."""

    lips: Sequence[Picture]
    motions: Sequence[Motion]


Span = tuple[int, int]
"""Numbers of a first picture of the window and of the one after the last."""


class Look(Protocol):
    """The only way in which the decision who speaks gets pictures."""

    @property
    def keys(self) -> Sequence[int]:
        """Numbers of the key pictures, sorted: an excerpt soon after one of them is cheap."""

    def expect(self, spans: Sequence[Span]) -> None:
        """Announce excerpts that are asked for next, so that they are decoded in one sweep."""

    def __call__(self, first: int, end: int) -> Mapping[int, Excerpt]:
        """The excerpt of each face, by its number, that is in view throughout."""
