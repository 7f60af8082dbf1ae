"""Computes which rectangles of the source a camera path shows at a given time."""

from bisect import bisect_right
from collections.abc import Sequence

from clipper_assets.camera.direction.panels import layout_in, panels_px
from clipper_assets.camera.direction.path import CameraPath, View
from clipper_assets.media.frame import Box, Frame
from clipper_assets.shows.show import Layout

Size = tuple[int, int]
"""Width and height in pixels."""
WIDE = 4 / 3
"""Least ratio of width to height of what is shown in wide panels; the tiles of conference software have 16:9 or 4:3."""
UPPER_THIRD = 1 / 3
"""Height of the point that a crop keeps in place when it is made smaller, from its top: the eyes lie there."""


def crop_box(view: View, panel_size_px: Size, source_size_px: Size) -> Box:
    """The rectangle of the source that a panel of this size shows, in source pixels; inside `view.within`.

    The source's size is in square pixels, after rotation. Does not apply to `fit`, which shows the whole source.
    """
    width, height = crop_size_px(panel_size_px, source_size_px, view.zoom)
    area = view.within or Box(0, 0, *source_size_px)
    share = min(area.width / width, area.height / height, 1.0)
    left = view.center_x_px - share * width / 2
    top = view.center_y_px - height / 2 + (1 - share) * height * UPPER_THIRD
    width, height = share * width, share * height
    return Box(
        max(min(left, area.right - width), area.left), max(min(top, area.bottom - height), area.top), width, height
    )


def crop_size_px(panel_size_px: Size, source_size_px: tuple[float, float], zoom: float = 1.0) -> tuple[float, float]:
    """Width and height of a crop in source pixels; at zoom 1 the largest of the panel's shape inside the source."""
    scale = min(source_size_px[0] / panel_size_px[0], source_size_px[1] / panel_size_px[1]) / max(zoom, 1.0)
    return panel_size_px[0] * scale, panel_size_px[1] * scale


def views_at(path: CameraPath, time_s: float) -> tuple[Layout, tuple[View, ...]]:
    """The layout at a time and the views of its panels; before the path's start, those of the first keyframe.

    A keyframe that eases from another layout, as may occur in a table edited by a person, is treated as a cut.
    """
    number = max(bisect_right(path.keyframes, time_s, key=lambda key: key.time_s) - 1, 0)
    key, before = path.keyframes[number], path.keyframes[max(number - 1, 0)]
    same_panels = (key.layout, len(key.views)) == (before.layout, len(before.views))
    if not key.ease_s or not same_panels or time_s - key.time_s >= key.ease_s:
        return key.layout, key.views
    share = eased((time_s - key.time_s) / key.ease_s)
    return key.layout, tuple(between(*views, share) for views in zip(before.views, key.views, strict=True))


def eased(share: float) -> float:
    """Progress of a move, 0 to 1, after a share, 0 to 1, of its time; slow at both ends (3t^2 - 2t^3, `smoothstep`)."""
    return share * share * (3 - 2 * share)


def shown_boxes(path: CameraPath, time_s: float, frame: Frame, source_size_px: Size) -> list[Box]:
    """The rectangles of the source that the panels show at a time, in the panels' order, in source pixels."""
    layout, views = views_at(path, time_s)
    layout = layout_in(frame, layout)
    if layout is Layout.fit:
        return [Box(0, 0, *source_size_px)]
    panels = panels_px(layout, len(views), frame, wide=are_wide(views))
    return [crop_box(view, size_px(panel), source_size_px) for view, panel in zip(views, panels, strict=True)]


def are_wide(views: Sequence[View]) -> bool:
    """Whether all views are confined to wide parts of the source, such as the tiles of a remote recording."""
    return all(view.within is not None and view.within.width >= WIDE * view.within.height for view in views)


def size_px(panel: Box) -> Size:
    """Width and height of a panel in whole pixels."""
    return round(panel.width), round(panel.height)


def between(before: View, after: View, share: float) -> View:
    """The view interpolated linearly between two views, at a share, 0 to 1, of the way; inside the second's box."""
    return View(
        before.center_x_px + share * (after.center_x_px - before.center_x_px),
        before.center_y_px + share * (after.center_y_px - before.center_y_px),
        before.zoom + share * (after.zoom - before.zoom),
        after.within,
    )
