"""What a run found, as figures, and whether the limits of the issue hold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks.cost import Cost

CENTER_LIMIT, SPEAKER_LIMIT = 1.10, 1.30
"""Times the floor's CPU-seconds: a still camera, and one that follows the speaker with its analysis."""
OLD_LIMIT = 6.0
"""The old way's CPU-seconds over ours with the same camera, which stays in the middle."""
MEMORY_LIMIT_MB = 500
FLAT_LIMIT = 1.15
"""Dearest over cheapest source length, for the same windows; runs of one and the same differ by some percent."""


@dataclass(frozen=True)
class Floor:
    """CPU-seconds of decoding a window and of encoding the clip's frames, and the size of what was encoded."""

    decode_cpu_s: float
    encode_cpu_s: float
    output_mb: float

    @property
    def cpu_s(self) -> float:
        return self.decode_cpu_s + self.encode_cpu_s


@dataclass(frozen=True)
class Clip:
    """One clip by one way: what finding the camera's path cost (its share), what making the clip did, and its floor."""

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
    """One way of making clips, and a clip of each window, which lasts `seconds`; the old way names its steps."""

    name: str
    seconds: float
    clips: tuple[Clip, ...]
    steps_cpu_s: dict[str, float] = field(default_factory=dict)

    @property
    def figures(self) -> dict[str, float]:
        """Medians over the clips: seconds of CPU and wall time, MB of 10^6 bytes, VMAF of 0 to 100."""
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
    """The same windows out of a source of `minutes` minutes: their cost, and the size of the source's index."""

    minutes: int
    cost: Cost
    index_mb: float

    @property
    def media_mb(self) -> float:
        """Bytes read beside the index, which is read once each time that the source is opened."""
        return self.cost.read_mb - self.cost.opened * self.index_mb


@dataclass(frozen=True)
class Results:
    """One run. `center` is ours with a still camera, `following` are ours that find the speaker, best model first."""

    old: Way
    center: Way
    following: tuple[Way, ...]
    lengths: tuple[Length, ...]

    @property
    def ours(self) -> tuple[Way, ...]:
        return (self.center, *self.following)


@dataclass(frozen=True)
class Verdict:
    """One limit: what it is about, the figure found, the limit in words, and whether it holds."""

    subject: str
    figure: str
    limit: str
    holds: bool


def verdicts(results: Results) -> list[Verdict]:
    """Every limit of the issue that the run can judge."""
    old, center = results.old, results.center
    found = [_at_most("center, CPU over the floor", center.figures["ratio"], CENTER_LIMIT)]
    found += [
        _at_most(f"{way.name}, CPU over the floor", way.figures["ratio"], SPEAKER_LIMIT) for way in results.following
    ]
    ours, theirs = center.clips[0], old.clips[0]
    saving, better = theirs.cost.cpu_s / ours.cost.cpu_s, ours.vmaf >= theirs.vmaf
    memory_mb = max(clip.cost.added_mb for way in results.ours for clip in way.clips)
    found += [
        Verdict("old way, CPU over center", f"{saving:.2f}x", f"at least {OLD_LIMIT:.0f}x", saving >= OLD_LIMIT),
        Verdict("center, VMAF; the old way's", f"{ours.vmaf:.2f}", f"at least {theirs.vmaf:.2f}", better),
        Verdict("memory of a clip", f"{memory_mb:.0f} MB", f"below {MEMORY_LIMIT_MB} MB", memory_mb < MEMORY_LIMIT_MB),
    ]
    if lengths := results.lengths:
        found.append(_at_most("source length, CPU", _spread([each.cost.cpu_s for each in lengths]), FLAT_LIMIT))
        found.append(_at_most("source length, bytes read", _spread([each.media_mb for each in lengths]), FLAT_LIMIT))
    return found


def _at_most(subject: str, ratio: float, limit: float) -> Verdict:
    return Verdict(subject, f"{ratio:.3f}x", f"at most {limit:.2f}x", ratio <= limit)


def _spread(figures: Sequence[float]) -> float:
    return max(figures) / min(figures)
