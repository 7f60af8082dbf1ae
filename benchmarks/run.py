"""A benchmark run: every pipeline on the same windows, each clip measured right before its floor."""

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
"""Name, layout, and whether models are used."""

Log = Callable[[str], None]


@dataclass(frozen=True)
class Extent:
    """How much a run measures: a source of `minutes`, with a window of `seconds` per phase of the sample, the first in
    the middle; and windows of `length_seconds` in sources of `lengths_min` minutes.
    """

    minutes: int
    seconds: float
    phases_s: tuple[float, ...]
    lengths_min: tuple[int, ...]
    length_seconds: float


LENGTH_PHASES_S = (8.0, 35.5)
ROUNDS = 3
"""A clip and its floor are measured this often, in turn, and the cheapest measurement of each counts: on a shared
machine, neighbours make the same work up to 15 % more expensive from one minute to the next, never cheaper."""
FULL = Extent(10, 30.0, (8.0,), (1, 10, 60, 120), 10.0)
QUICK = Extent(10, 5.0, (8.0,), (), 0.0)


@dataclass(frozen=True)
class Bench:
    """The environment of a run: sources in `scratch`, served by `server`, and models in `models_dir`, if any."""

    scratch: Path
    server: RangeServer
    models_dir: Path | None
    log: Log


def run(scratch: Path, extent: Extent, log: Log) -> Results:
    """Measures everything in `extent`; creates missing sources in `scratch`.

    Raises FfmpegError, CalledProcessError or RuntimeError if a clip cannot be made.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    (scratch / ".gitignore").write_text("*\n")
    models_dir = (Settings().models_dir or SHARED_MODELS).absolute()
    with RangeServer(scratch) as server:
        bench = Bench(scratch, server, models_dir if models_dir.is_dir() else None, log)
        log(f"source of {extent.minutes} minutes")
        episode = make_episode(scratch, extent.minutes)
        selected_windows = windows(episode, extent.seconds, extent.phases_s)
        center = _center(bench, episode, selected_windows)
        following = [
            _following(bench, episode, selected_windows, name, layout, with_models)
            for name, layout, with_models in FOLLOWING
            if bench.models_dir or not with_models
        ]
        old = _old_way(bench, episode, selected_windows[0], center.clips[0].floor)
        lengths = [_length(bench, extent, minutes) for minutes in extent.lengths_min]
    return Results(old, center, tuple(following), tuple(lengths))


def _center(bench: Bench, episode: Episode, selected_windows: list[Window]) -> Way:
    paths = [still(Layout.center, episode.source, "benchmark", window.start_s) for window in selected_windows]
    return _way(bench, "center", episode, selected_windows, paths, None)


def _following(
    bench: Bench, episode: Episode, selected_windows: list[Window], name: str, layout: Layout, with_models: bool
) -> Way:
    bench.log(f"{name}: looking")
    url, models_dir = bench.server.url(episode.file), bench.models_dir if with_models else None
    analysis = min(
        (measured(bench.server, look, episode, url, selected_windows, layout, models_dir) for _ in range(ROUNDS)),
        key=lambda measurement: measurement.cost.cpu_s,
    )
    name = f"{name} ({analysis.value.method})"
    return _way(
        bench, name, episode, selected_windows, analysis.value.paths, analysis.cost.share(len(selected_windows))
    )


def _way(
    bench: Bench,
    name: str,
    episode: Episode,
    selected_windows: list[Window],
    paths: list[CameraPath],
    analysis: Cost | None,
) -> Way:
    clips = [
        _clip(bench, f"{name}: clip {number} of {len(selected_windows)}", episode, window, path, analysis)
        for number, (window, path) in enumerate(zip(selected_windows, paths, strict=True), start=1)
    ]
    return Way(name, selected_windows[0].duration_s, tuple(clips))


def _clip(
    bench: Bench, description: str, episode: Episode, window: Window, path: CameraPath, analysis: Cost | None
) -> Clip:
    """Measures a clip of ours and, right after it, the floor of the same frames."""
    bench.log(description)
    server, url, frame = bench.server, bench.server.url(episode.file), LOOK.frame
    with TemporaryDirectory(dir=bench.scratch) as name:
        folder = Path(name)
        whole = make_clip(episode, url, window, path, LOSSLESS, folder / "whole")
        raw, encoded = folder / "frames.yuv", folder / "encoded.mp4"
        floor.write_raw(whole, raw)
        made, decoded, spent, read = (
            min(costs, key=lambda measurement: measurement.cost.cpu_s)
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
        return Clip(analysis, made.cost, lowest, _size_mb(made.value), vmaf(made.value, whole, FPS))


def _old_way(bench: Bench, episode: Episode, window: Window, lowest: Floor) -> Way:
    """Measures one clip of the previous service, from the middle of the source: its cost grows with the start time."""
    bench.log("old way")
    words = [
        (row["text"], row["start"] - window.start_s, row["end"] - window.start_s)
        for row in episode.words.to_pylist()
        if window.start_s <= row["start"] and row["end"] <= window.end_s
    ]
    request = (bench.server.url(episode.file), window.start_s, window.duration_s, words)
    with TemporaryDirectory(dir=bench.scratch) as name:
        folders = [Path(name) / subfolder for subfolder in ("delivered", "whole")]
        for folder in folders:
            folder.mkdir()
        made = measured(bench.server, old_clip, *request, folders[0])
        bench.log("old way, without loss")
        whole = old_clip(*request, folders[1], OLD_LOSSLESS)
        quality = vmaf(made.value.file, whole.file, FPS)
        clip = Clip(None, made.cost, lowest, _size_mb(made.value.file), quality)
    return Way("old way", window.duration_s, (clip,), made.value.steps_cpu_s)


def _length(bench: Bench, extent: Extent, minutes: int) -> Length:
    """Measures the same windows, with the speaker followed, in a source of the given length."""
    bench.log(f"source of {minutes} minutes")
    episode = make_episode(bench.scratch, minutes)
    url, selected_windows = bench.server.url(episode.file), windows(episode, extent.length_seconds, LENGTH_PHASES_S)
    analysis = measured(bench.server, look, episode, url, selected_windows, Layout.speaker, bench.models_dir)
    with TemporaryDirectory(dir=bench.scratch) as name:
        costs = [
            measured(bench.server, make_clip, episode, url, window, path, X264, Path(name) / str(number)).cost
            for number, (window, path) in enumerate(zip(selected_windows, analysis.value.paths, strict=True))
        ]
    return Length(minutes, reduce(add, costs, analysis.cost), episode.index_mb)


def _size_mb(file: Path) -> float:
    return file.stat().st_size / 1e6
