"""Compares the prompts of a picker by the share of clips that people kept: is one in use worse than another?"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from clipper_assets.evaluation.figures import CONFIDENCE, Row, Version, is_kept

MIN_EPISODES, MIN_DECISIONS = 10, 30
"""Fewest episodes and decisions of each prompt; below ten clusters the normal distribution is too narrow (Cameron &
Miller, "A practitioner's guide to cluster-robust inference", J. Human Resources 50(2), 2015)."""


@dataclass(frozen=True)
class Sample:
    """Kept clips and decisions of a prompt in each episode of a show; both of shape (episodes,)."""

    kept: NDArray[np.float64]
    decided: NDArray[np.float64]

    @property
    def decisions(self) -> float:
        return float(self.decided.sum())

    @property
    def share(self) -> float:
        return float(self.kept.sum()) / self.decisions

    @property
    def variance(self) -> float:
        """Variance of the share, with episodes as clusters, as a ratio estimator has it.

        Rao & Scott, "A simple method for the analysis of clustered binary data", Biometrics 48(2), 1992. It is at least
        that of independent decisions, with two of each kind added (Agresti & Coull, The American Statistician 52(2),
        1998), so that a prompt of which everything was kept does not look certain.
        """
        episodes, plain = len(self.kept), (float(self.kept.sum()) + 2) / (self.decisions + 4)
        residual = float(((self.kept - self.share * self.decided) ** 2).sum())
        clustered = episodes / (episodes - 1) * residual / self.decisions**2
        return max(clustered, plain * (1 - plain) / self.decisions)


@dataclass(frozen=True)
class Comparison:
    """A prompt in use and another one, in the shows that used both.

    `difference` is the share of kept clips of the one in use minus that of the other, `low` and `high` its 95 %
    interval; all are None where there are not enough decisions.
    """

    current: Version
    other: Version
    episodes: tuple[int, int]
    decisions: tuple[int, int]
    difference: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def is_worse(self) -> bool:
        """Whether the prompt in use keeps fewer clips, beyond chance (one-sided, at 2.5 %)."""
        return self.high is not None and self.high < 0

    def __str__(self) -> str:
        (episodes, others), (decisions, other_decisions) = self.episodes, self.decisions
        counted = f"{decisions} and {other_decisions} decisions in {episodes} and {others} episodes"
        if self.difference is None or self.low is None or self.high is None:
            return (
                f"not enough decisions yet to compare {self.current} with {self.other}: {counted}; each needs "
                f"{MIN_DECISIONS} decisions in {MIN_EPISODES} episodes"
            )
        points = f"{100 * self.difference:+.0f} points, 95 % interval {100 * self.low:+.0f} to {100 * self.high:+.0f}"
        verdict = "worse than" if self.is_worse else "better than" if self.low > 0 else "not clearly different from"
        remedy = f"; use {self.other.prompt}" if self.is_worse else ""
        return f"{self.current} is {verdict} {self.other} ({points}; {counted}){remedy}"


def comparisons(decisions: Sequence[Row], in_use: Mapping[str, Collection[str]]) -> list[Comparison]:
    """Compare each prompt in use with those beside it and with the one before it, of the same picker.

    `in_use` has the names of the prompts that each show uses now.
    """
    decided = [row for row in decisions if row["decision"] and row["prompt"]]
    shows: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in decided:
        shows[row["show"], row["picker"]].append(row)
    pairs = {pair: None for (show, _), rows in shows.items() for pair in _pairs(rows, in_use.get(show, ()))}
    return [_compared(current, other, decided) for current, other in pairs]


def _pairs(rows: Sequence[Row], in_use: Collection[str]) -> list[tuple[Version, Version]]:
    """Pairs of a prompt that a show uses now, in its newest version, and another one."""
    since: dict[Version, object] = {}
    for row in sorted(rows, key=lambda row: row["first_edited_at"]):
        since.setdefault(Version.of(row), row["first_edited_at"])
    newest = {version.prompt: version for version in since}
    current = [version for prompt, version in newest.items() if prompt in in_use]
    before = [version for version in since if version not in current]
    others = [*current, *before[-1:]]
    return [(version, other) for version in current for other in others if version != other]


def _compared(current: Version, other: Version, decided: Sequence[Row]) -> Comparison:
    samples: dict[str, dict[Version, dict[str, list[Row]]]] = {}
    for row in decided:
        if (version := Version.of(row)) in (current, other):
            by_version = samples.setdefault(row["show"], {current: {}, other: {}})
            by_version[version].setdefault(row["episode"], []).append(row)
    both = [
        (_sample(each[current]), _sample(each[other])) for each in samples.values() if min(map(len, each.values())) > 1
    ]
    sides = list(zip(*both, strict=True)) or [(), ()]
    episodes = tuple(sum(len(sample.kept) for sample in side) for side in sides)
    counted = tuple(round(sum(sample.decisions for sample in side)) for side in sides)
    bare = Comparison(current, other, (episodes[0], episodes[1]), (counted[0], counted[1]))
    if min(episodes) < MIN_EPISODES or min(counted) < MIN_DECISIONS:
        return bare
    # Weights of Cochran, "Some methods for strengthening the common chi-square tests", Biometrics 10(4), 1954: a show
    # whose clips are kept more often in general does not count for the prompt that it used more.
    weights = np.array([a.decisions * b.decisions / (a.decisions + b.decisions) for a, b in both])
    weights /= weights.sum()
    difference = float(weights @ [a.share - b.share for a, b in both])
    spread = sqrt(float(weights**2 @ [a.variance + b.variance for a, b in both]))
    half = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * spread
    return Comparison(current, other, bare.episodes, bare.decisions, difference, difference - half, difference + half)


def _sample(episodes: Mapping[str, Sequence[Row]]) -> Sample:
    return Sample(
        np.array([sum(map(is_kept, rows)) for rows in episodes.values()], dtype=np.float64),
        np.array([len(rows) for rows in episodes.values()], dtype=np.float64),
    )
