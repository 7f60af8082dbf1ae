"""Lines of text below each other around the middle of the frame, as high as the highest of a clip's letters needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from clipper_assets.captions.lines import CaptionWord, Lines
from clipper_assets.captions.typesetting import PlacedWord, Typesetter, grown
from clipper_assets.media.frame import Box, Frame

LEADING = 1.16
"""Distance of two baselines, in ems, where the letters need no more."""


@dataclass(frozen=True)
class PlacedLine:
    """Words at their places, and the box around them with the outline and the boxes that are drawn beside them."""

    words: tuple[PlacedWord, ...]
    box: Box


@dataclass(frozen=True)
class Column:
    """Sets lines of `words` with `margin_px` around each for outlines and boxes, `gap_px` between two at the least."""

    setter: Typesetter
    words: Sequence[CaptionWord]
    frame: Frame
    margin_px: float
    gap_px: float

    @property
    def text_width_px(self) -> float:
        """What a centred line may take: twice the narrower side of the safe area, less the margins."""
        middle_px, safe = self.frame.width_px / 2, self.frame.safe
        return 2 * (min(middle_px - safe.left, safe.right - middle_px) - self.margin_px)

    def height_px(self, lines: int) -> float:
        """Height of so many lines with their margins."""
        above_px, below_px = self._reach_px
        return above_px + below_px + self._pitch_px * (lines - 1) + 2 * self.margin_px

    def place(self, lines: Lines, top_px: float) -> tuple[PlacedLine, ...]:
        """The lines at their places, the uppermost margin beginning at `top_px`."""
        above_px, below_px = self._reach_px
        placed = []
        for number, line in enumerate(lines):
            baseline_px = top_px + self.margin_px + above_px + self._pitch_px * number
            words = self.setter.place(line, self.frame.width_px / 2, baseline_px, self.text_width_px)
            left_px = min(min(word.ink.left, word.cell.left) for word in words)
            right_px = max(max(word.ink.right, word.cell.right) for word in words)
            inner = Box(left_px, baseline_px - above_px, right_px - left_px, above_px + below_px)
            placed.append(PlacedLine(tuple(words), grown(inner, self.margin_px)))
        return tuple(placed)

    @cached_property
    def _reach_px(self) -> tuple[float, float]:
        return self.setter.reach_px(self.words)

    @property
    def _pitch_px(self) -> float:
        return max(LEADING * self.setter.em_px, sum(self._reach_px) + self.gap_px)
