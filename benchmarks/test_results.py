"""Each limit fails for the figure that breaks it, and holds if it is just met."""

from dataclasses import replace

import pytest

from benchmarks.cost import Cost
from benchmarks.results import Clip, Floor, Length, Results, Way, verdicts


def way(
    name: str, look_cpu_s: float = 0.0, make_cpu_s: float = 109.0, added_mb: float = 499.0, vmaf: float = 93.0
) -> Way:
    look = replace(COST, cpu_s=look_cpu_s) if look_cpu_s else None
    render = replace(COST, cpu_s=make_cpu_s, added_mb=added_mb)
    return Way(name, 30.0, (Clip(look, render, Floor(20.0, 80.0, 15.0), 15.0, vmaf),))


COST = Cost(cpu_s=50.0, wall_s=30.0, largest_mb=400.0, added_mb=420.0, read_mb=60.0, opened=2)
GOOD = Results(
    old=way("old way", make_cpu_s=654.0, added_mb=800.0),
    center=way("center"),
    following=(way("speaker", look_cpu_s=20.0),),
    lengths=(Length(1, COST, 0.1), Length(120, replace(COST, cpu_s=57.0, read_mb=76.0), 8.0)),
)


def test_all_limits_hold_if_they_are_just_met() -> None:
    limits = verdicts(GOOD)
    assert len(limits) == 7
    assert all(verdict.holds for verdict in limits)


@pytest.mark.parametrize(
    ("broken", "subject"),
    [
        (replace(GOOD, center=way("center", make_cpu_s=111.0), old=way("old way", make_cpu_s=700.0)), "center, CPU"),
        (replace(GOOD, following=(way("speaker", look_cpu_s=22.0),)), "speaker, CPU"),
        (replace(GOOD, old=way("old way", make_cpu_s=653.0)), "old way, CPU"),
        (replace(GOOD, old=way("old way", make_cpu_s=654.0, vmaf=93.1)), "center, VMAF"),
        (replace(GOOD, following=(way("speaker", added_mb=500.0),)), "memory"),
        (
            replace(GOOD, lengths=(Length(1, COST, 0.1), Length(120, replace(COST, cpu_s=58.0), 0.1))),
            "source length, CPU",
        ),
        (replace(GOOD, lengths=(Length(1, COST, 0.1), Length(120, COST, 8.0))), "source length, bytes"),
    ],
)
def test_each_limit_fails_only_for_its_own_figure(broken: Results, subject: str) -> None:
    failed = [verdict.subject for verdict in verdicts(broken) if not verdict.holds]
    assert len(failed) == 1
    assert failed[0].startswith(subject)


def test_figures_are_the_median_of_the_windows() -> None:
    clips = [way("center", make_cpu_s=cpu_s).clips[0] for cpu_s in (100.0, 108.0, 200.0)]
    assert replace(GOOD.center, clips=tuple(clips)).figures["ratio"] == pytest.approx(1.08)
