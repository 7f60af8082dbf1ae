"""What each keyframe of a camera path shows, as rectangles of the source and of the clip's frame."""

from typing import NamedTuple

from clipper_assets.camera.direction.crop import Size, are_wide, crop_box, size_px
from clipper_assets.camera.direction.panels import layout_in, panels_px
from clipper_assets.camera.direction.path import Keyframe
from clipper_assets.media.frame import Box, Frame
from clipper_assets.shows.show import Layout


class PanelPicture(NamedTuple):
    """A rectangle of the source, and the place in the clip's frame at which it is shown; both in pixels."""

    source: Box
    frame: Box


def picture_of(key: Keyframe, frame: Frame, source_size_px: Size) -> list[PanelPicture]:
    """The panels of a keyframe in a frame. `fit` has one, which leaves room for the blurred copy behind it."""
    layout = layout_in(frame, key.layout)
    if layout is Layout.fit:
        width, height = source_size_px
        share = min(frame.width_px / width, frame.height_px / height)
        left, top = (frame.width_px - width * share) / 2, (frame.height_px - height * share) / 2
        return [PanelPicture(Box(0, 0, width, height), Box(left, top, width * share, height * share))]
    places = panels_px(layout, len(key.views), frame, wide=are_wide(key.views))
    return [
        PanelPicture(crop_box(view, size_px(place), source_size_px), place)
        for view, place in zip(key.views, places, strict=True)
    ]
