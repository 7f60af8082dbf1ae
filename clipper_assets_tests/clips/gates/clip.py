"""Makes a small clip of twelve seconds with real speech that passes every gate, and variants that fail one."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clipper_assets.captions.lines import CaptionWord, Page
from clipper_assets.clips.cuts import Span
from clipper_assets.clips.gates.figures import PlannedFormat
from clipper_assets.clips.gates.measure import PlannedContent, measure_clip
from clipper_assets.clips.gates.verdicts import Limits, verdicts
from clipper_assets.media.frame import Box
from clipper_assets_tests.clips.gates.limits import limits_of
from clipper_assets_tests.support.media import make

FIXTURE = Path(__file__).parents[2] / "transcript" / "fixture"
PLANNED = PlannedFormat(width_px=108, height_px=192, fps=25.0, duration_s=12.0)
SAFE = Box(6, 27, 90, 98)
SPOKEN_UNTIL_S = 11.4
"""The clip has the first two sentences of the fixture."""
PICTURE = "testsrc2=s=108x192:r=25:d=12"
SOUND = f"atrim=0:{SPOKEN_UNTIL_S},apad=whole_dur=12,volume=4.8dB,aformat=channel_layouts=stereo"
"""Filters that make the sound of the clip stereo at -14 LUFS."""
ENCODING = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-pix_fmt", "yuv420p", "-c:a", "aac", "-ar", "48000"]


def clip(
    target: Path,
    *output_options: str,
    picture: str = "null",
    sound: str = "anull",
    inputs: Sequence[str] = (),
    maps: Sequence[str] = (),
) -> Path:
    """Encode the clip, with one more filter on its video or audio and more output options of ffmpeg."""
    media = ["-f", "lavfi", "-i", PICTURE, *inputs, "-i", str(FIXTURE / "talk.flac")]
    filters = ["-vf", picture, "-af", f"{SOUND},{sound}"]
    return make(target, *media, *maps, *filters, "-t", "12", *ENCODING, *output_options)


def words() -> list[CaptionWord]:
    """The words spoken in the clip."""
    turns = json.loads((FIXTURE / "truth.json").read_text())
    return [
        CaptionWord(text, start_s, end_s, number, turn["speaker"])
        for number, turn in enumerate(turns)
        for text, start_s, end_s in turn["words"]
        if end_s < SPOKEN_UNTIL_S
    ]


def pages(spoken_words: Sequence[CaptionWord]) -> list[Page]:
    """Caption pages of three words, each shown until the next one."""
    groups = [tuple(spoken_words[first : first + 3]) for first in range(0, len(spoken_words), 3)]
    ends = [*(group[0].start_s for group in groups[1:]), 12.0]
    return [Page((group,), group[0].start_s, end_s) for group, end_s in zip(groups, ends, strict=True)]


def spans(spoken_words: Sequence[CaptionWord]) -> list[Span]:
    return [(word.start_s, word.end_s) for word in spoken_words]


def content(**changes: Any) -> PlannedContent:
    """The planned content of the clip, with `changes`."""
    spoken_words = words()
    unchanged = PlannedContent(
        pages(spoken_words), [Box(10, 110, 80, 12)], SAFE, spans(spoken_words), speaker_share=0.97
    )
    return replace(unchanged, **changes)


@dataclass(frozen=True)
class Failures:
    """Names of the gates that a clip fails, and the reasons."""

    gates: list[str]
    reasons: list[str]


def failures(file: Path, planned_content: PlannedContent | None = None, limits: Limits | None = None) -> Failures:
    figures = measure_clip(f"file:{file}", PLANNED, planned_content or content())
    failed = [verdict for verdict in verdicts(figures, limits or limits_of()) if not verdict.passed]
    return Failures([verdict.gate for verdict in failed], [verdict.reason for verdict in failed])
