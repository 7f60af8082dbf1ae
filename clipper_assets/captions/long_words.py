"""Breaks words that are much wider than a line, such as addresses, so that their letters stay readable."""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from math import ceil

from clipper_assets.captions.lines import CaptionWord

READABLE_PX = 36.0
"""Least height of the em that can be read, in pixels of a frame whose shorter side is 1080.

ISO 9241-303 asks for letters of at least 16 minutes of arc: 1.6 mm at a distance of 35 cm, or 26 of 1080 pixels on a
telephone's screen, which is 68 mm wide; capitals have 0.72 of the em.
"""
SHRUNK = 0.6
"""Share of its size to which a word is shrunk to fit on a line before it is broken; that of the smallest hook title."""
SEPARATORS = "/\\-_.,?&=@:;#%+~|"
"""Characters after which an address may be broken."""
SPREAD = 1.2
"""How much wider than the others a piece may be to end at a separator."""

Width = Callable[[str, str], float]
"""Measures a text in a language, in pixels."""


def break_long_words(words: Sequence[CaptionWord], width_px: Width, max_px: float, em_px: float) -> list[CaptionWord]:
    """The words, each on a line of `max_px`; those that would be shrunk too much in pieces of about equal width.

    A piece that continues a word is marked as such. Pieces end after a separator if possible; a word of letters alone
    gets hyphens. Each piece has its share of the word's time, by its characters.
    """
    shown = []
    widest_px = max_px / min(max(SHRUNK, READABLE_PX / em_px), 1.0)
    for word in words:
        if width_px(word.text, word.language) <= widest_px:
            shown.append(word)
            continue
        pieces = list(_pieces(word.text, lambda text: width_px(text, word.language), max_px))  # noqa: B023
        begun = 0
        for number, piece in enumerate(pieces):
            start_s, end_s = (
                word.start_s + (word.end_s - word.start_s) * count / len(word.text)
                for count in (begun, begun + len(piece))
            )
            begun += len(piece)
            hyphen = "-" if word.text.isalpha() and number + 1 < len(pieces) else ""
            text = piece + hyphen
            shown.append(replace(word, text=text, start_s=start_s, end_s=end_s, continues=number > 0))
    return shown


def _pieces(text: str, width_px: Callable[[str], float], max_px: float) -> Iterator[str]:
    while 0 < max_px < (whole_px := width_px(text)):
        goal_px = min(max_px, SPREAD * whole_px / ceil(whole_px / max_px)) - width_px("-")
        fitting = [end for end in range(1, len(text)) if _may_break(text, end) and width_px(text[:end]) <= goal_px]
        if not fitting:
            break
        late = [end for end in fitting[len(fitting) // 2 :] if text[end - 1] in SEPARATORS]
        end = (late or fitting)[-1]
        yield text[:end]
        text = text[end:]
    yield text


def _may_break(text: str, end: int) -> bool:
    """Whether a piece may end there: not before a mark or a joiner, nor after a joiner or a virama."""
    joined = unicodedata.category(text[end]) in ("Mn", "Mc", "Me", "Cf") or unicodedata.combining(text[end - 1]) == 9
    return not joined and text[end - 1] != "\u200d"
