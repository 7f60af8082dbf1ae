"""Captions over a clip's picture, drawn only when they change wherever that comes to the same."""

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby

import ffmpeg
import pysubs2

from clipper_assets.captions.ass import caption_ass
from clipper_assets.captions.layout import Captions
from clipper_assets.captions.styles import CaptionStyle
from clipper_assets.clips.rendering.trimming import any_of
from clipper_assets.episodes.audio import Stream
from clipper_assets.media.frame import Box
from clipper_assets.media.inputs import generated_input

CAPTIONS_FILE, FONTS_FOLDER = "captions.ass", "fonts"


def burned(picture: Stream, captions: Captions, fps: Fraction) -> Stream:
    """`picture` with captions; the process must run in a folder that holds `captions.ass` and `fonts/`.

    To draw them takes ffmpeg's `ass` filter 2 ms a frame, most of it for outlines; to lay a drawing over a frame takes
    half a millisecond. Only what is opaque can be drawn apart: of anything else `ass` squares the opacity.
    """
    if captions.hook or not _is_opaque(captions.style):
        return picture.filter("ass", CAPTIONS_FILE, fontsdir=FONTS_FOLDER)
    frame = captions.frame
    left, top, width, height = _around([each.box for each in captions.boxes])
    # In the colour of the outermost edge, so that its smoothed pixels have the same colour as the rest of it.
    edge = captions.style.panel_colour or captions.style.outline_colour
    canvas = f"color={edge}@0:s={frame.width_px}x{frame.height_px}:r={fps}:d={captions.clip_s},format=yuva420p"
    drawn = (
        generated_input(canvas)
        .filter("setparams", colorspace="bt709", range="tv")
        .filter("select", any_of(redrawn(caption_ass(captions), fps)))
        .filter("ass", CAPTIONS_FILE, fontsdir=FONTS_FOLDER, alpha=1)
        .filter("crop", width, height, left, top)
    )
    return ffmpeg.overlay(picture, drawn, x=left, y=top)


def redrawn(ass: str, fps: Fraction) -> list[tuple[int, int]]:
    """Spans of frames in which captions may look different than in the frame before, as `any_of` takes them."""
    frames = {0}
    for event in pysubs2.SSAFile.from_string(ass):
        for time_ms in (event.start, event.end):
            first = math.ceil(time_ms * fps / 1000)
            # libass counts whole milliseconds: where a frame falls on one, rounding decides whether it is the first.
            frames |= {first, first + 1}
    return _runs(sorted(frames))


def _is_opaque(style: CaptionStyle) -> bool:
    return style.upcoming_opacity == 1 and (style.panel_colour is None or style.panel_opacity == 1)


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Numbers in order as spans without gaps."""
    groups = groupby(enumerate(numbers), key=lambda each: each[1] - each[0])
    runs = ([number for _, number in group] for _, group in groups)
    return [(run[0], run[-1] + 1) for run in runs]


def _around(boxes: Sequence[Box]) -> tuple[int, int, int, int]:
    """Left, top, width and height of what holds all boxes, in even pixels."""
    left, top = (math.floor(min(edges) / 2) * 2 for edges in zip(*(box[:2] for box in boxes), strict=True))
    ends = zip(*((box.right, box.bottom) for box in boxes), strict=True)
    right, bottom = (math.ceil(max(edges) / 2) * 2 for edges in ends)
    return left, top, right - left, bottom - top
