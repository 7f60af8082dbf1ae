"""How a picture is composed: from the faces that a panel shows to its view, for the portrait frame.

By C. J. Bowen, Grammar of the Shot (4th ed. 2018): the eyes lie on the upper third, the crown keeps clear of the upper
edge (head room), and who looks across at somebody has more room on that side (look room). On top of that faces keep
clear of the captions. Where the source leaves no choice (a large face, one at its edge) its own composition stands. In
the other aspect ratios the same views show more of what is beside. The figures are our own, by eye.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from statistics import fmean

from clipper_assets.camera.direction.crop import Size, crop_box, crop_size_px
from clipper_assets.camera.direction.path import View, panel_sizes_px
from clipper_assets.media.frame import FRAMES, Aspect, Box
from clipper_assets.shows.show import Layout

EYE_LINE = 1 / 3
"""Of the panel's height, from above."""
EYES, CROWN = 0.4, -0.25
"""Where they are in a detector's box, which goes from the hairline to the chin: shares of its height, from above."""
HEAD_ROOM = 0.03
"""At least, above the crown: share of the panel's height."""
LOOK_ROOM = 0.06
"""How far the face of who looks across lies off the middle: share of the panel's width."""
FACE_HEIGHTS = {Layout.speaker: 0.2, Layout.split: 0.28, Layout.screen: 0.28}
"""Zoom makes a smaller face so high: share of the panel's height. A head and shoulders (medium close-up)."""
MOST_ENLARGED = 3.0
"""Pixels of the clip for one of the source, by zoom; a crop of all of 1080 lines is enlarged 1.8 times as it is."""
TOGETHER_WIDTH = 0.7
"""What the faces that are framed together span at most: share of the panel's width."""

PORTRAIT = FRAMES[Aspect.portrait]
CAPTIONS_TOP_PX, CAPTIONS_BOTTOM_PX = PORTRAIT.safe.bottom - 300, PORTRAIT.safe.bottom
"""Two lines of captions, which end where the safe area does."""

_UNDER_HEAD_ROOM = (EYE_LINE - HEAD_ROOM) / (EYES - CROWN)
_ABOVE_CAPTIONS = (CAPTIONS_TOP_PX / PORTRAIT.height_px - EYE_LINE) / (1 - EYES)
LARGEST_FACES = {Layout.speaker: _ABOVE_CAPTIONS, Layout.split: _UNDER_HEAD_ROOM, Layout.screen: _UNDER_HEAD_ROOM}
"""Zoom makes no face higher than that: share of the panel's height."""


@dataclass(frozen=True)
class Composer:
    """Composes views of a source of this size (square pixels, after rotation)."""

    source_size_px: Size

    @property
    def together_px(self) -> float:
        """Up to which width faces of the source are framed together."""
        return TOGETHER_WIDTH * self.crop_px(Layout.speaker, 0)[0]

    def crop_px(self, layout: Layout, panel: int, zoom: float = 1.0) -> tuple[float, float]:
        """Width and height of a panel's crop in source pixels."""
        return crop_size_px(panel_sizes_px(layout, PORTRAIT)[panel], self.source_size_px, zoom)

    def whole(self) -> View:
        """The middle of the source."""
        return View(self.source_size_px[0] / 2, self.source_size_px[1] / 2)

    def screen(self, screen: Box) -> View:
        """The upper panel of `screen`: all of the slides, as large as they can be."""
        width, height = self.crop_px(Layout.screen, 0)
        zoom = max(1.0, min(width / screen.width, height / screen.height))
        return self._inside(Layout.screen, 0, View(screen.center_x, screen.center_y, zoom))

    def faces(self, layout: Layout, panel: int, faces: Sequence[Box], others: Sequence[Box]) -> View:
        """A panel of a layout with these faces, next to each other; `others` in view are not meant."""
        width, height = self.crop_px(layout, panel)
        face = _around(faces)
        eyes_y = fmean(each.top + EYES * each.height for each in faces)
        face_height = max(each.height for each in faces) / height
        captions_end = self._captions_end(layout, panel)
        eye_line = max(EYE_LINE, captions_end + EYES * FACE_HEIGHTS[layout])
        wanted = [FACE_HEIGHTS[layout] / face_height, height * (1 - eye_line) / max(self.source_size_px[1] - eyes_y, 1)]
        if layout == Layout.split:
            wanted += [_zoom_without(face, other, width, height) for other in others]
        zoom = min(
            max(wanted),
            LARGEST_FACES[layout] / face_height,
            TOGETHER_WIDTH * width / face.width,
            MOST_ENLARGED * width / panel_sizes_px(layout, PORTRAIT)[panel][0],
        )
        zoom = max(zoom, 1.0)
        look = _look_room(face, others) * width / zoom if layout == Layout.speaker else 0.0
        eye_line = max(EYE_LINE, captions_end + EYES * face_height * zoom)
        center_y = eyes_y + (0.5 - eye_line) * height / zoom
        return self._inside(layout, panel, View(face.center_x + look, center_y, zoom))

    def _inside(self, layout: Layout, panel: int, view: View) -> View:
        """The same view, moved inside the source, in round numbers."""
        box = crop_box(view, panel_sizes_px(layout, PORTRAIT)[panel], self.source_size_px)
        return View(round(box.center_x, 1), round(box.center_y, 1), floor(view.zoom * 1000) / 1000)

    @staticmethod
    def _captions_end(layout: Layout, panel: int) -> float:
        """How much of a lower panel the captions at its top cover, as a share of its height."""
        sizes = panel_sizes_px(layout, PORTRAIT)
        top = sum(height for _, height in sizes[:panel])
        return (CAPTIONS_BOTTOM_PX - top) / sizes[panel][1] if panel else 0.0


def _around(boxes: Sequence[Box]) -> Box:
    left, top = min(box.left for box in boxes), min(box.top for box in boxes)
    return Box(left, top, max(box.right for box in boxes) - left, max(box.bottom for box in boxes) - top)


def _look_room(face: Box, others: Sequence[Box]) -> float:
    """How far the middle of the picture lies beside a face, towards the others if they are all on one side."""
    sides = {other.center_x > face.center_x for other in others if not face.left <= other.center_x <= face.right}
    return LOOK_ROOM * sum(1 if on_the_right else -1 for on_the_right in sides)


def _zoom_without(face: Box, other: Box, width: float, height: float) -> float:
    """The zoom at which a crop around a face goes no farther than halfway to another one."""
    apart_x, apart_y = abs(other.center_x - face.center_x), abs(other.center_y - face.center_y)
    return min(width / max(apart_x, 1.0), height / max(apart_y, 1.0))
