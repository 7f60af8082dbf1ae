"""Draws captions with the real libass on a plain background, and measures the result."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clipper_assets.captions.ass import caption_ass
from clipper_assets.captions.layout import Captions
from clipper_assets.captions.lines import CaptionWord
from clipper_assets.captions.script_fonts import gather_fonts
from clipper_assets.captions.styles import CaptionStyle
from clipper_assets.media.ffmpeg import run
from clipper_assets.media.frame import FRAMES, Aspect, Box
from clipper_assets_tests.support.media import Picture, frames

GREY = 0x60
PORTRAIT = FRAMES[Aspect.portrait]
CJK_DIR = Path(__file__).parent / "fonts"
"""Fonts with a few Chinese, Japanese and Korean characters, for machines without such fonts."""


def captions_of(
    words: Sequence[CaptionWord], style: CaptionStyle, clip_s: float = 2.0, hook: str | None = None
) -> Captions:
    return Captions(words, style, PORTRAIT, clip_s, hook, CJK_DIR)


def drawn(captions: Captions, folder: Path, rate: int = 1) -> Path:
    """A video with only captions on a grey background."""
    _prepare(captions, folder)
    filters = "format=gbrp,ass=captions.ass:fontsdir=fonts"
    run([*_grey(captions, rate), "-vf", filters, "-c:v", "rawvideo", "drawn.nut"], cwd=folder)
    return folder / "drawn.nut"


def log_of(captions: Captions, folder: Path) -> str:
    """The ffmpeg log of drawing the first frame, which names the fonts that libass selects."""
    _prepare(captions, folder)
    filters = ["-vf", "ass=captions.ass:fontsdir=fonts", "-frames:v", "1", "-f", "null", "-"]
    return run(["-loglevel", "verbose", *_grey(captions, 1), *filters], cwd=folder)


def drawn_boxes(captions: Captions, folder: Path, rate: int) -> list[Box | None]:
    """The box around everything drawn in each frame, measured by ffmpeg; None for a frame without captions."""
    _prepare(captions, folder)
    difference = "format=gbrp,split[a][b];[b]ass=captions.ass:fontsdir=fonts[c];[a][c]blend=all_mode=difference"
    measured = f"{difference},format=gray,bbox=min_val=10"
    log = run([*_grey(captions, rate), "-filter_complex", measured, "-f", "null", "-"], cwd=folder)
    return [
        Box(*(float(number) for number in match.groups())) if (match := _BBOX.search(line)) else None
        for line in log.splitlines()
        if "_bbox_" in line
    ]


_BBOX = re.compile(r"x1:(\d+) x2:\d+ y1:(\d+) y2:\d+ w:(\d+) h:(\d+)")


def _prepare(captions: Captions, folder: Path) -> None:
    (folder / "captions.ass").write_text(caption_ass(captions))
    gather_fonts(captions.faces, folder / "fonts")


def _grey(captions: Captions, rate: int) -> list[str]:
    size = f"{captions.frame.width_px}x{captions.frame.height_px}"
    return ["-f", "lavfi", "-i", f"color=c=0x{GREY:x}{GREY:x}{GREY:x}:s={size}:r={rate}:d={captions.clip_s}"]


def first_frame(captions: Captions, folder: Path) -> Picture:
    return next(picture for _, picture in frames(drawn(captions, folder), "rgb24"))


def ink(picture: Picture) -> tuple[int, int, int, int]:
    """Left, top, right and bottom (exclusive) of the area that is not grey."""
    marked: NDArray[np.bool_] = np.any(np.abs(picture.astype(int) - GREY) > 12, axis=2)
    columns, rows = np.flatnonzero(marked.any(axis=0)), np.flatnonzero(marked.any(axis=1))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
