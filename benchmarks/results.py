"""The figures of a benchmark run, and whether its limits hold."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from statistics import median

from benchmarks.cost import Cost
from benchmarks.floor import Floor

BEFORE_LIMIT, OLD_LIMIT = 0.55, 10.0
"""A clip: at most this multiple of its CPU-seconds at commit a2d2b61, and at most this fraction of the old way's."""
RENDER_LIMIT = 1.08
"""Multiple of decoding and encoding that rendering may take: filters, captions and sound are on top."""
LOOK_LIMIT = 0.10
"""Share of a clip's CPU-seconds that finding the speaker and directing the camera may take."""
BYTES_LIMIT, HIGHEST_MBIT_S = 1.5, 12.0
"""Highest ratio of a clip's size to that at commit a2d2b61, and highest bit rate: platforms encode uploads again."""
MEMORY_LIMIT_MB = 450
FLAT_LIMIT = 1.10
"""Highest cost divided by lowest over all source lengths, for the same frames."""


@dataclass(frozen=True)
class Quality:
    """VMAF, 0 to 100, and XPSNR in dB, of encoded frames compared with those before encoding, and their size in MB."""

    vmaf: float
    xpsnr: float
    encoded_mb: float


@dataclass(frozen=True)
class Round:
    """One measurement of a clip: the costs of its camera analysis and of its rendering, and its floor."""

    look: Cost | None
    make: Cost
    floor: Floor | None = None

    @property
    def cost(self) -> Cost:
        return self.look + self.make if self.look else self.make


@dataclass(frozen=True)
class Way:
    """A pipeline and its measurements of the same clip of `seconds`; the previous service also has its steps."""

    name: str
    seconds: float
    rounds: tuple[Round, ...]
    output_mb: float
    quality: Quality | None = None
    steps_cpu_s: dict[str, float] = field(default_factory=dict)

    @property
    def figures(self) -> dict[str, float]:
        """Medians over the rounds: times in seconds, sizes in MB of 10^6 bytes; and floor and quality if measured."""
        figures = {name: median(map(figure, self.rounds)) for name, figure in _FIGURES.items()}
        floors = [(measured.make.cpu_s, measured.floor) for measured in self.rounds if measured.floor]
        if floors:
            figures["decode_cpu_s"] = median(floor.decode_cpu_s for _, floor in floors)
            figures["encode_cpu_s"] = median(floor.encode_cpu_s for _, floor in floors)
            figures["floor_cpu_s"] = median(floor.cpu_s for _, floor in floors)
            figures["ratio"] = median(make_cpu_s / floor.cpu_s for make_cpu_s, floor in floors)
        figures["output_mb"] = self.output_mb
        return figures | (asdict(self.quality) if self.quality else {})

    @property
    def added_mb(self) -> float:
        return max(measured.cost.added_mb for measured in self.rounds)


_FIGURES: dict[str, Callable[[Round], float]] = {
    "look_cpu_s": lambda measured: measured.look.cpu_s if measured.look else 0.0,
    "make_cpu_s": lambda measured: measured.make.cpu_s,
    "cpu_s": lambda measured: measured.cost.cpu_s,
    "look_share": lambda measured: measured.look.cpu_s / measured.cost.cpu_s if measured.look else 0.0,
    "wall_s": lambda measured: measured.cost.wall_s,
    "largest_mb": lambda measured: measured.cost.largest_mb,
    "added_mb": lambda measured: measured.cost.added_mb,
    "read_mb": lambda measured: measured.cost.read_mb,
}


@dataclass(frozen=True)
class Length:
    """The costs of the same frames in a source of `minutes` minutes, by round, and the size of the source's index."""

    minutes: int
    costs: tuple[Cost, ...]
    index_mb: float

    @property
    def cpu_s(self) -> float:
        return median(cost.cpu_s for cost in self.costs)

    @property
    def media_mb(self) -> float:
        """MB read without the index, which is read each time the source is opened."""
        return median(cost.read_mb - cost.opened * self.index_mb for cost in self.costs)


@dataclass(frozen=True)
class Results:
    """A benchmark run.

    The camera of `auto` follows the speaker by LR-ASD, that of `no_model` without a model, that of `named` by LR-ASD
    and the transcript's speakers, and that of `center` is still. `before` is commit a2d2b61, with the quality of its
    encoder's settings on the frames of `auto`. `others` are clips of other sources. `stages_s` says how long the parts
    of the run took.
    """

    auto: Way
    center: Way
    no_model: Way
    named: Way
    before: Way
    old: Way
    lengths: tuple[Length, ...] = ()
    others: tuple[Way, ...] = ()
    stages_s: dict[str, float] = field(default_factory=dict)

    @property
    def ours(self) -> tuple[Way, ...]:
        return (self.auto, self.center, self.no_model, self.named)

    @property
    def ways(self) -> tuple[Way, ...]:
        return (*self.ours, self.before, self.old, *self.others)

    @property
    def of_before(self) -> float:
        """CPU-seconds of a clip divided by those at commit a2d2b61: the median of the rounds that measured both."""
        pairs = zip(self.auto.rounds, self.before.rounds, strict=False)
        return median(now.cost.cpu_s / then.cost.cpu_s for now, then in pairs)

    @property
    def of_old(self) -> float:
        """CPU-seconds of the previous service divided by those of a clip."""
        return self.old.figures["cpu_s"] / self.auto.figures["cpu_s"]

    @property
    def by_length(self) -> tuple[float, ...]:
        """CPU-seconds by source length as multiples of the first: medians of the ratios within a round."""
        first = self.lengths[0].costs
        return tuple(
            median(cost.cpu_s / shortest.cpu_s for cost, shortest in zip(length.costs, first, strict=True))
            for length in self.lengths
        )


@dataclass(frozen=True)
class Verdict:
    """A limit: its subject, the measured figure, the limit in words, and whether it holds."""

    subject: str
    figure: str
    limit: str
    holds: bool


def verdicts(results: Results) -> list[Verdict]:
    """Returns every limit that the run can decide."""
    auto, before = results.auto, results.before
    encoded_mb, encoded_mb_before = _quality(auto).encoded_mb, _quality(before).encoded_mb
    limits = [
        _at_most("CPU, auto / a2d2b61", results.of_before, BEFORE_LIMIT),
        _at_least("CPU, old way / auto", results.of_old, OLD_LIMIT, "x"),
        *_no_worse(auto, before),
        *_no_worse(results.center, results.old),
        _at_most("bytes of the same frames, auto / a2d2b61", encoded_mb / encoded_mb_before, BYTES_LIMIT),
        _below("bit rate, auto", 8 * auto.output_mb / auto.seconds, HIGHEST_MBIT_S, "Mbit/s"),
    ]
    limits += [
        _at_most(f"CPU, {way.name}, make / floor", way.figures["ratio"], RENDER_LIMIT) for way in (auto, results.center)
    ]
    limits += [
        _at_most(f"CPU, {way.name}, look / clip", way.figures["look_share"], LOOK_LIMIT)
        for way in (auto, results.no_model, results.named)
    ]
    limits += [
        _below(f"memory, {way.name}", way.added_mb, MEMORY_LIMIT_MB, "MB") for way in (*results.ours, *results.others)
    ]
    if len(results.lengths) > 1:
        media_mb = [length.media_mb for length in results.lengths]
        limits.append(_at_most("CPU, source length", max(results.by_length) / min(results.by_length), FLAT_LIMIT))
        limits.append(_at_most("bytes read, source length", max(media_mb) / min(media_mb), FLAT_LIMIT))
    return limits


def _no_worse(way: Way, other: Way) -> list[Verdict]:
    """Quality must be at least the other's; both are measured on the same frames, so there is no tolerance."""
    ours, theirs = _quality(way), _quality(other)
    return [
        _at_least(f"VMAF, {way.name}; limit: {other.name}", ours.vmaf, theirs.vmaf, ""),
        _at_least(f"XPSNR, {way.name}; limit: {other.name}", ours.xpsnr, theirs.xpsnr, " dB"),
    ]


def _quality(way: Way) -> Quality:
    if way.quality is None:
        raise ValueError(f"the quality of {way.name} was not measured")
    return way.quality


def _at_most(subject: str, ratio: float, limit: float) -> Verdict:
    return Verdict(subject, f"{ratio:.3f}x", f"at most {limit:.2f}x", ratio <= limit)


def _at_least(subject: str, figure: float, limit: float, unit: str) -> Verdict:
    return Verdict(subject, f"{figure:.2f}{unit}", f"at least {limit:.2f}{unit}", figure >= limit)


def _below(subject: str, figure: float, limit: float, unit: str) -> Verdict:
    return Verdict(subject, f"{figure:.1f} {unit}", f"below {limit:g} {unit}", figure < limit)
