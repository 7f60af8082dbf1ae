"""The simulation's runs are like real ones, and what it counts is what was there."""

import importlib
import json
from dataclasses import asdict, replace
from pathlib import Path
from types import ModuleType

import dagster as dg
import pytest

from benchmarks.footprint import Footprint, Step, of_log
from benchmarks.scale import SIMULATION
from benchmarks.simulation import EPISODES, Found, at_once
from clipper_assets.highlights.assets import highlight_windows
from clipper_assets.job import assets

PAGE = Path(__file__).parents[1] / "docs" / "scale.md"
DAY = Found(**json.loads(SIMULATION.read_text()))


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("SIMULATION_SPEED", "1000000")
    return importlib.import_module("benchmarks.simulated")


def test_the_simulated_job_is_the_real_one_without_code(simulated: ModuleType) -> None:
    dg.Definitions.validate_loadable(simulated.defs)
    job = simulated.defs.resolve_job_def("clip_episode")
    graph = job.asset_layer.asset_graph
    for real in assets:
        node = graph.get(real.key)
        assert node.parent_keys == set(real.dependency_keys)
        assert node.pools == {real.op.pool} - {None}
        assert node.check_keys == set(real.check_keys)


def test_an_empty_asset_leaves_in_the_log_what_it_was_told_to(simulated: ModuleType) -> None:
    names = [spec.name for spec in highlight_windows.check_specs]
    told = Step(lines=7, line_bytes=1500, metadata_bytes=4000, check_bytes=dict.fromkeys(names, 2000))
    empty = simulated.empty(highlight_windows, told, 0.0)
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("episodes", ["a.mp4"])
        done = dg.materialize([empty], partition_key="a.mp4", instance=instance)
        left = of_log(instance.all_logs(done.run_id))["highlight_windows"]
    assert left.lines == told.lines
    assert left.line_bytes == pytest.approx(told.line_bytes, rel=0.1)
    assert left.metadata_bytes == pytest.approx(told.metadata_bytes, rel=0.3)
    assert left.check_bytes == pytest.approx(told.check_bytes, rel=0.3)


def test_the_footprint_has_every_step() -> None:
    left = Footprint.load()
    assert set(left.steps) == {each.key.to_user_string() for each in assets}
    assert left.rows > sum(step.lines for step in left.steps.values())


@pytest.mark.parametrize(
    ("times", "most"),
    [
        pytest.param([(0.0, 1.0), (1.0, 2.0)], 1, id="one after another"),
        pytest.param([(0.0, 2.0), (1.0, 3.0), (1.5, 1.75)], 3, id="within each other"),
    ],
)
def test_runs_at_once_are_counted(times: list[tuple[float, float]], most: int) -> None:
    assert at_once(times) == most


def test_each_limit_can_fail() -> None:
    assert all(DAY.limits().values())
    worse = [
        replace(DAY, succeeded=DAY.runs - 1),
        replace(DAY, runs=DAY.runs + 1),
        replace(DAY, most_at_once=DAY.places + 1),
        replace(DAY, share=0.06),
        replace(DAY, late=1),
    ]
    assert [list(found.limits().values()).count(False) for found in worse] == [1] * len(worse)


def test_the_page_has_what_was_simulated() -> None:
    assert DAY.episodes == EPISODES
    page = PAGE.read_text()
    for name, figure in asdict(DAY).items():
        assert f"| `{name}` | {figure:,} |" in page, name
