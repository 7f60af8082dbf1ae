"""Applies the camera path in ffmpeg: crops moved by `sendcmd`, panels, layouts joined one after the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, pairwise
from math import ceil
from typing import NamedTuple

import ffmpeg

from clipper_assets.camera.direction.crop import Size, are_wide, between, crop_box, eased, size_px
from clipper_assets.camera.direction.panels import layout_in, panels_px
from clipper_assets.camera.direction.path import CameraPath, Keyframe, View
from clipper_assets.clips.rendering.trimming import in_any_span
from clipper_assets.episodes.audio import Stream
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.frame import Box, Frame
from clipper_assets.shows.show import Layout

CAMERA_FILE = "camera.cmd"
NEARLY_ALL = 0.97
SHRINK, BLUR_SIGMA, DIMMED = 4, 8, -0.08
SEAM_PX = 6


class Crop(NamedTuple):
    """A rectangle of the source in whole pixels, its width and height even, as ffmpeg's `crop` takes it."""

    w: int
    h: int
    x: int
    y: int


class Arrangement(NamedTuple):
    """A layout, its number of panels, and whether they show something wide."""

    layout: Layout
    panels: int
    wide: bool

    def places(self, frame: Frame) -> list[Box]:
        """The places of the panels in the frame."""
        return panels_px(self.layout, self.panels, frame, wide=self.wide)


@dataclass(frozen=True)
class Stretch:
    """Frames of one arrangement of panels: those of the clip from `first` up to but not including `end`.

    `crops` maps each frame at which a crop changes to the crops of all panels from then on; empty for `fit`.
    """

    arrangement: Arrangement
    first: int
    end: int
    crops: dict[int, tuple[Crop, ...]]

    @property
    def layout(self) -> Layout:
        return self.arrangement.layout


def stretches(camera: CameraPath, source: RawVideo, frame: Frame, fps: Fraction, frames: int) -> list[Stretch]:
    """The camera path of a clip of `frames` frames at `fps`, in frames and whole pixels."""
    keys = {first: key for key in camera.keyframes if (first := round(key.time_s * fps)) < frames}
    spans = [(first, end, keys[first]) for first, end in pairwise([*keys, frames])]
    result = []
    for arrangement, group in groupby(spans, key=lambda span: _arrangement(span[2], frame)):
        part = list(group)
        crops = [] if arrangement.layout is Layout.fit else list(_crops(part, arrangement, source, frame, fps))
        changes = {at: crop for (_, before), (at, crop) in pairwise([(0, ()), *crops]) if crop != before}
        result.append(Stretch(arrangement, part[0][0], part[-1][1], changes))
    return result


def camera_commands(parts: Sequence[Stretch], fps: Fraction) -> str:
    """The commands for `sendcmd`: one line for each change of crops after a layout's first; empty without changes.

    A command is timed half a frame before its frame, so that rounding never makes it a frame late.
    """
    return "".join(
        f"{(at - 0.5) / fps:.4f} {', '.join(f'{_name(kind, panel)} {side} {px}' for side, px in crop.items())};\n"
        for kind, changes in _crops_by_arrangement(parts).items()
        for at, crops in changes[1:]
        for panel, crop in enumerate(crop._asdict() for crop in crops)
    )


def reframe(picture: Stream, parts: Sequence[Stretch], source: RawVideo, frame: Frame, fps: Fraction) -> Stream:
    """Show `picture`, in square pixels at `fps`, in `frame` as the stretches in `parts` say.

    If `camera_commands` is not empty, ffmpeg must run in a folder that contains it as `camera.cmd`.
    """
    arrangements = _crops_by_arrangement(parts)
    if any(len(crops) > 1 for crops in arrangements.values()):
        picture = picture.filter("sendcmd", f=CAMERA_FILE)
    if len(parts) == 1:
        return _laid_out(picture, *next(iter(arrangements.items())), source, frame)
    # One branch for each arrangement, however often it occurs, because filters never release the memory they once used.
    streams: dict[int, Stream] = {}
    for (arrangement, crops), copy in zip(arrangements.items(), _copies(picture, len(arrangements)), strict=True):
        arranged = [stretch for stretch in parts if stretch.arrangement == arrangement]
        # One more frame tells `trim` that a part is over; otherwise the next part would be buffered in memory.
        selected = copy.filter("select", in_any_span([(stretch.first, stretch.end + 1) for stretch in arranged]))
        laid_out = _laid_out(selected, arrangement, crops, source, frame)
        for stretch, part in zip(arranged, _copies(laid_out, len(arranged)), strict=True):
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
    spans: Sequence[tuple[int, int, Keyframe]], arrangement: Arrangement, source: RawVideo, frame: Frame, fps: Fraction
) -> Iterator[tuple[int, tuple[Crop, ...]]]:
    """The crops of an arrangement's panels, each with its first frame; `spans` are first frame, end and keyframe."""
    panels = [size_px(place) for place in arrangement.places(frame)]
    source_px = source.square_size_px
    whole = Box(0, 0, *source_px)

    def crops(views: Sequence[View], grid: int) -> tuple[Crop, ...]:
        boxes = (crop_box(view, panel_px, source_px) for view, panel_px in zip(views, panels, strict=True))
        return tuple(_crop(box, view.within or whole, grid) for view, box in zip(views, boxes, strict=True))

    before: Sequence[View] = ()
    for first, end, key in spans:
        steps = round(key.ease_s * fps) if before else 0
        for step in range(1, min(steps, end - first)):
            moved = [between(*views, eased(step / steps)) for views in zip(before, key.views, strict=True)]
            yield first + step, crops(moved, grid=1)
        if first + steps < end:
            yield first + steps, crops(key.views, grid=2)
        before = key.views


def _crop(box: Box, area: Box, grid: int) -> Crop:
    """The nearest crop inside `area` with its corner on a grid of 1 or 2 pixels.

    A grid of 2 keeps the chroma, which has half the resolution, in place. A moving camera uses a grid of 1, because
    steps of 2 pixels visibly stutter.
    """
    (width, x), (height, y) = (
        _side(center, length, edges, grid)
        for center, length, edges in (
            (box.center_x, box.width, (area.left, area.right)),
            (box.center_y, box.height, (area.top, area.bottom)),
        )
    )
    return Crop(width, height, x, y)


def _arrangement(key: Keyframe, frame: Frame) -> Arrangement:
    layout = layout_in(frame, key.layout)
    if layout is Layout.fit:
        return Arrangement(layout, 1, wide=False)
    return Arrangement(layout, len(key.views), are_wide(key.views))


def _side(center: float, length: float, edges: tuple[float, float], grid: int) -> tuple[int, int]:
    """Even length and start of a crop between two edges, which are moved inwards to even pixels."""
    first, last = ceil(edges[0] / 2) * 2, _even(edges[1])
    even = max(min(round(length / 2) * 2, last - first), 2)
    start = round((center - even / 2) / grid) * grid
    return even, max(min(start, last - even), first)


def _even(length: float) -> int:
    return int(length) // 2 * 2


def _crops_by_arrangement(parts: Sequence[Stretch]) -> dict[Arrangement, list[tuple[int, tuple[Crop, ...]]]]:
    """For each arrangement, the crops of its panels with the frame from which they apply; none for `fit`."""
    crops: dict[Arrangement, list[tuple[int, tuple[Crop, ...]]]] = {}
    for stretch in parts:
        crops.setdefault(stretch.arrangement, []).extend(stretch.crops.items())
    return crops


def _name(arrangement: Arrangement, panel: int) -> str:
    layout, panels, wide = arrangement
    return f"crop@{'wide_' if wide else ''}{layout.value}{panels}_{panel}"


def _copies(stream: Stream, count: int) -> list[Stream]:
    if count == 1:
        return [stream]
    split = stream.filter_multi_output("split", count)
    return [split[number] for number in range(count)]


def _laid_out(
    picture: Stream,
    arrangement: Arrangement,
    crops: Sequence[tuple[int, tuple[Crop, ...]]],
    source: RawVideo,
    frame: Frame,
) -> Stream:
    if arrangement.layout is Layout.fit:
        return _fit(picture, source, frame).filter("setsar", 1)
    places = arrangement.places(frame)
    panels = [
        scaled(copy.filter(_name(arrangement, panel), *crop, exact=1), size_px(place))
        for panel, (copy, crop, place) in enumerate(
            zip(_copies(picture, len(places)), crops[0][1], places, strict=True)
        )
    ]
    if len(panels) == 1:
        return panels[0].filter("setsar", 1)
    corners = "|".join(f"{place.left:.0f}_{place.top:.0f}" for place in places)
    joined = ffmpeg.filter(panels, "xstack", inputs=len(panels), layout=corners)
    for seam in _seams(places):
        x, y, width, height = map(round, seam)
        joined = joined.filter("drawbox", x=x, y=y, w=width, h=height, color="black", t="fill")
    return joined.filter("setsar", 1)


def _seams(places: Sequence[Box]) -> Iterator[Box]:
    """The lines between panels, in pixels of the frame: above and to the left of each panel that has a neighbour."""
    for place in places:
        if place.top:
            yield Box(place.left, place.top - SEAM_PX // 2, place.width, SEAM_PX)
        if place.left:
            yield Box(place.left - SEAM_PX // 2, place.top, SEAM_PX, place.height)


def _fit(picture: Stream, source: RawVideo, frame: Frame) -> Stream:
    """The whole picture over a blurred, darker copy of itself that fills the frame.

    A picture with nearly the frame's aspect ratio is cropped to fill it, because a thin blurred strip would look like a
    mistake.
    """
    frame_px, source_px = (frame.width_px, frame.height_px), source.square_size_px
    middle = _crop(
        crop_box(View(source_px[0] / 2, source_px[1] / 2), frame_px, source_px), Box(0, 0, *source_px), grid=2
    )
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
