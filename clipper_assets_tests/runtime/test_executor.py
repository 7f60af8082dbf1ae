"""A step that waits for a pool, in runs that execute as the run launchers execute them."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer

import dagster as dg
import pytest

from clipper_assets.runtime.executor import pool_executor

WAIT_S = 2.5


@dg.op(pool="gpu")
def transcribe() -> None: ...


@dg.job(executor_def=pool_executor)
def waiting() -> None:
    transcribe()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """One whose only GPU is taken by another run."""
    with dg.instance_for_test() as instance:
        instance.event_log_storage.set_concurrency_slots("gpu", 1)
        instance.event_log_storage.claim_concurrency_slot("gpu", "another", "transcribe")
        yield instance


@contextmanager
def after_waiting(action: Callable[[], object]) -> Iterator[None]:
    timer = Timer(WAIT_S, action)
    timer.start()
    yield
    timer.join()


def test_a_step_starts_within_two_seconds_of_a_free_slot_and_costs_nothing_before(
    instance: dg.DagsterInstance,
) -> None:
    free = instance.event_log_storage.free_concurrency_slot_for_step
    began, cpu_began = time.monotonic(), time.process_time()
    with (
        after_waiting(lambda: free("another", "transcribe")),
        dg.execute_job(dg.reconstructable(waiting), instance) as result,
    ):
        took_s, cpu_s = time.monotonic() - began, time.process_time() - cpu_began
    assert result.success
    assert took_s >= WAIT_S
    (blocked,) = (event for event in result.all_events if "blocked by limit for pool gpu" in (event.message or ""))
    assert blocked.step_key == "transcribe"
    assert cpu_s < took_s / 2  # Dagster's own executor takes all of a core
    assert instance.event_log_storage.get_concurrency_info("gpu").claimed_slots == []


def test_a_waiting_run_is_cancelled_at_once_and_leaves_no_claim(instance: dg.DagsterInstance) -> None:
    def cancel() -> None:
        """As the launcher does."""
        (run,) = instance.get_runs()
        instance.report_run_canceling(run)
        os.kill(os.getpid(), signal.SIGINT)

    with after_waiting(cancel), dg.execute_job(dg.reconstructable(waiting), instance) as result:
        assert not result.success
    (cancelled,) = instance.get_runs()
    assert cancelled.status is dg.DagsterRunStatus.CANCELED
    info = instance.event_log_storage.get_concurrency_info("gpu")
    assert {step.run_id for step in info.pending_steps} == {slot.run_id for slot in info.claimed_slots} == {"another"}
