"""Applies the camera path in ffmpeg: crops moved by `sendcmd`, stacked panels, layouts joined one after the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, pairwise
from typing import NamedTuple

import ffmpeg

from clipper_assets.camera.direction.crop import between, crop_box, eased
from clipper_assets.camera.direction.path import CameraPath, Keyframe, View, layout_in, panel_sizes_px
from clipper_assets.clips.rendering.trimming import in_any_span
from clipper_assets.episodes.audio import Stream
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.frame import Box, Frame
from clipper_assets.shows.show import Layout

CAMERA_FILE = "camera.cmd"
NEARLY_ALL = 0.97
SHRINK, BLUR_SIGMA, DIMMED = 4, 8, -0.08
SEAM_PX = 6

Size = tuple[int, int]
"""Width and height in pixels."""


class Crop(NamedTuple):
    """A rectangle of the source in whole pixels, its width and height even, as ffmpeg's `crop` takes it."""

    w: int
    h: int
    x: int
    y: int


@dataclass(frozen=True)
class Stretch:
    """Frames of one layout: those of the clip from `first` up to but not including `end`.

    `crops` maps each frame at which a crop changes to the crops of all panels from then on; empty for `fit`.
    """

    layout: Layout
    first: int
    end: int
    crops: dict[int, tuple[Crop, ...]]


def stretches(camera: CameraPath, source: RawVideo, frame: Frame, fps: Fraction, frames: int) -> list[Stretch]:
    """The camera path of a clip of `frames` frames at `fps`, in frames and whole pixels."""
    keys = {first: key for key in camera.keyframes if (first := round(key.time_s * fps)) < frames}
    spans = [(first, end, keys[first]) for first, end in pairwise([*keys, frames])]
    result = []
    for layout, group in groupby(spans, key=lambda span: layout_in(frame, span[2].layout)):
        part = list(group)
        crops = [] if layout is Layout.fit else list(_crops(part, layout, source, frame, fps))
        changes = {at: crop for (_, before), (at, crop) in pairwise([(0, ()), *crops]) if crop != before}
        result.append(Stretch(layout, part[0][0], part[-1][1], changes))
    return result


def camera_commands(parts: Sequence[Stretch], fps: Fraction) -> str:
    """The commands for `sendcmd`: one line for each change of crops after a layout's first; empty without changes.

    A command is timed half a frame before its frame, so that rounding never makes it a frame late.
    """
    return "".join(
        f"{(at - 0.5) / fps:.4f} {', '.join(f'{_name(layout, panel)} {side} {px}' for side, px in crop.items())};\n"
        for layout, changes in _crops_by_layout(parts).items()
        for at, crops in changes[1:]
        for panel, crop in enumerate(crop._asdict() for crop in crops)
    )


def reframe(picture: Stream, parts: Sequence[Stretch], source: RawVideo, frame: Frame, fps: Fraction) -> Stream:
    """Show `picture`, in square pixels at `fps`, in `frame` as the stretches in `parts` say.

    If `camera_commands` is not empty, ffmpeg must run in a folder that contains it as `camera.cmd`.
    """
    crops_by_layout = _crops_by_layout(parts)
    if any(len(crops) > 1 for crops in crops_by_layout.values()):
        picture = picture.filter("sendcmd", f=CAMERA_FILE)
    if len(parts) == 1:
        return _laid_out(picture, parts[0].layout, crops_by_layout[parts[0].layout], source, frame)
    # One branch for each layout, however often it occurs, because filters never release the memory they once used.
    streams: dict[int, Stream] = {}
    for (layout, crops), copy in zip(crops_by_layout.items(), _copies(picture, len(crops_by_layout)), strict=True):
        of_layout = [stretch for stretch in parts if stretch.layout is layout]
        # One more frame tells `trim` that a part is over; otherwise the next part would be buffered in memory.
        selected = copy.filter("select", in_any_span([(stretch.first, stretch.end + 1) for stretch in of_layout]))
        laid_out = _laid_out(selected, layout, crops, source, frame)
        for stretch, part in zip(of_layout, _copies(laid_out, len(of_layout)), strict=True):
            start_s, end_s = ((number - 0.5) / fps for number in (stretch.first, stretch.end))
            streams[stretch.first] = part.filter("trim", start=f"{max(start_s, 0):.6f}", end=f"{end_s:.6f}")
    # `copy` returns frames to their branches at once. Timestamps are set by frame number, because `concat` does not
    # know the duration of a part with a single frame.
    whole = ffmpeg.concat(*(streams[stretch.first] for stretch in parts)).filter("copy")
    return whole.filter("settb", f"{fps.denominator}/{fps.numerator}").filter("setpts", "N")


def scaled(picture: Stream, size: Size) -> Stream:
    """Scale `picture` with zimg, which takes a quarter of swscale's time; its sharper spline36 costs nothing extra."""
    return picture.filter("zscale", *size, filter="spline36")


def _crops(
    spans: Sequence[tuple[int, int, Keyframe]], layout: Layout, source: RawVideo, frame: Frame, fps: Fraction
) -> Iterator[tuple[int, tuple[Crop, ...]]]:
    """The crops of a layout's panels, each with its first frame; `spans` are first frame, end and keyframe."""
    panels, source_px = panel_sizes_px(layout, frame), source.square_size_px

    def crops(views: Sequence[View], grid: int) -> tuple[Crop, ...]:
        boxes = (crop_box(view, panel_px, source_px) for view, panel_px in zip(views, panels, strict=True))
        return tuple(_crop(box, source_px, grid) for box in boxes)

    before: Sequence[View] = ()
    for first, end, key in spans:
        steps = round(key.ease_s * fps) if before else 0
        for step in range(1, min(steps, end - first)):
            moved = [between(*views, eased(step / steps)) for views in zip(before, key.views, strict=True)]
            yield first + step, crops(moved, grid=1)
        if first + steps < end:
            yield first + steps, crops(key.views, grid=2)
        before = key.views


def _crop(box: Box, source_px: Size, grid: int) -> Crop:
    """The nearest crop inside the source with its corner on a grid of 1 or 2 pixels.

    A grid of 2 keeps the chroma, which has half the resolution, in place. A moving camera uses a grid of 1, because
    steps of 2 pixels visibly stutter.
    """
    (width, x), (height, y) = (
        _side(center, length, longest, grid)
        for center, length, longest in (
            (box.center_x, box.width, source_px[0]),
            (box.center_y, box.height, source_px[1]),
        )
    )
    return Crop(width, height, x, y)


def _side(center: float, length: float, longest: int, grid: int) -> tuple[int, int]:
    even = max(min(round(length / 2) * 2, _even(longest)), 2)
    start = round((center - even / 2) / grid) * grid
    return even, max(min(start, _even(longest) - even), 0)


def _even(length: float) -> int:
    return int(length) // 2 * 2


def _crops_by_layout(parts: Sequence[Stretch]) -> dict[Layout, list[tuple[int, tuple[Crop, ...]]]]:
    """For each layout, the crops of its panels with the frame from which they apply; none for `fit`."""
    crops_by_layout: dict[Layout, list[tuple[int, tuple[Crop, ...]]]] = {}
    for stretch in parts:
        crops_by_layout.setdefault(stretch.layout, []).extend(stretch.crops.items())
    return crops_by_layout


def _name(layout: Layout, panel: int) -> str:
    return f"crop@{layout.value}_{panel}"


def _copies(stream: Stream, count: int) -> list[Stream]:
    if count == 1:
        return [stream]
    split = stream.filter_multi_output("split", count)
    return [split[number] for number in range(count)]


def _laid_out(
    picture: Stream, layout: Layout, crops: Sequence[tuple[int, tuple[Crop, ...]]], source: RawVideo, frame: Frame
) -> Stream:
    if layout is Layout.fit:
        return _fit(picture, source, frame).filter("setsar", 1)
    sizes = panel_sizes_px(layout, frame)
    panels = [
        scaled(copy.filter(_name(layout, panel), *crop, exact=1), size)
        for panel, (copy, crop, size) in enumerate(zip(_copies(picture, len(sizes)), crops[0][1], sizes, strict=True))
    ]
    if len(panels) == 1:
        return panels[0].filter("setsar", 1)
    seam_y = sizes[0][1] - SEAM_PX // 2
    stacked = ffmpeg.filter(panels, "vstack")
    return stacked.filter("drawbox", y=seam_y, h=SEAM_PX, color="black", t="fill").filter("setsar", 1)


def _fit(picture: Stream, source: RawVideo, frame: Frame) -> Stream:
    """The whole picture over a blurred, darker copy of itself that fills the frame.

    A picture with nearly the frame's aspect ratio is cropped to fill it, because a thin blurred strip would look like a
    mistake.
    """
    frame_px, source_px = (frame.width_px, frame.height_px), source.square_size_px
    middle = _crop(crop_box(View(source_px[0] / 2, source_px[1] / 2), frame_px, source_px), source_px, grid=2)
    if middle.w * middle.h > NEARLY_ALL * source_px[0] * source_px[1]:
        return scaled(picture.filter("crop", *middle), frame_px)
    copies = picture.filter("crop", *map(_even, source_px), 0, 0).filter_multi_output("split")
    blurred = (
        scaled(copies[0].filter("crop", *middle), (_even(frame_px[0] / SHRINK), _even(frame_px[1] / SHRINK)))
        .filter("gblur", sigma=BLUR_SIGMA)
        .filter("eq", brightness=DIMMED)
    )
    share = min(frame_px[0] / source_px[0], frame_px[1] / source_px[1])
    whole = scaled(copies[1], (_even(source_px[0] * share + 1), _even(source_px[1] * share + 1)))
    return ffmpeg.overlay(scaled(blurred, frame_px), whole, x="(W-w)/2", y="(H-h)/2")
