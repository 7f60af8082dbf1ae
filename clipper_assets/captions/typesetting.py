"""Places the words of a line in pixels, each one separately, so that none moves when another changes."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from clipper_assets.captions.fonts import Face
from clipper_assets.captions.lines import CaptionWord, spaced
from clipper_assets.captions.order import right_to_left, visual_order
from clipper_assets.captions.script_fonts import EMOJI_VARIANT, is_sign, runs
from clipper_assets.media.frame import Box

# libass shapes emoji one by one (seen with that of ffmpeg 9.0.2). Without joiners, keycaps and tags, the parts of a
# sequence are drawn side by side, as UTS #51 recommends where a sequence is not supported.
_EMOJI_JOINTS = re.compile("\u200d(?=[\u2190-\u2bff\U0001f000-\U0001faff])|\ufe0f?\u20e3|[\U000e0020-\U000e007f]")


@dataclass(frozen=True)
class Run:
    """A piece of a word in one face.

    Advance and ink box in pixels; the origin is the start of the baseline, y upward.
    """

    text: str
    face: Face
    is_right_to_left: bool
    advance_px: float
    left_px: float
    right_px: float
    top_px: float
    bottom_px: float


@dataclass(frozen=True)
class PlacedRun:
    """A run and the position of the left end of its baseline."""

    run: Run
    left_px: float
    baseline_px: float


@dataclass(frozen=True)
class PlacedWord:
    """A placed word. `ink` is the box of what is drawn; `cell` has the same height for all words of a line."""

    word: CaptionWord
    runs: tuple[PlacedRun, ...]
    em_px: float
    ink: Box
    cell: Box


class Typesetter:
    """Sets the words of one clip at `em_px`, in the first of `faces` or, for letters that it lacks, in another.

    Signs, such as music notes, that no face covers are left out.
    """

    def __init__(self, faces: Sequence[Face], em_px: float, *, uppercase: bool) -> None:
        self.faces = faces
        self.em_px = em_px
        self._uppercase = uppercase
        self._cell_top_px = faces[0].extent("H").top * em_px
        self._cell_bottom_px = 0.0 if uppercase else faces[0].extent("p").bottom * em_px
        self.runs = cache(self._runs)

    def width_px(self, text: str, language: str = "") -> float:
        """Advance of a word or a space."""
        return sum(run.advance_px for run in self.runs(text, language))

    def reach_px(self, words: Sequence[CaptionWord]) -> tuple[float, float]:
        """The greatest height above and depth below the baseline of a line with any of these words."""
        drawn = [run for word in words for run in self.runs(word.text, word.language)]
        top_px = max([self._cell_top_px, *(run.top_px for run in drawn)])
        return top_px, -min([self._cell_bottom_px, *(run.bottom_px for run in drawn)])

    def place(
        self, line: Sequence[CaptionWord], center_x_px: float, baseline_px: float, max_width_px: float
    ) -> list[PlacedWord]:
        """Place the words of a line centred on `center_x_px`; scaled down if too wide.

        The result is in reading order.
        """
        order = visual_order(right_to_left([word.text for word in line]))
        ordered = [line[number] for number in order]
        space_px = self.width_px(" ")
        gaps_px = [space_px if spaced(line[min(pair)], line[max(pair)]) else 0.0 for pair in pairwise(order)]
        widths_px = [self.width_px(word.text, word.language) for word in ordered]
        width_px = sum(widths_px) + sum(gaps_px)
        scale = min(max_width_px / (width_px + 2 * self._overhang_px(ordered)), 1.0)
        left_px = center_x_px - width_px * scale / 2
        placed: dict[int, PlacedWord] = {}
        for number, word, word_px, gap_px in zip(order, ordered, widths_px, [*gaps_px, 0.0], strict=True):
            placed[number] = self._placed(word, left_px, baseline_px, scale)
            left_px += (word_px + gap_px) * scale
        return [placed[number] for number in sorted(placed)]

    def _overhang_px(self, line: Sequence[CaptionWord]) -> float:
        """The larger distance by which the ink of a line's first or last letter extends beyond its advance."""
        first, last = (self.runs(word.text, word.language)[end] for word, end in ((line[0], 0), (line[-1], -1)))
        return max(-first.left_px, last.right_px - last.advance_px, 0.0)

    def _placed(self, word: CaptionWord, left_px: float, baseline_px: float, scale: float) -> PlacedWord:
        top_px, bottom_px = self._cell_top_px * scale, self._cell_bottom_px * scale
        placed, inks = [], []
        pen_px = left_px
        for run in self.runs(word.text, word.language):
            placed.append(PlacedRun(run, pen_px, baseline_px))
            ink = [px * scale for px in (run.left_px, run.right_px, run.top_px, run.bottom_px)]
            inks.append((pen_px + ink[0], pen_px + ink[1], baseline_px - ink[2], baseline_px - ink[3]))
            if run.face is not self.faces[0]:
                top_px, bottom_px = max(top_px, ink[2]), min(bottom_px, ink[3])
            pen_px += run.advance_px * scale
        lefts, rights, tops, bottoms = zip(*inks, strict=True)
        left, top = min(lefts), min(tops)
        return PlacedWord(
            word,
            tuple(placed),
            self.em_px * scale,
            ink=Box(left, top, max(rights) - left, max(bottoms) - top),
            cell=Box(left_px, baseline_px - top_px, pen_px - left_px, top_px - bottom_px),
        )

    def _runs(self, text: str, language: str) -> tuple[Run, ...]:
        """The runs of a word, or of a space, in visual order from left to right."""
        pieces = runs(self.shown(text, language), self.faces) or [("", self.faces[0])]
        leftward = right_to_left([piece for piece, _ in pieces])
        return tuple(self._run(*pieces[number], leftward[number]) for number in visual_order(leftward))

    def _run(self, text: str, face: Face | None, is_right_to_left: bool) -> Run:
        text, em_px = text.replace(EMOJI_VARIANT, ""), self.em_px
        if face is None:  # a system font may draw it; assume letters as wide as they are high
            return Run(text, self.faces[0], is_right_to_left, len(text) * em_px, 0, len(text) * em_px, em_px, 0)
        extent = face.extent(text)
        return Run(text, face, is_right_to_left, *(ems * em_px for ems in extent))

    def shown(self, text: str, language: str) -> str:
        """A text as it is drawn: in capitals if the style asks for them, by the rules of its language."""
        text = _EMOJI_JOINTS.sub("", text)
        text = "".join(char for char in text if not is_sign(char) or any(face.covers(char) for face in self.faces))
        if not self._uppercase:
            return text
        if language in ("tr", "az"):
            text = text.replace("i", "İ")
        if language == "el":  # Greek capitals have no accents
            text = unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).replace("\u0301", ""))
        return text.upper()


def grown(box: Box, margin_px: float) -> Box:
    """The box enlarged by a margin on all four sides."""
    return Box(box.left - margin_px, box.top - margin_px, box.width + 2 * margin_px, box.height + 2 * margin_px)
