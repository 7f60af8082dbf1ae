"""The frame of a clip: its aspect ratio, its size, and the safe area that apps do not cover."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle in pixels."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def center_x(self) -> float:
        return self.left + self.width / 2

    @property
    def center_y(self) -> float:
        return self.top + self.height / 2


class Aspect(StrEnum):
    """Width to height of a clip."""

    portrait = "9:16"
    square = "1:1"
    feed = "4:5"
    landscape = "16:9"


@dataclass(frozen=True)
class Frame:
    """Size of a clip and its safe area for text, in pixels; the shorter side is always 1080."""

    width_px: int
    height_px: int
    safe: Box


TITLE_SAFE = 0.05
"""Margin as a share of width and height: SMPTE ST 2046-1 places titles in the middle 90 %."""


def _frame(width_px: int, height_px: int) -> Frame:
    left, top = TITLE_SAFE * width_px, TITLE_SAFE * height_px
    return Frame(width_px, height_px, Box(left, top, width_px - 2 * left, height_px - 2 * top))


FRAMES = {
    # Free of the buttons and texts of TikTok, Reels and Shorts, which only cover full-screen videos.
    Aspect.portrait: Frame(1080, 1920, Box(65, 270, 885, 980)),
    Aspect.square: _frame(1080, 1080),
    Aspect.feed: _frame(1080, 1350),
    Aspect.landscape: _frame(1920, 1080),
}
