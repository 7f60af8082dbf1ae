"""The runs of the simulation resemble real ones, and its counts are right."""

import importlib
import json
from dataclasses import asdict, replace
from pathlib import Path
from types import ModuleType

import dagster as dg
import pytest

from benchmarks.footprint import Footprint, Step, steps_of_log
from benchmarks.gpus_held import HELD
from benchmarks.scale import SIMULATION
from benchmarks.simulation import EPISODES, SimulatedDay, at_once
from clipper_assets.highlights.assets import highlight_windows
from clipper_assets.job import assets
from clipper_assets.runtime import gpus

PAGE = Path(__file__).parents[1] / "docs" / "scale.md"
DAY = SimulatedDay(**json.loads(SIMULATION.read_text()))


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


def test_the_simulated_job_runs_and_its_cpu_steps_hold_no_gpu(
    simulated: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIPPER_GPU_LOCKS", str(tmp_path))
    monkeypatch.setenv("CLIPPER_GPUS", "0")
    monkeypatch.setattr(gpus, "_of_this_process", None)
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("episodes", ["a.mp4"])
        job = simulated.defs.resolve_job_def("clip_episode")
        result = job.execute_in_process(partition_key="a.mp4", instance=instance)
        held = {
            event.step_key: event.step_materialization_data.materialization.metadata[HELD].value
            for event in result.get_asset_materialization_events()
        }
    assert held == dict.fromkeys((asset.op.name for asset in assets), 0) | {"aligned_transcript": 1}


def test_a_stand_in_writes_its_footprint_to_the_event_log(simulated: ModuleType) -> None:
    names = [spec.name for spec in highlight_windows.check_specs]
    footprint = Step(lines=7, line_bytes=1500, metadata_bytes=4000, check_bytes=dict.fromkeys(names, 2000))
    asset = simulated.stand_in(highlight_windows, footprint, 0.0)
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("episodes", ["a.mp4"])
        result = dg.materialize([asset], partition_key="a.mp4", instance=instance)
        written = steps_of_log(instance.all_logs(result.run_id))["highlight_windows"]
    assert written.lines == footprint.lines
    assert written.line_bytes == pytest.approx(footprint.line_bytes, rel=0.1)
    assert written.metadata_bytes == pytest.approx(footprint.metadata_bytes, rel=0.3)
    assert written.check_bytes == pytest.approx(footprint.check_bytes, rel=0.3)


def test_the_footprint_has_every_step() -> None:
    measured = Footprint.load()
    assert set(measured.steps) == {asset.key.to_user_string() for asset in assets}
    assert measured.rows > sum(step.lines for step in measured.steps.values())


@pytest.mark.parametrize(
    ("times", "most"),
    [
        pytest.param([(0.0, 1.0), (1.0, 2.0)], 1, id="one after another"),
        pytest.param([(0.0, 2.0), (1.0, 3.0), (1.5, 1.75)], 3, id="within each other"),
    ],
)
def test_concurrent_runs_are_counted(times: list[tuple[float, float]], most: int) -> None:
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
    assert [list(day.limits().values()).count(False) for day in worse] == [1] * len(worse)


def test_the_page_quotes_the_recorded_simulation() -> None:
    assert DAY.episodes == EPISODES
    page = PAGE.read_text()
    for name, figure in asdict(DAY).items():
        assert f"| `{name}` | {figure:,} |" in page, name
