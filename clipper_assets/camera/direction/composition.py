"""Composes pictures for the portrait frame: computes the view of a panel from the faces that it shows.

The rules are those of C. J. Bowen, Grammar of the Shot (4th ed. 2018): the eyes lie on the upper third line, there is
space above the head (head room), and more space on the side to which somebody looks (look room). In addition, faces
keep clear of the captions. If the source leaves no choice (a large face, or one at the edge), the picture stays as it
is. Other aspect ratios use the same views and show more of the surroundings. The numbers are chosen by eye.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import floor
from statistics import fmean

from clipper_assets.camera.direction.alone import clear_crop, contains, free_rooms, head, touches
from clipper_assets.camera.direction.crop import UPPER_THIRD, Size, crop_box, crop_size_px, size_px
from clipper_assets.camera.direction.panels import PANELS, layout_in, panels_px
from clipper_assets.camera.direction.path import View
from clipper_assets.media.frame import FRAMES, Aspect, Box, Frame
from clipper_assets.shows.show import Layout

EYE_LINE = UPPER_THIRD
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
MOST_ENLARGED_ALONE = 5.0
"""The same where a crop must shrink to leave other people out. A soft picture of the speaker says who speaks; a sharp
one of three people does not."""
TOGETHER_WIDTH = 0.7
"""Largest width of the faces that are framed together: share of the panel's width."""
LARGEST_WIDTH = 0.85
"""The same in the frame with the narrowest panels, which stand side by side."""

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

    def together_px(self, tile: Box | None = None) -> float:
        """Largest width in source pixels of faces that are framed together, in a participant's tile if there is one."""
        area = tile or self._source
        return TOGETHER_WIDTH * crop_size_px(size_px(_place(Layout.speaker, 0)), (area.width, area.height))[0]

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

    def faces(
        self,
        layout: Layout,
        panel: int,
        faces: Sequence[Box],
        others: Sequence[Box],
        *,
        count: int = 0,
        tile: Box | None = None,
    ) -> View:
        """The view of a panel that shows `faces` together; it leaves `others` out wherever the picture allows.

        `count` is the number of panels of a `grid`. The view stays inside `tile`, the picture of the participant, and
        enlarges it as much as that needs.
        """
        place, area = _place(layout, panel, count), tile or self._source
        width, height = crop_size_px(size_px(place), (area.width, area.height))
        source_width, _ = self.crop_px(layout, panel, count=count)
        face, face_px = _around(faces), max(box.height for box in faces)
        eyes_y = fmean(box.top + EYES * box.height for box in faces)
        captions_end = _captions_end(place)
        eye_line = max(EYE_LINE, captions_end + EYES * FACE_HEIGHTS[layout])
        to_eye_line = height * (1 - eye_line) / max(area.bottom - eyes_y, 1)
        zooms = [FACE_HEIGHTS[layout] * height / face_px, to_eye_line]
        if layout in {Layout.split, Layout.grid}:
            zooms += [_zoom_without(face, other, width, height) for other in others]
        largest = LARGEST_FACES[layout] * height / face_px
        zoom = min(
            max(zooms),
            max(largest, to_eye_line) if tile else largest,
            TOGETHER_WIDTH * width / face.width,
            LARGEST_WIDTH * self._narrowest_px(layout, panel, count) / face.width * width / source_width,
            MOST_ENLARGED * width / place.width,
        )
        look = _look_room(face, others) if layout == Layout.speaker else 0.0

        def ideal(crop_width: float) -> Box:
            crop_height = crop_width * height / width
            eye_line = max(EYE_LINE, captions_end + EYES * face_px / crop_height)
            left = face.center_x + (look - 0.5) * crop_width
            return Box(left, eyes_y - eye_line * crop_height, crop_width, crop_height)

        crop = clear_crop(ideal, width / max(zoom, 1.0), face, others, area, place.width / MOST_ENLARGED_ALONE)
        view = View(crop.center_x, crop.center_y, source_width / crop.width)
        within = tile or self._room(layout, panel, count, view, face, others)
        return self._inside(place, replace(view, within=within))

    def _room(self, layout: Layout, panel: int, count: int, view: View, face: Box, others: Sequence[Box]) -> Box | None:
        """The part of the source that a view must not leave, so that wider frames leave the others out too.

        None if they do so anyway, or would cut the face or enlarge it too much; a landscape frame may enlarge more,
        because it shows a face less high.
        """
        crop = crop_box(view, size_px(_place(layout, panel, count)), self.source_size_px)
        heads = [head(other) for other in others]
        obstacles = others if touches(crop, heads) else heads
        places = _places(layout, panel, count)

        def boxes(view: View) -> list[Box]:
            return [crop_box(view, size_px(place), self.source_size_px) for place in places.values()]

        if touches(crop, obstacles) or not any(touches(box, obstacles) for box in boxes(view)):
            return None
        room = max(free_rooms(self._source, crop, obstacles), key=lambda room: (min(room[2:]), max(room[2:])))
        for (frame, place), box in zip(places.items(), boxes(replace(view, within=room)), strict=True):
            is_blurred = place.width > MOST_ENLARGED_ALONE * box.width and frame.height_px >= frame.width_px
            if is_blurred or not contains(box, face):
                return None
        return room

    def _narrowest_px(self, layout: Layout, panel: int, count: int) -> float:
        """Width in source pixels, at zoom 1, of the panel's crop in the frame in which that is narrowest."""
        sizes = map(size_px, _places(layout, panel, count).values())
        return min(crop_size_px(size, self.source_size_px)[0] for size in sizes)

    @property
    def _source(self) -> Box:
        return Box(0, 0, *self.source_size_px)

    def _inside(self, place: Box, view: View) -> View:
        """The view of the panel at this place moved inside the source, with rounded numbers."""
        box = crop_box(view, size_px(place), self.source_size_px)
        return View(round(box.center_x, 1), round(box.center_y, 1), floor(view.zoom * 1000) / 1000, view.within)


def _place(layout: Layout, panel: int, count: int = 0) -> Box:
    """Where a panel is in the portrait frame."""
    return panels_px(layout, count or PANELS[layout][0], PORTRAIT)[panel]


def _places(layout: Layout, panel: int, count: int) -> dict[Frame, Box]:
    """Where a panel is in each frame that can show the layout."""
    return {
        frame: panels_px(layout, count or PANELS[layout][0], frame)[panel]
        for frame in FRAMES.values()
        if layout_in(frame, layout) is layout
    }


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
