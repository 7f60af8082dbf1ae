"""Produces and publishes clips of a test card, without the rest of a run."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from clipper_assets.clips.gates.verdicts import Limits
from clipper_assets.clips.looks import Rendition
from clipper_assets.clips.manifest import Clip
from clipper_assets.clips.produce import Job, Produced, produce_clips
from clipper_assets.media.frame import Aspect, Box, Frame
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.clips.gates.limits import limits_of
from clipper_assets_tests.support.media import FAST, lavfi, make, plan_of, source_of, words
from clipper_assets_tests.support.windows import window_of

TONE = "sine=f=1000:r=48000,volume=7.1dB,aformat=channel_layouts=stereo"
"""A tone at -14 LUFS."""
FOLDER = "show/clips"


def uploaded(storage: DirectoryStorage) -> Path:
    """Upload five seconds of a test card as `show/a.mp4`, and return the file."""
    file = Path(storage.root) / "show" / "a.mp4"
    file.parent.mkdir(exist_ok=True)
    return make(file, *lavfi("testsrc=s=320x180:r=25", TONE), "-t", "5", "-pix_fmt", "yuv420p", "-c:a", "aac")


def job(file: Path, index: int = 0, start_s: float = 1.0, text: str = "one two", **changes: Any) -> Job:
    """The job to produce a clip of two seconds, of half the size of a portrait one unless `changes` say otherwise."""
    half = Frame(540, 960, Box(33, 135, 442, 490))
    plan = plan_of(source_of(file), start_s, 50, **{"index": index, "words": words(text), "frame": half} | changes)
    return Job(plan, window_of(clip=index), FAST)


def produced(
    storage: DirectoryStorage,
    jobs: list[Job],
    limits: Limits | None = None,
    check_upload: Callable[[], None] = lambda: None,
) -> Produced:
    source = source_of(Path(storage.root) / "show" / "a.mp4")
    source = replace(source, key="show/a.mp4", episode="show/a.mp4")
    return produce_clips(
        jobs,
        source,
        storage,
        FOLDER,
        rendition=Rendition(Aspect.portrait),
        limits=limits or limits_of(),
        workers=1,
        report=lambda _: None,
        log=lambda _: None,
        check_upload=check_upload,
    )


def clip_in(storage: DirectoryStorage) -> Clip:
    """Upload the test card, and return its published clip."""
    (clip,) = produced(storage, [job(uploaded(storage))]).clips
    return clip
