"""Each limit fails for the figure that breaks it, and holds if it is just met."""

from dataclasses import replace

import pytest

from benchmarks.cost import Cost
from benchmarks.floor import Floor
from benchmarks.results import Length, Quality, Results, Round, Way, verdicts

COST = Cost(cpu_s=50.0, wall_s=30.0, largest_mb=400.0, added_mb=449.0, read_mb=60.0, opened=2)
FLOOR = Floor(decode_cpu_s=20.0, encode_cpu_s=80.0)


def way(
    name: str,
    *cpu_s: float,
    look_cpu_s: float = 0.0,
    floor: Floor | None = FLOOR,
    encoded_mb: float = 15.0,
    vmaf: float = 93.0,
    xpsnr: float = 40.0,
) -> Way:
    """A clip of 30 s, rendered once for each of `cpu_s` CPU-seconds."""
    look = replace(COST, cpu_s=look_cpu_s) if look_cpu_s else None
    rounds = tuple(Round(look, replace(COST, cpu_s=each), floor) for each in cpu_s)
    return Way(name, 30.0, rounds, encoded_mb, Quality(vmaf, xpsnr, encoded_mb))


def lengths(longest_cpu_s: float, longest_index_mb: float = 8.0) -> tuple[Length, ...]:
    return (
        Length(1, (COST,), 0.0),
        Length(120, (replace(COST, cpu_s=longest_cpu_s, read_mb=82.0),), longest_index_mb),
    )


AUTO = way("auto", 108.0, look_cpu_s=12.0)
GOOD = Results(
    auto=AUTO,
    center=way("center", 107.9),
    no_model=way("no model", 108.0, look_cpu_s=11.0, floor=None),
    named=way("named", 108.0, look_cpu_s=11.0, floor=None),
    before=way("before", 207.3, look_cpu_s=11.0, floor=None, encoded_mb=10.0),
    old=way("old way", 1200.0, floor=None),
    lengths=lengths(55.0),
)


def heavy(added_mb: float) -> Way:
    return replace(AUTO, rounds=(Round(None, replace(COST, added_mb=added_mb)),))


def test_all_limits_hold_if_they_are_just_met() -> None:
    limits = verdicts(replace(GOOD, others=(heavy(449.9),)))
    assert [verdict.subject for verdict in limits if not verdict.holds] == []
    assert len(limits) == 20


@pytest.mark.parametrize(
    ("broken", "subject"),
    [
        (replace(GOOD, before=way("before", 207.0, look_cpu_s=11.0, encoded_mb=10.0)), "CPU, auto / a2d2b61"),
        (replace(GOOD, old=way("old way", 1199.0)), "CPU, old way / auto"),
        (replace(GOOD, before=replace(GOOD.before, quality=Quality(93.01, 40.0, 10.0))), "VMAF, auto"),
        (replace(GOOD, before=replace(GOOD.before, quality=Quality(93.0, 40.01, 10.0))), "XPSNR, auto"),
        (replace(GOOD, old=replace(GOOD.old, quality=Quality(93.01, 40.0, 10.0))), "VMAF, center"),
        (replace(GOOD, old=replace(GOOD.old, quality=Quality(93.0, 40.01, 10.0))), "XPSNR, center"),
        (
            replace(GOOD, before=replace(GOOD.before, quality=Quality(93.0, 40.0, 9.9))),
            "bytes of the same frames, auto",
        ),
        (replace(GOOD, auto=replace(AUTO, output_mb=45.1)), "bit rate, auto"),
        (replace(GOOD, center=way("center", 108.1)), "CPU, center, make / floor"),
        (replace(GOOD, no_model=way("no model", 108.0, look_cpu_s=12.1)), "CPU, no model, look / clip"),
        (replace(GOOD, named=way("named", 108.0, look_cpu_s=12.1)), "CPU, named, look / clip"),
        (replace(GOOD, others=(heavy(450.0),)), "memory, auto"),
        (replace(GOOD, lengths=lengths(55.1)), "CPU, source length"),
        (replace(GOOD, lengths=lengths(55.0, 7.9)), "bytes read, source length"),
    ],
)
def test_each_limit_fails_only_for_its_own_figure(broken: Results, subject: str) -> None:
    failed = [verdict.subject for verdict in verdicts(broken) if not verdict.holds]
    assert len(failed) == 1
    assert failed[0].startswith(subject)


def test_rendering_and_looking_of_auto_have_limits() -> None:
    slower = replace(GOOD, auto=way("auto", 105.0, look_cpu_s=15.0))
    assert [verdict.subject for verdict in verdicts(slower) if not verdict.holds] == ["CPU, auto, look / clip"]
    slower = replace(GOOD, auto=way("auto", 108.5, look_cpu_s=11.5))
    (failed,) = [verdict.subject for verdict in verdicts(slower) if not verdict.holds]
    assert failed == "CPU, auto, make / floor"


def test_figures_are_the_median_of_the_rounds() -> None:
    assert way("center", 100.0, 108.0, 200.0).figures["ratio"] == pytest.approx(1.08)


def test_a_machine_that_becomes_slower_changes_no_ratio() -> None:
    """Twice as slow from the third round on: each ratio compares measurements of the same round."""
    slower = (1.0, 1.0, 2.0, 2.0, 2.0)
    auto = way("auto", *(50 * factor for factor in slower))
    before = way("before", *(100 * factor for factor in slower[:3]))
    costs = [tuple(replace(COST, cpu_s=each * factor) for factor in slower) for each in (50, 54)]
    results = replace(GOOD, auto=auto, before=before, lengths=(Length(1, costs[0], 0.0), Length(120, costs[1], 0.0)))
    assert results.of_before == pytest.approx(0.5)
    assert results.by_length == pytest.approx((1.0, 1.08))
