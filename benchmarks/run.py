"""A benchmark run: the same clip by every pipeline, in rounds in which the parts of each ratio follow each other."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.before import X264 as BEFORE_X264
from benchmarks.before import checked_out
from benchmarks.results import Length, Results, Round, Way
from benchmarks.server import RangeServer
from benchmarks.source import FULL_HD, HIGH_RATE, MANY_KEYS, UHD, Episode, Footage, make_episode
from benchmarks.ways import Bench, size_mb
from clipper_assets.camera.direction.path import still
from clipper_assets.clips.rendering.encoders import X264
from clipper_assets.settings import Settings
from clipper_assets.shows.show import Layout

SHARED_MODELS = Path(__file__).parent.parent.parent / "shared" / "models"

Log = Callable[[str], None]


@dataclass(frozen=True)
class Extent:
    """How much a run measures: a clip of `seconds` from the middle of `minutes`, `rounds` times.

    The same clip at commit a2d2b61 is measured in the first `fewer` rounds. Each round also makes the clip from
    sources of `lengths_min` minutes. `others` are names, footage and minutes of sources for clips of `others_seconds`.
    """

    minutes: int
    seconds: float
    rounds: int
    fewer: int
    lengths_min: tuple[int, ...] = ()
    others: tuple[tuple[str, Footage, int], ...] = ()
    others_seconds: float = 10.0


FULL = Extent(
    minutes=12,
    seconds=12.0,
    rounds=5,
    fewer=2,
    lengths_min=(120,),
    others=(
        ("auto, 2 h of 4K at 25 Mbit/s", UHD, 120),
        ("auto, 1080p at 50 Mbit/s", HIGH_RATE, 10),
        ("auto, 1080p, a key frame a second", MANY_KEYS, 10),
    ),
)
"""On a shared machine, neighbours make the same work up to 15 % more expensive from one minute to the next. So every
limit is a ratio of measurements that follow each other, and the median over the rounds counts."""
QUICK = Extent(minutes=2, seconds=5.0, rounds=1, fewer=1)


class Stages:
    """Logs the stages of a run, and sums up how long each took, in `seconds`."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        self._log(name)
        started = time.monotonic()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - started


@dataclass(frozen=True)
class Sources:
    """`main` and `short` are complete; `lengths` by minutes and `others` by name can be decoded around the window."""

    main: Episode
    short: Episode
    lengths: dict[int, Episode]
    others: dict[str, Episode]


def run(scratch: Path, extent: Extent, log: Log) -> Results:
    """Measures everything in `extent`; creates missing sources in `scratch`.

    Raises MissingCommitError if the clone lacks commit a2d2b61, and FfmpegError, CalledProcessError or RuntimeError if
    a clip cannot be made.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    (scratch / ".gitignore").write_text("*\n")
    before, stages = checked_out(scratch), Stages(log)
    models_dir = (Settings().models_dir or SHARED_MODELS).absolute()
    with stages("sources"):
        sources = _sources(scratch, extent)
    with RangeServer(scratch) as server, TemporaryDirectory(dir=scratch) as folder:
        bench = Bench(server, models_dir if models_dir.is_dir() else None, before, Path(folder))
        results = _measure(bench, extent, sources, stages)
    return replace(results, stages_s=stages.seconds)


def _sources(scratch: Path, extent: Extent) -> Sources:
    seconds, others_seconds = extent.seconds, extent.others_seconds
    return Sources(
        make_episode(scratch, FULL_HD, extent.minutes, seconds, whole=True),
        make_episode(scratch, FULL_HD, 1, seconds, whole=True),
        {minutes: make_episode(scratch, FULL_HD, minutes, seconds) for minutes in extent.lengths_min},
        {name: make_episode(scratch, footage, minutes, others_seconds) for name, footage, minutes in extent.others},
    )


def _measure(bench: Bench, extent: Extent, sources: Sources, stages: Stages) -> Results:
    auto, before, lengths = _rounds(bench, extent, sources, stages)
    with stages("old way"):
        old = bench.old(sources.main, sources.short)
    with stages("center"):
        center = _center(bench, sources.main)
    clip, others = bench.folder / "clip.mp4", []
    for name, episode in sources.others.items():
        with stages(name):
            others.append(_way(name, episode, [bench.follow(episode, clip)], clip))
    with stages("auto, no model"):
        looked = bench.look_without_models(sources.main)
        no_model_round = Round(looked.cost, bench.make(sources.main, looked.value, clip))
        no_model = _way("auto (mouth motion)", sources.main, [no_model_round], clip)
    with stages("auto, speakers named"):
        named_episode = replace(sources.main, words=sources.main.named_words)
        named = _way("auto (speakers named)", named_episode, [bench.follow(named_episode, clip)], clip)
    return Results(auto, center, no_model, named, before, old, lengths, tuple(others))


def _rounds(bench: Bench, extent: Extent, sources: Sources, stages: Stages) -> tuple[Way, Way, tuple[Length, ...]]:
    """Measures a clip that follows the speaker, its floor, and the same at commit a2d2b61 and in other lengths."""
    main, clip, clip_before = sources.main, bench.folder / "clip.mp4", bench.folder / "before.mp4"
    auto: list[Round] = []
    before: list[Round] = []
    same = {minutes: list[Round]() for minutes in sources.lengths}
    with stages("frames"):
        frames = bench.draw(main, bench.look(main).value)
    for number in range(extent.rounds):
        with stages("auto"):
            auto.append(bench.follow(main, clip))
        if number < extent.fewer:
            with stages("a2d2b61"):
                before.append(bench.follow_before(main, clip_before))
        with stages("floor"):
            auto[-1] = replace(auto[-1], floor=bench.floor_of(main, frames))
        for minutes, episode in sources.lengths.items():
            with stages(f"{minutes} minutes"):
                same[minutes].append(bench.follow(episode, bench.folder / "length.mp4"))
    with stages("quality"):
        ours = replace(_way("auto (LR-ASD)", main, auto, clip), quality=bench.quality_of(frames, X264))
        theirs = replace(_way("a2d2b61", main, before, clip_before), quality=bench.quality_of(frames, BEFORE_X264))
    frames.remove()
    same[extent.minutes] = auto
    lengths = [
        Length(
            minutes,
            tuple(measured.cost for measured in rounds),
            {**sources.lengths, extent.minutes: main}[minutes].index_mb,
        )
        for minutes, rounds in sorted(same.items())
    ]
    return ours, theirs, tuple(lengths)


def _center(bench: Bench, episode: Episode) -> Way:
    """Measures a clip with a still camera, and its floor."""
    camera, clip = still(Layout.center, episode.source, "benchmark", episode.window.start_s), bench.folder / "clip.mp4"
    frames = bench.draw(episode, camera)
    measured = Round(None, bench.make(episode, camera, clip), bench.floor_of(episode, frames))
    way = replace(_way("center", episode, [measured], clip), quality=bench.quality_of(frames, X264))
    frames.remove()
    return way


def _way(name: str, episode: Episode, rounds: list[Round], clip: Path) -> Way:
    return Way(name, episode.window.duration_s, tuple(rounds), size_mb(clip))
