"""One run: every way on the same windows, each clip next to its own floor."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import floor
from benchmarks.cost import Cost, measured
from benchmarks.old_way import LOSSLESS as OLD_LOSSLESS
from benchmarks.old_way import old_clip
from benchmarks.ours import LOOK, LOSSLESS, look, make_clip
from benchmarks.quality import vmaf
from benchmarks.results import Clip, Floor, Length, Results, Way
from benchmarks.server import RangeServer
from benchmarks.source import FPS, Episode, Window, make_episode, windows
from clipper_assets.camera.direction.path import CameraPath, still
from clipper_assets.clips.rendering.encoders import X264
from clipper_assets.settings import Settings
from clipper_assets.shows.show import Layout

SHARED_MODELS = Path(__file__).parent.parent.parent / "shared" / "models"
FOLLOWING = (
    ("speaker", Layout.speaker, True),
    ("auto", Layout.auto, True),
    ("speaker, no model", Layout.speaker, False),
)
"""Name, layout, and whether there are models."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Extent:
    """How much a run measures: a source of `minutes`, a window of `seconds` per phase of the sample, the first one in
    the middle; and windows of `length_seconds` in sources of the lengths `lengths_min`.
    """

    minutes: int
    seconds: float
    phases_s: tuple[float, ...]
    lengths_min: tuple[int, ...]
    length_seconds: float


LENGTH_PHASES_S = (8.0, 35.5)
ROUNDS = 3
"""What a clip and its floor cost is measured so often, in turn, and the cheapest of each counts: on a machine that is
shared, neighbours make the same work up to 15 % dearer from one minute to the next, and nothing makes it cheaper."""
FULL = Extent(10, 30.0, (8.0,), (1, 10, 60, 120), 10.0)
QUICK = Extent(10, 5.0, (8.0,), (), 0.0)


@dataclass(frozen=True)
class Bench:
    """Where it happens: sources in `scratch`, given out by `server`; models in `models_dir`, if any."""

    scratch: Path
    server: RangeServer
    models_dir: Path | None
    say: Say


def run(scratch: Path, extent: Extent, say: Say) -> Results:
    """Measure everything in `extent`; sources are made in `scratch` where they are not there yet.

    Raises FfmpegError, CalledProcessError or RuntimeError where a clip cannot be made.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    (scratch / ".gitignore").write_text("*\n")
    models_dir = (Settings().models_dir or SHARED_MODELS).absolute()
    with RangeServer(scratch) as server:
        bench = Bench(scratch, server, models_dir if models_dir.is_dir() else None, say)
        say(f"source of {extent.minutes} minutes")
        episode = make_episode(scratch, extent.minutes)
        chosen = windows(episode, extent.seconds, extent.phases_s)
        center = _center(bench, episode, chosen)
        following = [
            _following(bench, episode, chosen, name, layout, with_models)
            for name, layout, with_models in FOLLOWING
            if bench.models_dir or not with_models
        ]
        old = _old_way(bench, episode, chosen[0], center.clips[0].floor)
        lengths = [_length(bench, extent, minutes) for minutes in extent.lengths_min]
    return Results(old, center, tuple(following), tuple(lengths))


def _center(bench: Bench, episode: Episode, chosen: list[Window]) -> Way:
    paths = [still(Layout.center, episode.source, "benchmark", window.start_s) for window in chosen]
    return _way(bench, "center", episode, chosen, paths, None)


def _following(
    bench: Bench, episode: Episode, chosen: list[Window], name: str, layout: Layout, with_models: bool
) -> Way:
    bench.say(f"{name}: looking")
    url, models_dir = bench.server.url(episode.file), bench.models_dir if with_models else None
    looked = min(
        (measured(bench.server, look, episode, url, chosen, layout, models_dir) for _ in range(ROUNDS)),
        key=lambda each: each.cost.cpu_s,
    )
    name = f"{name} ({looked.value.method})"
    return _way(bench, name, episode, chosen, looked.value.paths, looked.cost.share(len(chosen)))


def _way(
    bench: Bench, name: str, episode: Episode, chosen: list[Window], paths: list[CameraPath], looked: Cost | None
) -> Way:
    clips = [
        _clip(bench, f"{name}: clip {number} of {len(chosen)}", episode, window, path, looked)
        for number, (window, path) in enumerate(zip(chosen, paths, strict=True), start=1)
    ]
    return Way(name, chosen[0].duration_s, tuple(clips))


def _clip(bench: Bench, what: str, episode: Episode, window: Window, path: CameraPath, looked: Cost | None) -> Clip:
    """A clip of ours, and right after it the floor of its very frames."""
    bench.say(what)
    server, url, frame = bench.server, bench.server.url(episode.file), LOOK.frame
    with TemporaryDirectory(dir=bench.scratch) as name:
        folder = Path(name)
        whole = make_clip(episode, url, window, path, LOSSLESS, folder / "whole")
        raw, encoded = folder / "frames.yuv", folder / "encoded.mp4"
        floor.write_raw(whole, raw)
        made, decoded, spent, read = (
            min(costs, key=lambda each: each.cost.cpu_s)
            for costs in zip(
                *(
                    (
                        measured(server, make_clip, episode, url, window, path, X264, folder / f"clip_{number}"),
                        measured(server, floor.decode, url, window),
                        measured(server, floor.encode, raw, frame, X264, encoded),
                        measured(server, floor.read, raw, frame),
                    )
                    for number in range(ROUNDS)
                ),
                strict=True,
            )
        )
        lowest = Floor(decoded.cost.cpu_s, spent.cost.cpu_s - read.cost.cpu_s, _size_mb(encoded))
        return Clip(looked, made.cost, lowest, _size_mb(made.value), vmaf(made.value, whole, FPS))


def _old_way(bench: Bench, episode: Episode, window: Window, lowest: Floor) -> Way:
    """One clip, from the middle of the source: what a clip costs there grows with how late it is."""
    bench.say("old way")
    words = [
        (row["text"], row["start"] - window.start_s, row["end"] - window.start_s)
        for row in episode.words.to_pylist()
        if window.start_s <= row["start"] and row["end"] <= window.end_s
    ]
    request = (bench.server.url(episode.file), window.start_s, window.duration_s, words)
    with TemporaryDirectory(dir=bench.scratch) as name:
        folders = [Path(name) / each for each in ("delivered", "whole")]
        for folder in folders:
            folder.mkdir()
        made = measured(bench.server, old_clip, *request, folders[0])
        bench.say("old way, without loss")
        whole = old_clip(*request, folders[1], OLD_LOSSLESS)
        quality = vmaf(made.value.file, whole.file, FPS)
        clip = Clip(None, made.cost, lowest, _size_mb(made.value.file), quality)
    return Way("old way", window.duration_s, (clip,), made.value.steps_cpu_s)


def _length(bench: Bench, extent: Extent, minutes: int) -> Length:
    """The same frames out of sources of different lengths, the speaker followed."""
    bench.say(f"source of {minutes} minutes")
    episode = make_episode(bench.scratch, minutes)
    url, chosen = bench.server.url(episode.file), windows(episode, extent.length_seconds, LENGTH_PHASES_S)
    looked = measured(bench.server, look, episode, url, chosen, Layout.speaker, bench.models_dir)
    with TemporaryDirectory(dir=bench.scratch) as name:
        costs = [
            measured(bench.server, make_clip, episode, url, window, path, X264, Path(name) / str(number)).cost
            for number, (window, path) in enumerate(zip(chosen, looked.value.paths, strict=True))
        ]
    return Length(minutes, reduce(add, costs, looked.cost), episode.index_mb)


def _size_mb(file: Path) -> float:
    return file.stat().st_size / 1e6
