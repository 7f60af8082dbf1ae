from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from clipper_assets.runs import retries
from clipper_assets.runs.retries import RETRY_TAG, WILL_RETRY_TAG, lost_retries, report_lost_retries

RETRIES = {"run_retries": {"enabled": True, "max_retries": 1, "retry_on_asset_or_op_failure": False}}


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test(overrides=RETRIES) as instance:
        yield instance


@pytest.fixture
def failed(instance: dg.DagsterInstance) -> dg.DagsterRun:
    """A run that failed outside a step, as when its worker is killed."""
    run: dg.DagsterRun = create_run_for_test(instance, status=dg.DagsterRunStatus.STARTED)
    instance.report_run_failed(run, "the worker process is gone")
    return run


def lost(instance: dg.DagsterInstance, minutes_later: float) -> list[str]:
    return [run.run_id for run in lost_retries(instance, datetime.now(UTC) + timedelta(minutes=minutes_later))]


def failures(instance: dg.DagsterInstance, run: dg.DagsterRun) -> int:
    return len(instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE).records)


def test_a_run_that_was_to_be_retried_is_lost_a_minute_later(
    instance: dg.DagsterInstance, failed: dg.DagsterRun
) -> None:
    assert lost(instance, 0.5) == []
    assert lost(instance, 1.5) == [failed.run_id]


def test_failures_of_yesterday_are_left_alone(instance: dg.DagsterInstance, failed: dg.DagsterRun) -> None:
    assert lost(instance, 25 * 60) == []


def test_a_run_that_was_retried_is_not_lost(instance: dg.DagsterInstance, failed: dg.DagsterRun) -> None:
    instance.add_run_tags(failed.run_id, {RETRY_TAG: "the retry"})
    assert lost(instance, 1.5) == []


def test_a_run_that_is_not_to_be_retried_is_not_lost(instance: dg.DagsterInstance, failed: dg.DagsterRun) -> None:
    instance.add_run_tags(failed.run_id, {WILL_RETRY_TAG: "false"})
    assert lost(instance, 1.5) == []


def test_a_failure_is_reported_again_once(
    instance: dg.DagsterInstance, failed: dg.DagsterRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "LOST_AFTER", timedelta(minutes=-1))
    for _ in range(2):
        report_lost_retries(dg.build_sensor_context(instance))
    assert failures(instance, failed) == 2


def test_a_retry_that_is_lost_itself_is_reported_too(
    instance: dg.DagsterInstance, failed: dg.DagsterRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "LOST_AFTER", timedelta(minutes=-1))
    report_lost_retries(dg.build_sensor_context(instance))
    inherited = instance.get_run_by_id(failed.run_id)
    assert inherited
    retry = create_run_for_test(instance, status=dg.DagsterRunStatus.FAILURE, tags=inherited.tags)
    report_lost_retries(dg.build_sensor_context(instance))
    assert failures(instance, retry) == 1
