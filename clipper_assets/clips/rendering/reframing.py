"""The source as the camera path shows it: crops moved by commands, panels stacked, layouts one after the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, pairwise
from typing import NamedTuple

import ffmpeg

from clipper_assets.camera.direction.crop import between, crop_box, eased
from clipper_assets.camera.direction.path import CameraPath, Keyframe, View, layout_in, panel_sizes_px
from clipper_assets.clips.rendering.trimming import any_of
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
    """Frames of one layout: the clip's from number `first` up to, but not with, `end`.

    `crops` are the rectangles that its panels show, from each frame on at which one changes; none for `fit`.
    """

    layout: Layout
    first: int
    end: int
    crops: dict[int, tuple[Crop, ...]]


def stretches(camera: CameraPath, source: RawVideo, frame: Frame, fps: Fraction, frames: int) -> list[Stretch]:
    """The camera path of a clip of `frames` frames at `fps`, in frames and whole pixels."""
    keys = {first: key for key in camera.keyframes if (first := round(key.time_s * fps)) < frames}
    held = [(first, end, keys[first]) for first, end in pairwise([*keys, frames])]
    found = []
    for layout, group in groupby(held, key=lambda each: layout_in(frame, each[2].layout)):
        part = list(group)
        crops = [] if layout is Layout.fit else list(_crops(part, layout, source, frame, fps))
        changes = {at: crop for (_, before), (at, crop) in pairwise([(0, ()), *crops]) if crop != before}
        found.append(Stretch(layout, part[0][0], part[-1][1], changes))
    return found


def camera_commands(found: Sequence[Stretch], fps: Fraction) -> str:
    """What `sendcmd` replays: a line for each crop that a layout shows after its first; empty where there is none.

    A command is due half a frame before its frame, so that rounding never makes it a frame late.
    """
    return "".join(
        f"{(at - 0.5) / fps:.4f} {', '.join(f'{_name(layout, panel)} {side} {px}' for side, px in crop.items())};\n"
        for layout, shown in _crops_by_layout(found).items()
        for at, crops in shown[1:]
        for panel, crop in enumerate(each._asdict() for each in crops)
    )


def framed(picture: Stream, found: Sequence[Stretch], source: RawVideo, frame: Frame, fps: Fraction) -> Stream:
    """`picture`, in square pixels at `fps`, as the stretches show it in `frame`.

    Where `camera_commands` says something, the process must run in a folder that holds it as `camera.cmd`.
    """
    shown = _crops_by_layout(found)
    if any(len(crops) > 1 for crops in shown.values()):
        picture = picture.filter("sendcmd", f=CAMERA_FILE)
    if len(found) == 1:
        return _laid_out(picture, found[0].layout, shown[found[0].layout], source, frame)
    # One branch for each layout, however often it comes: filters keep to the end what memory they once took.
    parts: dict[int, Stream] = {}
    for (layout, crops), copy in zip(shown.items(), _copies(picture, len(shown)), strict=True):
        own = [stretch for stretch in found if stretch.layout is layout]
        # With one frame more, which tells `trim` that a part is over: else the next part would wait in memory.
        chosen = copy.filter("select", any_of([(stretch.first, stretch.end + 1) for stretch in own]))
        laid_out = _laid_out(chosen, layout, crops, source, frame)
        for stretch, part in zip(own, _copies(laid_out, len(own)), strict=True):
            start_s, end_s = ((number - 0.5) / fps for number in (stretch.first, stretch.end))
            parts[stretch.first] = part.filter("trim", start=f"{max(start_s, 0):.6f}", end=f"{end_s:.6f}")
    # `copy` lets each branch have its frames back at once. Times are by number, as `concat` does not know how long a
    # part of one frame lasts.
    whole = ffmpeg.concat(*(parts[stretch.first] for stretch in found)).filter("copy")
    return whole.filter("settb", f"{fps.denominator}/{fps.numerator}").filter("setpts", "N")


def scaled(picture: Stream, size: Size) -> Stream:
    """`picture` at that size. zimg takes a quarter of swscale's time for it, and sharper weights cost nothing more."""
    return picture.filter("zscale", *size, filter="spline36")


def _crops(
    held: Sequence[tuple[int, int, Keyframe]], layout: Layout, source: RawVideo, frame: Frame, fps: Fraction
) -> Iterator[tuple[int, tuple[Crop, ...]]]:
    panels, source_px = panel_sizes_px(layout, frame), source.square_size_px

    def crops(views: Sequence[View], grid: int) -> tuple[Crop, ...]:
        boxes = (crop_box(view, panel_px, source_px) for view, panel_px in zip(views, panels, strict=True))
        return tuple(_crop(box, source_px, grid) for box in boxes)

    before: Sequence[View] = ()
    for first, end, key in held:
        steps = round(key.ease_s * fps) if before else 0
        for step in range(1, min(steps, end - first)):
            moved = [between(*views, eased(step / steps)) for views in zip(before, key.views, strict=True)]
            yield first + step, crops(moved, grid=1)
        if first + steps < end:
            yield first + steps, crops(key.views, grid=2)
        before = key.views


def _crop(box: Box, source_px: Size, grid: int) -> Crop:
    """The nearest one inside the source, with its corner on a grid: 2 keeps the colours, of half resolution, in place.

    A camera that moves in steps of 2 pixels is seen to stutter.
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


def _crops_by_layout(found: Sequence[Stretch]) -> dict[Layout, list[tuple[int, tuple[Crop, ...]]]]:
    """What the panels of each layout show, from each frame on at which one changes; nothing for `fit`."""
    shown: dict[Layout, list[tuple[int, tuple[Crop, ...]]]] = {}
    for stretch in found:
        shown.setdefault(stretch.layout, []).extend(stretch.crops.items())
    return shown


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

    A picture of nearly the frame's shape fills it alone: a strip of blur would look like a mistake.
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
