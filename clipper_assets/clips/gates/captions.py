"""Counts the planned captions that are missing from the ASS file that is burned in."""

from collections import Counter

import pysubs2

from clipper_assets.captions.ass import LETTERS_STYLE, centiseconds, escaped
from clipper_assets.captions.layout import Block, Captions
from clipper_assets.captions.order import RIGHT_TO_LEFT_MARK
from clipper_assets.text.clean import clean_text

_INVISIBLE = str.maketrans("", "", f"{RIGHT_TO_LEFT_MARK}\u2060")

Line = tuple[int, int, str]
"""An event's start and end in milliseconds, and its visible text."""


def missing_captions(captions: Captions, ass: str) -> int:
    """The number of pieces of text of the title and the pages that are not shown when they should be.

    A word consists of one or more pieces. `ass` is the text of the ASS file; only the part before the first NUL counts,
    because libass stops reading there.
    """
    subtitles = pysubs2.SSAFile.from_string(ass.partition("\0")[0], format_="ass")
    lines = [
        (event.start, event.end, _visible(event.plaintext))
        for event in subtitles
        if event.style == LETTERS_STYLE and clean_text(event.text) == event.text
    ]
    blocks = [*([captions.title] if captions.title else ()), *captions.blocks]
    return sum(_missing(block, lines) for block in blocks)


def _missing(block: Block, lines: list[Line]) -> int:
    """The largest number of pieces missing at once, over all times at which the block changes."""
    start, end = _milliseconds(block.start_s), _milliseconds(block.end_s)
    words = [word for line in block.lines for word in line.words]
    expected = Counter(_visible(escaped(placed.run.text)) for word in words for placed in word.runs)
    del expected[""]
    overlapping = [line for line in lines if line[0] < end and line[1] > start]
    changes = {start, *(_milliseconds(word.word.start_s) for word in words)}
    shown_at_changes = (
        Counter(text for line_start, line_end, text in overlapping if line_start <= time < line_end)
        for time in changes
        if start <= time < end
    )
    return max(((expected - shown).total() for shown in shown_at_changes), default=0)


def _visible(text: str) -> str:
    return text.translate(_INVISIBLE).strip()


def _milliseconds(seconds: float) -> int:
    return centiseconds(seconds) * 10
