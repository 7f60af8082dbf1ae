"""A good clip of twelve seconds, small and with real words in it, and what is made of it to break a gate."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clipper_assets.captions.lines import CaptionWord, Page
from clipper_assets.clips.cuts import Span
from clipper_assets.clips.gates.figures import Promised
from clipper_assets.clips.gates.measure import Shown, measure_clip
from clipper_assets.clips.gates.verdicts import Limits, verdicts
from clipper_assets.media.frame import Box
from clipper_assets_tests.clips.gates.limits import limits_of
from clipper_assets_tests.support.media import make

FIXTURE = Path(__file__).parents[2] / "transcript" / "fixture"
PROMISED = Promised(width_px=108, height_px=192, fps=25.0, duration_s=12.0)
SAFE = Box(6, 27, 90, 98)
SPOKEN_UNTIL_S = 11.4
"""Two sentences of the fixture, and their pauses."""
PICTURE = "testsrc2=s=108x192:r=25:d=12"
SOUND = f"atrim=0:{SPOKEN_UNTIL_S},apad=whole_dur=12,volume=4.8dB,aformat=channel_layouts=stereo"
"""At -14 LUFS."""
CODED = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-pix_fmt", "yuv420p", "-c:a", "aac", "-ar", "48000"]


def clip(
    target: Path,
    *changed: str,
    picture: str = "null",
    sound: str = "anull",
    inputs: Sequence[str] = (),
    maps: Sequence[str] = (),
) -> Path:
    """The good clip, with one more filter on its picture or sound, and `changed` output options."""
    made = ["-f", "lavfi", "-i", PICTURE, *inputs, "-i", str(FIXTURE / "talk.flac")]
    filters = ["-vf", picture, "-af", f"{SOUND},{sound}"]
    return make(target, *made, *maps, *filters, "-t", "12", *CODED, *changed)


def words() -> list[CaptionWord]:
    """What is said in the clip."""
    turns = json.loads((FIXTURE / "truth.json").read_text())
    return [
        CaptionWord(text, start_s, end_s, number, turn["speaker"])
        for number, turn in enumerate(turns)
        for text, start_s, end_s in turn["words"]
        if end_s < SPOKEN_UNTIL_S
    ]


def pages(said: Sequence[CaptionWord]) -> list[Page]:
    """Three words a page, each shown until the next one."""
    groups = [tuple(said[first : first + 3]) for first in range(0, len(said), 3)]
    ends = [*(group[0].start_s for group in groups[1:]), 12.0]
    return [Page((group,), group[0].start_s, end_s) for group, end_s in zip(groups, ends, strict=True)]


def spans(said: Sequence[CaptionWord]) -> list[Span]:
    return [(word.start_s, word.end_s) for word in said]


def shown(**changes: Any) -> Shown:
    """What is known of the good clip."""
    said = words()
    good = Shown(pages(said), [Box(10, 110, 80, 12)], SAFE, spans(said), speaker_share=0.97)
    return replace(good, **changes)


@dataclass(frozen=True)
class Judged:
    """The gates that a clip fails, and the reasons."""

    failed: list[str]
    reasons: list[str]


def judge(file: Path, known: Shown | None = None, limits: Limits | None = None, **promised: Any) -> Judged:
    figures = measure_clip(f"file:{file}", PROMISED.model_copy(update=promised), known or shown())
    found = [verdict for verdict in verdicts(figures, limits or limits_of()) if not verdict.passed]
    return Judged([verdict.gate for verdict in found], [verdict.reason for verdict in found])
