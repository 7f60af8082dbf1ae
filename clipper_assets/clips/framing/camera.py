"""Where the crop looks, as data: a camera path is a layout and keyframes, and the renderer only replays it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from clipper_assets.episodes.source import RawVideo


class Layout(Enum):
    """How the source fills the vertical frame."""

    fit = "fit"
    center = "center"


@dataclass(frozen=True)
class Keyframe:
    """From `time_s` (seconds from the start of the clip) the crop is centred on this point, in source pixels."""

    time_s: float
    center_x_px: float
    center_y_px: float


@dataclass(frozen=True)
class CameraPath:
    """`fit` shows the whole picture over a blurred copy of it; `center` crops around the keyframes' centres.

    Keyframes are in time order; the first one is at 0 and each holds until the next: a cut, never a pan.
    """

    layout: Layout
    keyframes: Sequence[Keyframe]


def still_camera(layout: Layout, source: RawVideo) -> CameraPath:
    """A camera that looks at the middle throughout."""
    width_px, height_px = square_size_px(source)
    return CameraPath(layout, (Keyframe(0.0, width_px / 2, height_px / 2),))


def square_size_px(source: RawVideo) -> tuple[int, int]:
    """Width and height of the source in square pixels, after rotation."""
    return round(source.width_px * source.sample_aspect_ratio), source.height_px
