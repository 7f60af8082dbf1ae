"""Costs of an episode, of a run and by step."""

from datetime import UTC, datetime
from typing import Any

import pytest

from clipper_assets.costs.rows import COSTS
from clipper_assets.costs.sums import Spent, by_step, spent


def row(usd: float, **changes: Any) -> dict[str, Any]:
    usual = {"episode": "a/1.mp4", "show": "a", "run_id": "r", "step": "scenes", "look": None, "failed": False}
    measures = {"cpu_seconds": 10 * usd, "gpu_seconds": 0.0, "input_tokens": 1, "output_tokens": 2, "usd": usd}
    return {**usual, "at": datetime(2026, 11, 30, tzinfo=UTC), **measures, **changes}


TABLE = COSTS.table(
    [
        row(1.0),
        row(2.0, episode="a/2.mp4", failed=True),
        row(4.0, step="rendered_clips", run_id="s"),
        row(8.0),
        row(16.0, show="b"),
    ]
)


def test_costs_are_summed_for_an_episode_or_a_run() -> None:
    assert spent(TABLE) == Spent(cpu_seconds=310, gpu_seconds=0, input_tokens=5, output_tokens=10, usd=31)
    assert spent(TABLE, "s").usd == 4
    assert spent(TABLE, "unknown") == spent(COSTS.table([])) == Spent()


@pytest.mark.parametrize(("approved", "usd"), [(0, None), (1, 31), (2, 15.5)])
def test_dollars_are_shared_by_the_approved_clips(approved: int, usd: float | None) -> None:
    assert spent(TABLE).usd_per(approved) == usd


def test_costs_are_grouped_by_step() -> None:
    found = {each["step"]: (each["executions"], each["usd"]) for each in by_step(TABLE).to_pylist()}
    assert found == {"scenes": (4, 27), "rendered_clips": (1, 4)}
