"""Where the words of a line stand when it is drawn: right-to-left text for a renderer that puts no words in order.

libass, like VSFilter, lays out what stands between two override tags by itself and then sets the pieces from left to
right, so that a word in another colour breaks the order of a Hebrew or Arabic line (seen with the libass of ffmpeg
9.0.2). So every piece is placed by itself, and an invisible letter of its direction on both sides (UAX #9, section
2.6) keeps its punctuation where it belongs.
"""

import unicodedata
from collections.abc import Sequence
from itertools import groupby

RIGHT_TO_LEFT_MARK = "\u200f"


def right_to_left(texts: Sequence[str]) -> list[bool]:
    """The direction of each word of a line: that of its first letter (UAX #9, rule P2).

    A word without a letter, such as a number, goes with the word before it (rule W7), or else with the line.
    """
    directions: list[bool] = []
    before = _direction("".join(texts)) or False
    for text in texts:
        found = _direction(text)
        before = before if found is None else found
        directions.append(before)
    return directions


def seen_order(directions: Sequence[bool]) -> list[int]:
    """The numbers of a line's words from left to right as they are seen (UAX #9, rule L2, on whole words)."""
    runs = [
        list(numbers)[::-1] if is_reversed else list(numbers)
        for is_reversed, numbers in groupby(range(len(directions)), key=directions.__getitem__)
    ]
    return [number for run in (reversed(runs) if directions[0] else runs) for number in run]


def _direction(text: str) -> bool | None:
    """Whether a text's first letter runs from right to left; None for a text without a letter."""
    kinds = (unicodedata.bidirectional(char) for char in text)
    return next((kind != "L" for kind in kinds if kind in ("L", "R", "AL")), None)
