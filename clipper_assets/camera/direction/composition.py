"""Composes pictures for the portrait frame: computes the view of a panel from the faces that it shows.

The rules are those of C. J. Bowen, Grammar of the Shot (4th ed. 2018): the eyes lie on the upper third line, there is
space above the head (head room), and more space on the side to which somebody looks (look room). In addition, faces
keep clear of the captions. If the source leaves no choice (a large face, or one at the edge), the picture stays as it
is. Other aspect ratios use the same views and show more of the surroundings. The numbers are chosen by eye.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from statistics import fmean

from clipper_assets.camera.direction.crop import Size, crop_box, crop_size_px, size_px
from clipper_assets.camera.direction.panels import PANELS, panels_px
from clipper_assets.camera.direction.path import View
from clipper_assets.media.frame import FRAMES, Aspect, Box
from clipper_assets.shows.show import Layout

EYE_LINE = 1 / 3
"""Height of the eyes in the panel: share of its height, from the top."""
EYES, CROWN = 0.4, -0.25
"""Height of eyes and crown in a detector's box, which spans hairline to chin: shares of its height, from the top."""
HEAD_ROOM = 0.03
"""Least space above the crown: share of the panel's height."""
LOOK_ROOM = 0.06
"""How far a face that looks to one side is moved off the centre: share of the panel's width."""
FACE_HEIGHTS = {Layout.speaker: 0.2, Layout.split: 0.28, Layout.grid: 0.3, Layout.screen: 0.28}
"""Height to which zoom enlarges smaller faces: share of the panel's. Shows head and shoulders (medium close-up)."""
MOST_ENLARGED = 3.0
"""Most pixels of the clip per source pixel; a crop of the full height of a 1080p source already has 1.8."""
TOGETHER_WIDTH = 0.7
"""Largest width of the faces that are framed together: share of the panel's width."""

PORTRAIT = FRAMES[Aspect.portrait]
CAPTIONS_TOP_PX, CAPTIONS_BOTTOM_PX = PORTRAIT.safe.bottom - 300, PORTRAIT.safe.bottom
"""Top and bottom of two lines of captions, which lie at the bottom of the safe area."""

_UNDER_HEAD_ROOM = (EYE_LINE - HEAD_ROOM) / (EYES - CROWN)
_ABOVE_CAPTIONS = (CAPTIONS_TOP_PX / PORTRAIT.height_px - EYE_LINE) / (1 - EYES)
LARGEST_FACES = {
    Layout.speaker: _ABOVE_CAPTIONS,
    Layout.split: _UNDER_HEAD_ROOM,
    Layout.grid: _UNDER_HEAD_ROOM,
    Layout.screen: _UNDER_HEAD_ROOM,
}
"""Height beyond which zoom enlarges no face: share of the panel's height."""


@dataclass(frozen=True)
class Composer:
    """Composes views of a source of the given size (square pixels, after rotation)."""

    source_size_px: Size

    @property
    def together_px(self) -> float:
        """Largest width in source pixels of faces that are framed together."""
        return TOGETHER_WIDTH * self.crop_px(Layout.speaker, 0)[0]

    def crop_px(self, layout: Layout, panel: int, zoom: float = 1.0, *, count: int = 0) -> tuple[float, float]:
        """Width and height of a panel's crop in source pixels; `count` is the number of panels of a `grid`."""
        return crop_size_px(size_px(_place(layout, panel, count)), self.source_size_px, zoom)

    def whole(self) -> View:
        """The middle of the source."""
        return View(self.source_size_px[0] / 2, self.source_size_px[1] / 2)

    def screen(self, screen: Box) -> View:
        """The view of the upper panel of `screen`: the whole slides, as large as possible."""
        width, height = self.crop_px(Layout.screen, 0)
        zoom = max(1.0, min(width / screen.width, height / screen.height))
        return self._inside(_place(Layout.screen, 0), View(screen.center_x, screen.center_y, zoom))

    def faces(self, layout: Layout, panel: int, faces: Sequence[Box], others: Sequence[Box], *, count: int = 0) -> View:
        """The view of a panel that shows `faces` together; `others` are faces in view that it need not show.

        `count` is the number of panels of a `grid`.
        """
        place = _place(layout, panel, count)
        width, height = self.crop_px(layout, panel, count=count)
        face = _around(faces)
        eyes_y = fmean(box.top + EYES * box.height for box in faces)
        face_height = max(box.height for box in faces) / height
        captions_end = _captions_end(place)
        eye_line = max(EYE_LINE, captions_end + EYES * FACE_HEIGHTS[layout])
        zooms = [FACE_HEIGHTS[layout] / face_height, height * (1 - eye_line) / max(self.source_size_px[1] - eyes_y, 1)]
        if layout in {Layout.split, Layout.grid}:
            zooms += [_zoom_without(face, other, width, height) for other in others]
        zoom = min(
            max(zooms),
            LARGEST_FACES[layout] / face_height,
            TOGETHER_WIDTH * width / face.width,
            MOST_ENLARGED * width / place.width,
        )
        zoom = max(zoom, 1.0)
        look = _look_room(face, others) * width / zoom if layout == Layout.speaker else 0.0
        eye_line = max(EYE_LINE, captions_end + EYES * face_height * zoom)
        center_y = eyes_y + (0.5 - eye_line) * height / zoom
        return self._inside(place, View(face.center_x + look, center_y, zoom))

    def _inside(self, place: Box, view: View) -> View:
        """The view of the panel at this place moved inside the source, with rounded numbers."""
        box = crop_box(view, size_px(place), self.source_size_px)
        return View(round(box.center_x, 1), round(box.center_y, 1), floor(view.zoom * 1000) / 1000)


def _place(layout: Layout, panel: int, count: int = 0) -> Box:
    """Where a panel is in the portrait frame."""
    return panels_px(layout, count or PANELS[layout][0], PORTRAIT)[panel]


def _captions_end(place: Box) -> float:
    """The bottom of captions that begin above a panel, as a share of its height from the top; else 0."""
    return (CAPTIONS_BOTTOM_PX - place.top) / place.height if CAPTIONS_TOP_PX <= place.top < CAPTIONS_BOTTOM_PX else 0.0


def _around(boxes: Sequence[Box]) -> Box:
    left, top = min(box.left for box in boxes), min(box.top for box in boxes)
    return Box(left, top, max(box.right for box in boxes) - left, max(box.bottom for box in boxes) - top)


def _look_room(face: Box, others: Sequence[Box]) -> float:
    """Offset of the view's centre from the face, towards the others if they are all on one side: share of its width."""
    sides = {other.center_x > face.center_x for other in others if not face.left <= other.center_x <= face.right}
    return LOOK_ROOM * sum(1 if on_the_right else -1 for on_the_right in sides)


def _zoom_without(face: Box, other: Box, width: float, height: float) -> float:
    """The zoom at which a crop centred on `face` reaches no farther than halfway to `other`."""
    apart_x, apart_y = abs(other.center_x - face.center_x), abs(other.center_y - face.center_y)
    return min(width / max(apart_x, 1.0), height / max(apart_y, 1.0))
