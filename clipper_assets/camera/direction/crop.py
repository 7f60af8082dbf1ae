"""Computes which rectangles of the source a camera path shows at a given time."""

from bisect import bisect_right

from clipper_assets.camera.direction.path import CameraPath, View, layout_in, panel_sizes_px
from clipper_assets.media.frame import Box, Frame
from clipper_assets.shows.show import Layout

Size = tuple[int, int]
"""Width and height in pixels."""


def crop_box(view: View, panel_size_px: Size, source_size_px: Size) -> Box:
    """The rectangle of the source that a panel of this size shows, in source pixels; moved inside the source if needed.

    The source's size is in square pixels, after rotation. Does not apply to `fit`, which shows the whole source.
    """
    width, height = crop_size_px(panel_size_px, source_size_px, view.zoom)
    left = max(min(view.center_x_px - width / 2, source_size_px[0] - width), 0.0)
    top = max(min(view.center_y_px - height / 2, source_size_px[1] - height), 0.0)
    return Box(left, top, width, height)


def crop_size_px(panel_size_px: Size, source_size_px: Size, zoom: float = 1.0) -> tuple[float, float]:
    """Width and height of a crop in source pixels; at zoom 1 the largest of the panel's shape inside the source."""
    scale = min(source_size_px[0] / panel_size_px[0], source_size_px[1] / panel_size_px[1]) / max(zoom, 1.0)
    return panel_size_px[0] * scale, panel_size_px[1] * scale


def views_at(path: CameraPath, time_s: float) -> tuple[Layout, tuple[View, ...]]:
    """The layout at a time and the views of its panels; before the path's start, those of the first keyframe.

    A keyframe that eases from another layout, as may occur in a table edited by a person, is treated as a cut.
    """
    number = max(bisect_right(path.keyframes, time_s, key=lambda key: key.time_s) - 1, 0)
    key, before = path.keyframes[number], path.keyframes[max(number - 1, 0)]
    if not key.ease_s or key.layout != before.layout or time_s - key.time_s >= key.ease_s:
        return key.layout, key.views
    share = eased((time_s - key.time_s) / key.ease_s)
    return key.layout, tuple(between(*views, share) for views in zip(before.views, key.views, strict=True))


def eased(share: float) -> float:
    """Progress of a move, 0 to 1, after a share, 0 to 1, of its time; slow at both ends (3t^2 - 2t^3, `smoothstep`)."""
    return share * share * (3 - 2 * share)


def shown_boxes(path: CameraPath, time_s: float, frame: Frame, source_size_px: Size) -> list[Box]:
    """The rectangles of the source that the panels show at a time, from top to bottom, in source pixels."""
    layout, views = views_at(path, time_s)
    layout = layout_in(frame, layout)
    if layout is Layout.fit:
        return [Box(0, 0, *source_size_px)]
    panels = panel_sizes_px(layout, frame)
    return [crop_box(view, panel, source_size_px) for view, panel in zip(views, panels, strict=True)]


def between(before: View, after: View, share: float) -> View:
    """The view interpolated linearly between two views, at a share, 0 to 1, of the way."""
    return View(
        before.center_x_px + share * (after.center_x_px - before.center_x_px),
        before.center_y_px + share * (after.center_y_px - before.center_y_px),
        before.zoom + share * (after.zoom - before.zoom),
    )
