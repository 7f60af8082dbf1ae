"""Where the panels of each layout lie in the frame of a clip."""

from itertools import pairwise

from clipper_assets.media.frame import Box, Frame
from clipper_assets.shows.show import Layout

PANELS = {
    Layout.speaker: (1,),
    Layout.split: (2,),
    Layout.grid: (3, 4),
    Layout.screen: (2,),
    Layout.fit: (1,),
    Layout.center: (1,),
}
"""How many rectangles of the source a layout can show."""

WIDEST_ROW, WIDEST_ROW_OF_TILES = 16 / 9, 2.0
"""Largest ratio of width to height of panels in rows; beyond it they stand side by side. A wider panel of a person in a
room shows mostly the wall, and one of a participant's tile, which is 16:9, loses the crown."""
TALL_FOR_SLIDES = 1.0
"""Least ratio of height to width of a frame for `screen`; in a lower one, slides leave no room for a face."""


def layout_in(frame: Frame, layout: Layout) -> Layout:
    """The layout used in a frame: `fit` replaces `screen` if the frame is too low for slides above a face."""
    too_low = layout is Layout.screen and frame.height_px < TALL_FOR_SLIDES * frame.width_px
    return Layout.fit if too_low else layout


def panels_px(layout: Layout, count: int, frame: Frame, *, wide: bool = False) -> list[Box]:
    """The places in the clip of a layout's `count` panels, row by row: whole, even pixels that fill the frame.

    `wide` tells that they show wide tiles, two of which are above each other in a square frame too. The panel
    for slides is 16:9, like nearly all slides. Raises ValueError for a number that the layout cannot have.
    """
    if count not in PANELS[layout]:
        raise ValueError(f"{layout.value} has {' or '.join(map(str, PANELS[layout]))} panels, not {count}")
    if layout is Layout.screen:
        return _rows([1, 1], [frame.width_px * 9 // 32 * 2], frame)
    return _rows(_columns_by_row(count, frame.height_px / frame.width_px, wide=wide), [], frame)


def _columns_by_row(count: int, tall: float, *, wide: bool) -> list[int]:
    """How many panels each row has. The panels are close to the shape of a head and shoulders in every frame."""
    if count == 4:
        return [2, 2]
    if count / tall <= (WIDEST_ROW_OF_TILES if wide else WIDEST_ROW):
        return [1] * count
    return [1, 2] if count == 3 and tall >= 1 else [count]


def _rows(columns: list[int], heights_px: list[int], frame: Frame) -> list[Box]:
    """Rows of panels; the first rows have these heights, and the others share what is left."""
    panels, top_px = [], 0
    for row, count in enumerate(columns):
        rows_left = len(columns) - row
        left_px = frame.height_px - top_px
        even_px = left_px // rows_left // 2 * 2 if rows_left > 1 else left_px
        height_px = heights_px[row] if row < len(heights_px) else even_px
        edges_px = [frame.width_px * column // count // 2 * 2 for column in range(count)] + [frame.width_px]
        panels += [Box(left, top_px, right - left, height_px) for left, right in pairwise(edges_px)]
        top_px += height_px
    return panels
