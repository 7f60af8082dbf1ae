"""Computes the visual order of words in lines with right-to-left text.

libass, like VSFilter, lays out the text between two override tags separately and then places the pieces from left to
right, so that a word in another colour breaks the order of a Hebrew or Arabic line (seen with the libass of ffmpeg
9.0.2). Therefore every piece is placed separately, and an invisible right-to-left mark on both sides (UAX #9, section
2.6) keeps its punctuation on the correct side.
"""

import unicodedata
from collections.abc import Sequence
from itertools import groupby

RIGHT_TO_LEFT_MARK = "\u200f"


def right_to_left(texts: Sequence[str]) -> list[bool]:
    """Whether each word of a line runs from right to left, judged by its first letter (UAX #9, rule P2).

    A word without a letter, such as a number, has the direction of the word before it (rule W7), or of the line.
    """
    directions: list[bool] = []
    current = _direction("".join(texts)) or False
    for text in texts:
        direction = _direction(text)
        current = current if direction is None else direction
        directions.append(current)
    return directions


def visual_order(directions: Sequence[bool]) -> list[int]:
    """The numbers of a line's words in visual order, from left to right (UAX #9, rule L2, applied to whole words)."""
    runs = [
        list(numbers)[::-1] if is_reversed else list(numbers)
        for is_reversed, numbers in groupby(range(len(directions)), key=directions.__getitem__)
    ]
    return [number for run in (reversed(runs) if directions[0] else runs) for number in run]


def _direction(text: str) -> bool | None:
    """Whether the first letter of a text is written from right to left; None for a text without letters."""
    kinds = (unicodedata.bidirectional(char) for char in text)
    return next((kind != "L" for kind in kinds if kind in ("L", "R", "AL")), None)
