"""Burns captions into a clip's video; opaque captions are drawn only in the frames in which they change."""

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby

import ffmpeg
import pysubs2

from clipper_assets.captions.ass import caption_ass
from clipper_assets.captions.layout import Captions
from clipper_assets.captions.styles import CaptionStyle
from clipper_assets.clips.rendering.trimming import in_any_span
from clipper_assets.episodes.audio import Stream
from clipper_assets.media.frame import Box
from clipper_assets.media.inputs import generated_input

CAPTIONS_FILE, FONTS_FOLDER = "captions.ass", "fonts"


def burn_captions(picture: Stream, captions: Captions, fps: Fraction) -> Stream:
    """Overlay captions on `picture`; ffmpeg must run in a folder that contains `captions.ass` and `fonts/`.

    ffmpeg's `ass` filter takes 2 ms per frame, mostly for outlines, but overlaying an existing drawing only 0.5 ms. A
    separate drawing works only for opaque captions, because `ass` squares the opacity of anything else.
    """
    if captions.hook or not _is_opaque(captions.style):
        return picture.filter("ass", CAPTIONS_FILE, fontsdir=FONTS_FOLDER)
    frame = captions.frame
    left, top, width, height = _around([line.box for line in captions.boxes])
    # The canvas has the colour of the outermost edge, so that its antialiased pixels have the same colour.
    edge = captions.style.panel_colour or captions.style.outline_colour
    canvas = f"color={edge}@0:s={frame.width_px}x{frame.height_px}:r={fps}:d={captions.clip_s},format=yuva420p"
    drawn = (
        generated_input(canvas)
        .filter("setparams", colorspace="bt709", range="tv")
        .filter("select", in_any_span(changed_frames(caption_ass(captions), fps)))
        .filter("ass", CAPTIONS_FILE, fontsdir=FONTS_FOLDER, alpha=1)
        .filter("crop", width, height, left, top)
    )
    return ffmpeg.overlay(picture, drawn, x=left, y=top)


def changed_frames(ass: str, fps: Fraction) -> list[tuple[int, int]]:
    """Spans of frames in which captions may differ from the frame before, as `in_any_span` takes them."""
    frames = {0}
    for event in pysubs2.SSAFile.from_string(ass):
        for time_ms in (event.start, event.end):
            frame = time_ms * fps / 1000
            # If a frame is exactly at that time, rounding decides whether the change is in this frame or in the next.
            frames |= {math.ceil(frame), math.floor(frame) + 1}
    return _runs(sorted(frames))


def _is_opaque(style: CaptionStyle) -> bool:
    return style.upcoming_opacity == 1 and (style.panel_colour is None or style.panel_opacity == 1)


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Group sorted numbers into spans of consecutive numbers."""
    groups = groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0])
    runs = ([number for _, number in group] for _, group in groups)
    return [(run[0], run[-1] + 1) for run in runs]


def _around(boxes: Sequence[Box]) -> tuple[int, int, int, int]:
    """Left, top, width and height of the rectangle around all boxes, in even pixels."""
    left, top = (math.floor(min(edges) / 2) * 2 for edges in zip(*(box[:2] for box in boxes), strict=True))
    ends = zip(*((box.right, box.bottom) for box in boxes), strict=True)
    right, bottom = (math.ceil(max(edges) / 2) * 2 for edges in ends)
    return left, top, right - left, bottom - top
