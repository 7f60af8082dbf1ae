"""Lays out the caption pages and the hook title of a clip inside the safe area."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from clipper_assets.captions.column import Column, PlacedLine
from clipper_assets.captions.fonts import Face
from clipper_assets.captions.line_breaks import COMMAS, SENTENCE_ENDS
from clipper_assets.captions.lines import CaptionWord, Lines, Page, Ruler, paginate
from clipper_assets.captions.script_fonts import faces_for, is_drawn, is_sign
from clipper_assets.captions.styles import CaptionStyle
from clipper_assets.captions.typesetting import Typesetter
from clipper_assets.media.frame import Box, Frame
from clipper_assets.text.scripts import UNSPACED, split_unspaced

PANEL_MARGIN, WORD_MARGIN = 0.28, 0.18
"""Padding of the boxes behind a page and behind a word, in ems."""
UNDERLINE_OFFSET, UNDERLINE_HEIGHT = 0.08, 0.08
"""Distance from the bottom of a word to its underline, and the underline's height, in ems."""
HOOK_S = 3.0
HOOK_LINES = 3
HOOK_SIZES = (1.0, 0.9, 0.8, 0.7, 0.6)
"""Shares of the style's size; the first that fits is used. A hook too long for the smallest is cut off, because still
smaller letters cannot be read in three seconds."""


class Place(StrEnum):
    """Where captions stand: in the middle of the frame, at the top or bottom of the safe area, or above the middle.

    In the upper two places there is no room for a hook title.
    """

    bottom = "bottom"
    middle = "middle"
    high = "high"
    top = "top"


Places = tuple[tuple[float, Place], ...]
"""From each time on, in seconds of the clip, captions stand in that place."""


@dataclass(frozen=True)
class Block:
    """Placed lines that are shown together; seconds from the start of the clip."""

    lines: tuple[PlacedLine, ...]
    start_s: float
    end_s: float

    @property
    def box(self) -> Box:
        """The box around all lines."""
        boxes = [line.box for line in self.lines]
        left, top = min(box.left for box in boxes), min(box.top for box in boxes)
        return Box(left, top, max(box.right for box in boxes) - left, max(box.bottom for box in boxes) - top)

    @property
    def middle_s(self) -> float:
        return (self.start_s + self.end_s) / 2


@dataclass(frozen=True)
class TextBox:
    """The box of one line of text, including its outline and boxes.

    Pixels are those of the frame, seconds count from the start of the clip.
    """

    start_s: float
    end_s: float
    box: Box


@dataclass(frozen=True)
class Captions:
    """The captions and the hook title of a clip of `clip_s` seconds, laid out in its frame.

    `places` override the style's position; a page stands where most of its time demands.
    Fonts that the package lacks are looked up in `fonts_dir`. Properties raise
    ValueError if the style's font is in neither.
    """

    words: Sequence[CaptionWord]
    style: CaptionStyle
    frame: Frame
    clip_s: float
    hook: str | None = None
    fonts_dir: Path | None = None
    places: Places = ()

    @cached_property
    def faces(self) -> tuple[Face, ...]:
        """The faces that draw the texts; the style's own face comes first."""
        text = "".join(word.text for word in (*self.words, *self._hook_words))
        return faces_for(f"{text}{text.upper()}" if self.style.uppercase else text, self.style.font, self.fonts_dir)

    @property
    def missing_glyphs(self) -> str:
        """The sorted letters that no face covers; libass draws them with another system font, or as boxes."""
        setter = self._column.setter
        text = "".join(setter.shown(word.text, word.language) for word in (*self.words, *self._hook_words))
        return "".join(sorted(char for char in {*text} if is_drawn(char) and not self._covered(char)))

    @property
    def lost_signs(self) -> str:
        """The sorted signs, such as music notes, that no face covers; they are left out."""
        text = {char for word in (*self.words, *self._hook_words) for char in word.text}
        return "".join(sorted(char for char in text if is_sign(char) and not self._covered(char)))

    def _covered(self, char: str) -> bool:
        return any(face.covers(char) for face in self.faces)

    @property
    def smallest_em_px(self) -> float | None:
        """The height of the em of the smallest letters; None without captions."""
        blocks = [*([self.title] if self.title else []), *self.blocks]
        return min((word.em_px for block in blocks for line in block.lines for word in line.words), default=None)

    @cached_property
    def pages(self) -> list[Page]:
        """The words, split into pages."""
        return paginate(
            self._column.broken(self.words),
            measure=self._column.setter.width_px,
            max_width=self._column.text_width_px,
            max_words=self.style.words_per_page,
            max_lines=self.style.max_lines,
            clip_s=self.clip_s,
        )

    @cached_property
    def blocks(self) -> list[Block]:
        """The placed pages."""
        return [
            Block(self._column.place(page.lines, self._top_px(len(page.lines), place)), page.start_s, page.end_s)
            for page in self.pages
            for place in [self._place_at((page.start_s + page.end_s) / 2)]
        ]

    @cached_property
    def title(self) -> Block | None:
        """The placed hook, shown for the first seconds at the top of the safe area; None without room for it."""
        fitted = self._fitted_hook()
        if fitted is None:
            return None
        column, lines = fitted
        return Block(column.place(lines, self.frame.safe.top), 0.0, min(HOOK_S, self.clip_s))

    @property
    def boxes(self) -> list[TextBox]:
        """The box of every line of text; those of the title come first."""
        blocks = [*([self.title] if self.title else []), *self.blocks]
        return [TextBox(block.start_s, block.end_s, line.box) for block in blocks for line in block.lines]

    @cached_property
    def _column(self) -> Column:
        style, em_px = self.style, self.style.font_size
        box_px = WORD_MARGIN * em_px if style.highlight_box_colour else 0.0
        line_px = (UNDERLINE_OFFSET + UNDERLINE_HEIGHT) * em_px if style.underline_colour else 0.0
        panel_px = PANEL_MARGIN * em_px if style.panel_colour else 0.0
        outline_px = style.outline_px + style.shadow_px + 2 * style.blur_px
        setter = Typesetter(self.faces, em_px, uppercase=style.uppercase)
        margin_px = max(outline_px, panel_px, box_px, line_px)
        return Column(setter, self.words, self.frame, margin_px, gap_px=max(2 * box_px, line_px))

    def _place_at(self, time_s: float) -> Place:
        number = bisect_right(self.places, time_s, key=lambda item: item[0]) - 1
        return self.places[number][1] if number >= 0 else Place(self.style.position.value)

    def _top_px(self, lines: int, place: Place) -> float:
        """Top of a page with that many lines in a place, in pixels."""
        safe, height_px = self.frame.safe, self._column.height_px(lines)
        lowest_px = safe.bottom - height_px
        centered_px = min((self.frame.height_px - height_px) / 2, lowest_px)
        tops_px = {
            Place.bottom: lowest_px,
            Place.middle: centered_px,
            Place.high: (safe.top + centered_px) / 2,
            Place.top: safe.top,
        }
        return tops_px[place]

    @cached_property
    def _hook_words(self) -> list[CaptionWord]:
        language = self.words[0].language if self.words else ""
        hook = self.hook or ""
        texts = split_unspaced(hook, language) if language in UNSPACED else hook.split()
        return [CaptionWord(text, 0.0, 0.0, 0, None, language) for text in texts]

    def _fitted_hook(self) -> tuple[Column, Lines] | None:
        """The hook in the largest size that fits above the captions, or cut off in the smallest size."""
        words = self._hook_words
        columns = [self._hook_column(self.style.hook_size * size) for size in HOOK_SIZES]
        for column in columns:
            if lines := self._fitted(words, column):
                return column, lines
        words = columns[-1].broken(words)
        for count in range(len(words) - 1, 0, -1):
            cut = replace(words[count - 1], text=f"{words[count - 1].text.rstrip(SENTENCE_ENDS + COMMAS)}…")
            if lines := self._fitted([*words[: count - 1], cut], columns[-1]):
                return columns[-1], lines
        return None

    def _fitted(self, words: Sequence[CaptionWord], column: Column) -> Lines | None:
        places = [self._place_at(0.0), *(place for start_s, place in self.places if start_s < HOOK_S)]
        tops_px = [self._top_px(self.style.max_lines, place) for place in places]
        room_px = min(tops_px) - self.frame.safe.top
        most = sum(column.height_px(lines) <= room_px for lines in range(1, HOOK_LINES + 1))
        words = column.broken(words)
        ruler = Ruler(words, column.setter.width_px)
        if len(words) > 1 and ruler.width(0, len(words)) > most * column.text_width_px:
            return None
        broken = ruler.lines(0, len(words), column.text_width_px, most)
        return broken and broken[1]

    def _hook_column(self, em_px: float) -> Column:
        setter = Typesetter(self.faces, em_px, uppercase=self.style.uppercase)
        return Column(setter, self._hook_words, self.frame, PANEL_MARGIN * em_px, gap_px=0.0)
