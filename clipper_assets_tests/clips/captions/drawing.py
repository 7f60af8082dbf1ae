"""Captions as libass really draws them, on a plain picture."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clipper_assets.clips.captions.ass import HEIGHT_PX, WIDTH_PX, caption_ass
from clipper_assets.clips.captions.fonts import FONTS_DIR
from clipper_assets.clips.captions.lines import CaptionWord
from clipper_assets.clips.captions.styles import CaptionStyle
from clipper_assets.episodes.ffmpeg import run
from clipper_assets_tests.media import Picture, frames

GREY = 0x60


def drawn(words: Sequence[CaptionWord], style: CaptionStyle, folder: Path) -> Path:
    """Two seconds of video with nothing but the captions of `words` on grey."""
    (folder / "captions.ass").write_text(caption_ass(words, style, 2.0))
    (folder / "fonts").symlink_to(FONTS_DIR)
    grey = f"color=c=0x{GREY:x}{GREY:x}{GREY:x}:s={WIDTH_PX}x{HEIGHT_PX}:r=5:d=2"
    filters = "format=gbrp,ass=captions.ass:fontsdir=fonts"
    run(["-f", "lavfi", "-i", grey, "-vf", filters, "-c:v", "ffv1", "drawn.mkv"], cwd=folder)
    return folder / "drawn.mkv"


def first_frame(words: Sequence[CaptionWord], style: CaptionStyle, folder: Path) -> Picture:
    return next(picture for _, picture in frames(drawn(words, style, folder), "rgb24"))


def ink(picture: Picture) -> tuple[int, int, int, int]:
    """Left, top, right and bottom (exclusive) of what is not grey."""
    marked: NDArray[np.bool_] = np.any(np.abs(picture.astype(int) - GREY) > 12, axis=2)
    columns, rows = np.flatnonzero(marked.any(axis=0)), np.flatnonzero(marked.any(axis=1))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
