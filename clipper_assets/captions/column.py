"""Stacks centred lines of text, with a line height that fits the highest letters of the clip."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from clipper_assets.captions.lines import CaptionWord, Lines
from clipper_assets.captions.long_words import break_long_words
from clipper_assets.captions.typesetting import PlacedWord, Typesetter, grown
from clipper_assets.media.frame import Box, Frame

LEADING = 1.16
"""Least distance between two baselines, in ems."""


@dataclass(frozen=True)
class PlacedLine:
    """Placed words, and the box around them that includes outlines and drawn boxes."""

    words: tuple[PlacedWord, ...]
    box: Box


@dataclass(frozen=True)
class Column:
    """Places lines of `words` with `margin_px` around each, for outlines and boxes, at least `gap_px` in between."""

    setter: Typesetter
    words: Sequence[CaptionWord]
    frame: Frame
    margin_px: float
    gap_px: float

    @property
    def text_width_px(self) -> float:
        """Largest width of a centred line: twice the distance from the middle to the nearer safe edge, less margins."""
        middle_px, safe = self.frame.width_px / 2, self.frame.safe
        return 2 * (min(middle_px - safe.left, safe.right - middle_px) - self.margin_px)

    def broken(self, words: Sequence[CaptionWord]) -> list[CaptionWord]:
        """The words, those that are much too wide for a line in pieces."""
        return break_long_words(words, self.setter.width_px, self.text_width_px, self.setter.em_px)

    def height_px(self, lines: int) -> float:
        """Height of that many lines, including their margins."""
        above_px, below_px = self._reach_px
        return above_px + below_px + self._pitch_px * (lines - 1) + 2 * self.margin_px

    def place(self, lines: Lines, top_px: float) -> tuple[PlacedLine, ...]:
        """Place the lines below each other; the margin of the first one starts at `top_px`."""
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
