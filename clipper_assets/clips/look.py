"""The look of the clips of a run."""

from dataclasses import dataclass
from pathlib import Path

from clipper_assets.captions.styles import CaptionStyle
from clipper_assets.media.frame import Frame


@dataclass(frozen=True)
class Look:
    """How the clips of a run look: caption style, frame, tightening (pauses and fillers removed) and hook title."""

    style: CaptionStyle
    frame: Frame
    tighten: bool = False
    hook_title: bool = False
    fonts_dir: Path | None = None
