"""`python -m benchmarks.encoders`: what settings of x264 cost, and how good they are, on several kinds of pictures."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

import click
from rich.console import Console
from rich.table import Table

from benchmarks import before, floor
from benchmarks.cost import cpu_seconds
from benchmarks.encoder_kinds import CLIP_S, KINDS, make_material
from benchmarks.encoders_plot import write_plot
from benchmarks.ours import LOOK
from benchmarks.quality import vmaf, xpsnr
from benchmarks.report import limits_table
from benchmarks.results import Verdict
from benchmarks.source import FPS
from clipper_assets.clips.rendering.encoders import LARGEST_RATE, X264, Encoder

OURS, BEFORE = "ours", "a2d2b61"
BYTES_LIMIT, MBIT_LIMIT = 1.5, 12.0
"""Largest size relative to a2d2b61's over all kinds, because platforms encode uploads again; and of any kind, per
second, because some platforms refuse more."""


def _x264(preset: str, crf: int, *parameters: str) -> Encoder:
    more = (("x264-params", ":".join(parameters)),) if parameters else ()
    return Encoder("libx264", (("preset", preset), ("crf", str(crf)), *more, *LARGEST_RATE, ("threads", "1")))


CANDIDATES = {
    BEFORE: before.X264,
    "veryfast, crf 20, subme 1": _x264("veryfast", 20, "subme=1"),
    "superfast, crf 23": _x264("superfast", 23),
    "ultrafast, crf 23": _x264("ultrafast", 23),
    "ultrafast, crf 22, deblocked": _x264("ultrafast", 22, "no-deblock=0", "cabac=1"),
    OURS: X264,
}


@dataclass(frozen=True)
class Point:
    """A candidate on one kind, or a mean: CPU-seconds per second of the clip, Mbit/s, VMAF, XPSNR in dB."""

    cpu: float
    mbit: float
    vmaf: float
    xpsnr: float


Points = Mapping[str, Mapping[str, Point]]
"""The points of each candidate, by kind."""


@click.command()
@click.option("--record", is_flag=True, help="Write the plot that the documents quote.")
@click.option("--scratch", type=click.Path(path_type=Path), default=Path(".bench"), show_default=True)
def main(record: bool, scratch: Path) -> None:
    """Compare settings of x264; exit code 1 if the renderer's are worse than those of a2d2b61 on any kind."""
    console = Console(log_path=False)
    scratch.mkdir(parents=True, exist_ok=True)
    points: dict[str, dict[str, Point]] = {name: {} for name in CANDIDATES}
    for kind in KINDS:
        console.log(kind.name)
        with TemporaryDirectory(dir=scratch.absolute()) as folder:
            lossless = make_material(kind, Path(folder) / kind.name).lossless
            for name, point in measure(lossless).items():
                points[name][kind.name] = point
    picture = (Path(__file__).parent if record else scratch) / "encoders.png"
    means = {name: mean_of(list(of_candidate.values())) for name, of_candidate in points.items()}
    write_plot(means, OURS, picture)
    limits = verdicts(points)
    for table in (*_tables(points, means), limits_table(limits)):
        console.print(table)
    console.print(f"Plot: {picture}")
    sys.exit(0 if all(verdict.holds for verdict in limits) else 1)


def measure(lossless: Path) -> dict[str, Point]:
    """Encode the frames of a lossless clip with each candidate. Raises FfmpegError if ffmpeg fails."""
    raw = lossless.with_name("frames.yuv")
    floor.write_raw(lossless, raw)
    floor.read(raw, LOOK.frame)  # so that the file is in memory for all
    reading = _cpu_s(partial(floor.read, raw, LOOK.frame))
    points = {}
    for number, (name, encoder) in enumerate(CANDIDATES.items()):
        clip = lossless.with_name(f"{number}.mp4")
        cpu_s = _cpu_s(partial(floor.encode, raw, LOOK.frame, encoder, clip)) - reading
        mbit = clip.stat().st_size * 8 / 1e6 / CLIP_S
        points[name] = Point(cpu_s / CLIP_S, mbit, vmaf(clip, lossless, FPS), xpsnr(clip, lossless, FPS))
    return points


def mean_of(points: Sequence[Point]) -> Point:
    """The mean of several points."""
    return Point(*(mean(getattr(point, name) for point in points) for name in ("cpu", "mbit", "vmaf", "xpsnr")))


def verdicts(points: Points) -> list[Verdict]:
    """The limits of our settings: no kind worse than a2d2b61's by either metric, nor much larger, nor as expensive."""
    ours, theirs = points[OURS], points[BEFORE]
    limits = []
    for kind, point in ours.items():
        for metric in ("vmaf", "xpsnr"):
            figure, least = getattr(point, metric), getattr(theirs[kind], metric)
            subject = f"{kind}, {metric.upper()}; a2d2b61's"
            limits.append(Verdict(subject, f"{figure:.2f}", f"at least {least:.2f}", figure >= least))
        limits.append(
            Verdict(f"{kind}, Mbit/s", f"{point.mbit:.1f}", f"at most {MBIT_LIMIT:.0f}", point.mbit <= MBIT_LIMIT)
        )
    ours_mean, theirs_mean = mean_of(list(ours.values())), mean_of(list(theirs.values()))
    size, cpu = ours_mean.mbit / theirs_mean.mbit, ours_mean.cpu / theirs_mean.cpu
    return [
        *limits,
        Verdict("bytes over a2d2b61's", f"{size:.2f}x", f"at most {BYTES_LIMIT}x", size <= BYTES_LIMIT),
        Verdict("CPU over a2d2b61's", f"{cpu:.2f}x", "less than 1x", cpu < 1),
    ]


def _cpu_s(work: Callable[[], None]) -> float:
    before_s = cpu_seconds()
    work()
    return cpu_seconds() - before_s


def _tables(points: Points, means: Mapping[str, Point]) -> list[Table]:
    """A table per kind and one of the means."""
    by_kind = {kind.name: {name: points[name][kind.name] for name in points} for kind in KINDS}
    tables = []
    for title, rows in {**by_kind, "mean of all kinds": means}.items():
        table = Table(title=title, title_justify="left")
        table.add_column("settings")
        for column in ("CPU-s per s", "Mbit/s", "VMAF", "XPSNR, dB"):
            table.add_column(column, justify="right")
        for name, point in rows.items():
            table.add_row(name, f"{point.cpu:.2f}", f"{point.mbit:.1f}", f"{point.vmaf:.1f}", f"{point.xpsnr:.2f}")
        tables.append(table)
    return tables


if __name__ == "__main__":
    main()
