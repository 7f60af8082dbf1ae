"""Checks of two episodes: each keeps its own status, and a blocking one stops only its own episode."""

import warnings
from collections.abc import Iterator

import dagster as dg
import pytest
from dagster._core.event_api import PartitionKeyFilter

from clipper_assets.episodes.partitions import episodes, per_episode

GOOD, BAD = "show/good.mp4", "show/bad.mp4"


@dg.asset(
    partitions_def=episodes,
    check_specs=per_episode(
        dg.AssetCheckSpec("is_whole", asset="talk", description="No minute is missing.", blocking=True)
    ),
)
def talk(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
    yield dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=context.partition_key == GOOD)])


@dg.asset(partitions_def=episodes, deps=[talk])
def excerpt() -> None: ...


def materialized(instance: dg.DagsterInstance, partition: str) -> dg.ExecuteInProcessResult:
    return dg.materialize([talk, excerpt], partition_key=partition, instance=instance, raise_on_error=False)


def states(instance: dg.DagsterInstance) -> dict[str, bool]:
    """Whether the newest evaluation of the check passed, by episode."""
    key, newest = dg.AssetCheckKey(dg.AssetKey("talk"), "is_whole"), {}
    for partition in (GOOD, BAD):
        (record,) = instance.event_log_storage.get_asset_check_execution_history(
            key, limit=1, partition_filter=PartitionKeyFilter(key=partition)
        )
        assert record.event
        newest[partition] = record.event.get_dagster_event().asset_check_evaluation_data.passed
    return newest


@pytest.mark.parametrize("order", [(BAD, GOOD), (GOOD, BAD)])
def test_a_good_episode_does_not_hide_the_failed_check_of_another(
    order: tuple[str, str], instance: dg.DagsterInstance
) -> None:
    instance.add_dynamic_partitions("episodes", order)
    for partition in order:
        materialized(instance, partition)
    assert states(instance) == {GOOD: True, BAD: False}


def test_a_blocking_check_stops_the_assets_below_of_its_own_episode_only(instance: dg.DagsterInstance) -> None:
    instance.add_dynamic_partitions("episodes", [GOOD, BAD])
    for partition, below in ((BAD, []), (GOOD, ["excerpt"])):
        run = materialized(instance, partition)
        made = [event.asset_key.to_user_string() for event in run.get_asset_materialization_events() if event.asset_key]
        assert made == ["talk", *below]
        (evaluation,) = run.get_asset_check_evaluations()
        assert (evaluation.partition, evaluation.blocking) == (partition, True)


def test_checks_per_episode_differ_in_nothing_else_and_show_no_warning() -> None:
    whole = dg.AssetCheckSpec("is_whole", asset="talk", blocking=True, description="No minute is missing.")
    with pytest.warns(dg.PreviewWarning, match="partitions_def on an AssetCheckSpec"):
        expected = dg.AssetCheckSpec(
            "is_whole", asset="talk", blocking=True, description="No minute is missing.", partitions_def=episodes
        )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert per_episode(whole) == [expected]
