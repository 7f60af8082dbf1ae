"""The figures of a benchmark run, and whether its limits hold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks.cost import Cost

CENTER_LIMIT, SPEAKER_LIMIT = 1.10, 1.30
"""Multiples of the floor's CPU-seconds: with a still camera, and with one that follows the speaker."""
OLD_LIMIT = 6.0
"""CPU-seconds of the previous service divided by ours, both with a still camera."""
MEMORY_LIMIT_MB = 500
FLAT_LIMIT = 1.15
"""Highest cost divided by lowest over all source lengths, for the same windows; equal runs differ by some percent."""


@dataclass(frozen=True)
class Floor:
    """CPU-seconds to decode a window and to encode the clip's frames, and the size of the encoded file."""

    decode_cpu_s: float
    encode_cpu_s: float
    output_mb: float

    @property
    def cpu_s(self) -> float:
        return self.decode_cpu_s + self.encode_cpu_s


@dataclass(frozen=True)
class Clip:
    """One clip of one pipeline: its share in the cost of the camera analysis, the cost of rendering, and its floor."""

    look: Cost | None
    make: Cost
    floor: Floor
    output_mb: float
    vmaf: float

    @property
    def cost(self) -> Cost:
        return self.look + self.make if self.look else self.make


@dataclass(frozen=True)
class Way:
    """A pipeline and its clips, one per window of `seconds`; the previous service also has the cost of each step."""

    name: str
    seconds: float
    clips: tuple[Clip, ...]
    steps_cpu_s: dict[str, float] = field(default_factory=dict)

    @property
    def figures(self) -> dict[str, float]:
        """Medians over the clips: CPU and wall time in seconds, sizes in MB of 10^6 bytes, VMAF from 0 to 100."""
        return {name: median(figure(clip) for clip in self.clips) for name, figure in _FIGURES.items()}


_FIGURES: dict[str, Callable[[Clip], float]] = {
    "look_cpu_s": lambda clip: clip.look.cpu_s if clip.look else 0.0,
    "make_cpu_s": lambda clip: clip.make.cpu_s,
    "cpu_s": lambda clip: clip.cost.cpu_s,
    "decode_cpu_s": lambda clip: clip.floor.decode_cpu_s,
    "encode_cpu_s": lambda clip: clip.floor.encode_cpu_s,
    "floor_cpu_s": lambda clip: clip.floor.cpu_s,
    "ratio": lambda clip: clip.cost.cpu_s / clip.floor.cpu_s,
    "wall_s": lambda clip: clip.cost.wall_s,
    "largest_mb": lambda clip: clip.cost.largest_mb,
    "added_mb": lambda clip: clip.cost.added_mb,
    "read_mb": lambda clip: clip.cost.read_mb,
    "output_mb": lambda clip: clip.output_mb,
    "floor_output_mb": lambda clip: clip.floor.output_mb,
    "vmaf": lambda clip: clip.vmaf,
}


@dataclass(frozen=True)
class Length:
    """The cost of the same windows from a source of `minutes` minutes, and the size of the source's index."""

    minutes: int
    cost: Cost
    index_mb: float

    @property
    def media_mb(self) -> float:
        """MB read without the index, which is read each time the source is opened."""
        return self.cost.read_mb - self.cost.opened * self.index_mb


@dataclass(frozen=True)
class Results:
    """A benchmark run. `center` is our pipeline with a still camera, `following` with one that follows the speaker."""

    old: Way
    center: Way
    following: tuple[Way, ...]
    lengths: tuple[Length, ...]

    @property
    def ours(self) -> tuple[Way, ...]:
        return (self.center, *self.following)


@dataclass(frozen=True)
class Verdict:
    """A limit: its subject, the measured figure, the limit in words, and whether it holds."""

    subject: str
    figure: str
    limit: str
    holds: bool


def verdicts(results: Results) -> list[Verdict]:
    """Returns every limit that the run can decide."""
    old, center = results.old, results.center
    limits = [_at_most("center, CPU over the floor", center.figures["ratio"], CENTER_LIMIT)]
    limits += [
        _at_most(f"{way.name}, CPU over the floor", way.figures["ratio"], SPEAKER_LIMIT) for way in results.following
    ]
    ours, theirs = center.clips[0], old.clips[0]
    saving, better = theirs.cost.cpu_s / ours.cost.cpu_s, ours.vmaf >= theirs.vmaf
    memory_mb = max(clip.cost.added_mb for way in results.ours for clip in way.clips)
    limits += [
        Verdict("old way, CPU over center", f"{saving:.2f}x", f"at least {OLD_LIMIT:.0f}x", saving >= OLD_LIMIT),
        Verdict("center, VMAF; the old way's", f"{ours.vmaf:.2f}", f"at least {theirs.vmaf:.2f}", better),
        Verdict("memory of a clip", f"{memory_mb:.0f} MB", f"below {MEMORY_LIMIT_MB} MB", memory_mb < MEMORY_LIMIT_MB),
    ]
    if lengths := results.lengths:
        limits.append(_at_most("source length, CPU", _spread([length.cost.cpu_s for length in lengths]), FLAT_LIMIT))
        limits.append(
            _at_most("source length, bytes read", _spread([length.media_mb for length in lengths]), FLAT_LIMIT)
        )
    return limits


def _at_most(subject: str, ratio: float, limit: float) -> Verdict:
    return Verdict(subject, f"{ratio:.3f}x", f"at most {limit:.2f}x", ratio <= limit)


def _spread(figures: Sequence[float]) -> float:
    return max(figures) / min(figures)
