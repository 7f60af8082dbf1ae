"""Looks at pictures from all over an upload: their sizes, black bars around them, and combs of interlaced video."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from clipper_assets.episodes.bars import Brightest, inside_bars
from clipper_assets.episodes.combs import TALLEST_PX, Combs
from clipper_assets.episodes.picture import SAME_SHAPE
from clipper_assets.episodes.probe import opened
from clipper_assets.episodes.properties import Probe
from clipper_assets.episodes.source import Inner
from clipper_assets.media.inputs import MAX_PIXELS

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

PLACES = 16
"""Number of stretches, evenly spread, that are looked at: 100 pictures cost about a second at 1080p."""
PICTURES = 6
"""Pictures decoded in each stretch, from a key frame on; one where combs are out of the question."""
MOST_SKIPPED = 300
"""Pictures decoded on the way to a place whose last key frame was seen already: browsers write few key frames."""
LARGEST_CANVAS_PX = 3840

MOST_SIZES = 8
"""Sizes that are remembered; pictures of further ones are fitted into the canvas of these."""

Size = tuple[int, int]
Rectangle = tuple[float, float, float, float]
"""Left, top, width and height."""


@dataclass(frozen=True)
class Seen:
    """What was seen: fields of `RawVideo`."""

    canvas_width_px: int | None = None
    canvas_height_px: int | None = None
    inner: Inner | None = None
    field_order: str | None = None


def look(media_source: str, uri: str, key: str, probe: Probe, duration_s: float) -> Seen:
    """Look at an upload of `duration_s` seconds. Raises the errors of `probe_upload`, but not for damaged stretches."""
    if probe.audio_only:
        return Seen()
    brightest: dict[Size, Brightest] = {}
    combs = Combs()
    for pictures in _stretches(media_source, uri, key, probe, duration_s):
        first = pictures[0]
        colours = np.rot90(first.to_ndarray(format="rgb24"), first.rotation // 90).astype(np.uint8, copy=False)
        size = (colours.shape[1], colours.shape[0])
        if size in brightest:
            brightest[size].add(colours)
        elif len(brightest) < MOST_SIZES:
            brightest[size] = Brightest(colours)
        combs.add([picture for picture in pictures if (picture.width, picture.height) == (first.width, first.height)])
    return _seen(probe, brightest, combs)


def _seen(probe: Probe, brightest: dict[Size, Brightest], combs: Combs) -> Seen:
    def square(size: Size) -> Size:
        return round(size[0] * probe.sample_aspect_ratio), size[1]

    declared = (probe.width_px, probe.height_px)
    canvas = _canvas({square(size) for size in {*brightest, declared}})
    pictures = [_fitted(inside_bars(seen.levels), square(size), size, canvas) for size, seen in brightest.items()]
    inner = _around(pictures, canvas) if pictures else None
    order = None if probe.rotation_deg or len(brightest) > 1 else combs.field_order
    width_px, height_px = (None, None) if canvas == square(declared) else canvas
    return Seen(width_px, height_px, inner, order)


def _stretches(
    media_source: str, uri: str, key: str, probe: Probe, duration_s: float
) -> Iterator[Sequence["VideoFrame"]]:
    """The first pictures of each stretch; none for one that cannot be decoded."""
    import av

    count = PICTURES if probe.height_px <= TALLEST_PX else 1
    with opened(media_source, uri, key) as container:
        video = next(stream for stream in container.streams.video if stream.index == probe.video_stream)
        if video.codec_context:
            video.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
        begun_at: int | None = None
        for place in range(PLACES):
            target_s = (place + 0.5) / PLACES * duration_s
            try:
                container.seek(int(target_s * av.time_base))
                frames = container.decode(video)
                first = next(frames, None)
                if first and first.pts == begun_at:
                    first = _at(target_s, frames)
                elif first:
                    begun_at = first.pts
                if first:
                    yield [first, *islice(frames, count - 1)]
            except (av.InvalidDataError, av.EOFError, av.ArgumentError, av.PatchWelcomeError):
                continue


def _at(time_s: float, frames: Iterator["VideoFrame"]) -> "VideoFrame | None":
    """The first of the pictures that is shown at `time_s` or later; None if it is too far away, or there is none."""
    return next((frame for frame in islice(frames, MOST_SKIPPED) if (frame.time or 0.0) >= time_s), None)


def _canvas(sizes: set[Size]) -> Size:
    """The smallest canvas of the widest shape into which pictures of all sizes fit without being scaled down."""
    if len(sizes) == 1:
        return next(iter(sizes))
    aspect = max(width / height for width, height in sizes)
    height = max(max(height, width / aspect) for width, height in sizes)
    shrink = min(1.0, LARGEST_CANVAS_PX / (height * aspect))
    return round(height * aspect * shrink / 2) * 2, round(height * shrink / 2) * 2


def _fitted(inside: Rectangle | None, square: Size, size: Size, canvas: Size) -> Rectangle:
    """A rectangle in a picture of `size`, `square` in square pixels, as a rectangle of the canvas it is fitted into."""
    fills = abs(square[0] * canvas[1] / (square[1] * canvas[0]) - 1) < SAME_SHAPE
    scale = min(canvas[0] / square[0], canvas[1] / square[1])
    shown = canvas if fills else (scale * square[0], scale * square[1])
    x_scale, y_scale = shown[0] / size[0], shown[1] / size[1]
    left, top, width, height = inside or (0, 0, *size)
    return (
        (canvas[0] - shown[0]) / 2 + left * x_scale,
        (canvas[1] - shown[1]) / 2 + top * y_scale,
        width * x_scale,
        height * y_scale,
    )


def _around(pictures: Sequence[Rectangle], canvas: Size) -> Inner | None:
    """The smallest part of the canvas, on whole pairs of pixels, that has all pictures; None if it is all of it."""
    left, top = (min(rectangle[side] for rectangle in pictures) for side in (0, 1))
    right, bottom = (max(rectangle[side] + rectangle[side + 2] for rectangle in pictures) for side in (0, 1))
    # A bar is rounded up, so that none of it is left; less than two pixels of rounding are none.
    x, y = (math.ceil(round(side, 2) / 2) * 2 for side in (left, top))
    width, height = (int(round(end, 2) - start) // 2 * 2 for end, start in ((right, x), (bottom, y)))
    if width > canvas[0] - 2 and height > canvas[1] - 2:
        return None
    return Inner(x, y, width, height)
