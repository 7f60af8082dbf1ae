"""The captions that a plan has, looked for in the ASS file that they are burned from."""

from collections import Counter

import pysubs2

from clipper_assets.captions.ass import LETTERS_STYLE, centiseconds, escaped
from clipper_assets.captions.layout import Block, Captions
from clipper_assets.captions.order import RIGHT_TO_LEFT_MARK
from clipper_assets.text.clean import clean_text

_UNSEEN = str.maketrans("", "", f"{RIGHT_TO_LEFT_MARK}\u2060")

Line = tuple[int, int, str]
"""An event's start and end in milliseconds, and the text that is seen."""


def missing_captions(captions: Captions, ass: str) -> int:
    """How many pieces of text of the title and the pages are not shown when they are due; a word is a piece or more.

    `ass` is the text of the file that libass reads, which it does up to the first NUL.
    """
    read = pysubs2.SSAFile.from_string(ass.partition("\0")[0], format_="ass")
    lines = [
        (event.start, event.end, _seen(event.plaintext))
        for event in read
        if event.style == LETTERS_STYLE and clean_text(event.text) == event.text
    ]
    blocks = [*([captions.title] if captions.title else ()), *captions.blocks]
    return sum(_missing(block, lines) for block in blocks)


def _missing(block: Block, lines: list[Line]) -> int:
    """The most that is missing at once, at any of the times at which the block changes."""
    start, end = _milliseconds(block.start_s), _milliseconds(block.end_s)
    words = [word for line in block.lines for word in line.words]
    due = Counter(_seen(escaped(placed.run.text)) for word in words for placed in word.runs)
    del due[""]
    near = [line for line in lines if line[0] < end and line[1] > start]
    changes = {start, *(_milliseconds(word.word.start_s) for word in words)}
    shown = (Counter(text for first, last, text in near if first <= at < last) for at in changes if start <= at < end)
    return max(((due - seen).total() for seen in shown), default=0)


def _seen(text: str) -> str:
    return text.translate(_UNSEEN).strip()


def _milliseconds(seconds: float) -> int:
    return centiseconds(seconds) * 10
