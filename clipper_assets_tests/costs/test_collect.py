"""The costs of an episode are those of every execution of its steps, and stay when runs and prices go."""

from typing import Any

import dagster as dg
import pytest

from clipper_assets.costs.collect import collect, refresh, stored_costs
from clipper_assets.costs.sums import spent
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.lake import table_key
from clipper_assets_tests.costs.steps import KEY, Runs, Tokens

COSTS_KEY = table_key("episode_costs", "costs", KEY)


@pytest.fixture
def runs(instance: dg.DagsterInstance, storage: DirectoryStorage, monkeypatch: pytest.MonkeyPatch) -> Runs:
    """A token is a dollar, and nothing else costs anything."""
    price(monkeypatch, 1)
    monkeypatch.setenv("CLIPPER_USD_PER_CPU_HOUR", "0")
    monkeypatch.setenv("CLIPPER_USD_PER_GPU_HOUR", "0")
    return Runs(instance, storage)


def price(monkeypatch: pytest.MonkeyPatch, usd: float) -> None:
    monkeypatch.setenv("CLIPPER_USD_PER_MILLION_OUTPUT_TOKENS", str(usd * 1e6))


def rows(runs: Runs) -> list[tuple[Any, ...]]:
    """Step, look, failure and dollars of each row, oldest first."""
    table = collect(runs.storage, runs.instance, KEY).table
    return [(row["step"], row["look"], row["failed"], row["usd"]) for row in table.to_pylist()]


def test_the_sum_over_the_steps_is_that_of_the_run(runs: Runs) -> None:
    first = runs.run(raw_video=Tokens(tokens=2), rendered_clips=Tokens(tokens=3))
    second = runs.run(rendered_clips=Tokens(tokens=4))
    for result, usd in ((first, 5), (second, 5)):
        of_steps = [runs.facts(result, step)["usd"] for step in ("raw_video", "rendered_clips")]
        assert sum(of_steps) == usd == runs.facts(result)["run_usd"]
        assert spent(stored_costs(runs.storage, KEY), result.run_id).usd == usd
    assert runs.facts(second)["usd"] == 10
    assert runs.facts(second)["output_tokens"] == 10
    (row, *_) = stored_costs(runs.storage, KEY).to_pylist()
    assert (row["episode"], row["show"], row["run_id"]) == (KEY, "show", first.run_id)


def test_a_failed_step_is_paid_for_once_its_retry_is(runs: Runs) -> None:
    failed = runs.run(rendered_clips=Tokens(tokens=7, fails=True))
    assert not failed.success
    retried = runs.run("rendered_clips", "episode_costs")
    assert rows(runs) == [
        ("raw_video", None, False, 1),
        ("rendered_clips", None, True, 7),
        ("rendered_clips", None, False, 1),
    ]
    assert (runs.facts(retried)["run_usd"], runs.facts(retried)["usd"]) == (1, 9)


def test_new_prices_change_new_rows_only(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    runs.run()
    before = stored_costs(runs.storage, KEY).to_pylist()
    price(monkeypatch, 10)
    runs.run()
    after = stored_costs(runs.storage, KEY).to_pylist()
    assert after[: len(before)] == before
    assert [row["usd"] for row in after] == [1, 1, 10, 10]


def test_rows_outlive_their_runs_and_none_is_there_twice(runs: Runs) -> None:
    first = runs.run()
    before = collect(runs.storage, runs.instance, KEY).table
    assert collect(runs.storage, runs.instance, KEY).table.equals(before)
    runs.instance.delete_run(first.run_id)
    assert collect(runs.storage, runs.instance, KEY).table.equals(before)
    written = runs.storage.stat(COSTS_KEY)
    assert refresh(runs.storage, runs.instance, KEY).table.equals(before)
    assert runs.storage.stat(COSTS_KEY) == written
    assert stored_costs(runs.storage, KEY).equals(before)
    assert runs.facts(runs.run())["usd"] == 4


def test_no_row_is_lost_when_its_run_is_removed_meanwhile(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    first = runs.run("raw_video")
    fetch = runs.instance.fetch_materializations

    def prune(*arguments: Any, **named: Any) -> Any:
        monkeypatch.undo()
        refresh(runs.storage, runs.instance, KEY)
        runs.instance.delete_run(first.run_id)
        return fetch(*arguments, **named)

    monkeypatch.setattr(runs.instance, "fetch_materializations", prune)
    assert [row[0] for row in rows(runs)] == ["raw_video"]


def test_costs_are_stored_without_a_run_of_their_own(runs: Runs) -> None:
    runs.run("raw_video")
    assert stored_costs(runs.storage, KEY).num_rows == 0
    refresh(runs.storage, runs.instance, KEY)
    assert stored_costs(runs.storage, KEY)["step"].to_pylist() == ["raw_video"]


def test_each_look_of_the_clips_counts_with_its_name(runs: Runs) -> None:
    runs.instance.add_dynamic_partitions("looks", ["feed-pop"])
    runs.run()
    for look, fails in (("square-marker", False), ("feed-pop", True)):
        partition = dg.MultiPartitionKey({"episodes": KEY, "looks": look})
        runs.run("clip_variants", partition=partition, clip_variants=Tokens(tokens=2, fails=fails))
    other = dg.MultiPartitionKey({"episodes": "show/other.mp4", "looks": "feed-pop"})
    runs.instance.add_dynamic_partitions("episodes", ["show/other.mp4"])
    runs.run("clip_variants", partition=other)
    assert rows(runs)[2:] == [("clip_variants", "square-marker", False, 2), ("clip_variants", "feed-pop", True, 2)]
    for look in ("square-marker", "feed-pop"):
        runs.instance.delete_dynamic_partition("looks", look)
    assert rows(runs)[2:] == [("clip_variants", "square-marker", False, 2), ("clip_variants", "feed-pop", True, 2)]


@pytest.mark.parametrize(
    "changes",
    [{"gpu_seconds": None}, {"usd": "3"}, {"usd": -1.0}, {"usd": float("nan")}, {"cpu_seconds": float("inf")}],
)
def test_results_of_earlier_versions_and_of_people_have_no_costs(runs: Runs, changes: dict[str, Any]) -> None:
    used = {"cpu_seconds": 1.0, "gpu_seconds": 0.0, "input_tokens": 0, "output_tokens": 0, "usd": 3.0}
    metadata = {name: value for name, value in (used | changes).items() if value is not None}

    @dg.op
    def report(context: dg.OpExecutionContext) -> None:
        context.log_event(dg.AssetMaterialization("raw_video", partition=KEY, metadata=metadata))

    dg.GraphDefinition("earlier", node_defs=[report]).execute_in_process(instance=runs.instance)
    for event in (dg.AssetMaterialization, dg.AssetObservation):
        runs.instance.report_runless_asset_event(event("raw_video", partition=KEY, metadata=used))
    assert len(runs.instance.fetch_materializations(dg.AssetKey("raw_video"), limit=9).records) == 2
    assert rows(runs) == []
    assert runs.facts(runs.run("episode_costs"))["usd"] == 0


def test_a_table_that_cannot_be_read_is_collected_again_with_a_warning(runs: Runs) -> None:
    runs.instance.delete_run(runs.run().run_id)
    runs.storage.put_bytes(COSTS_KEY, b"no table")
    result = runs.run()
    (check,) = result.get_asset_check_evaluations()
    assert not check.passed
    assert f"the costs of runs that were removed since are lost: the table {COSTS_KEY}" in str(check.description)
    assert runs.facts(result)["usd"] == 2
    (check,) = runs.run().get_asset_check_evaluations()
    assert check.passed
