"""What a step used is in the metadata of its result, or of the observation that it failed."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Timer
from time import process_time, sleep
from typing import Any

import dagster as dg
import pytest
from dagster._core.errors import DagsterExecutionInterruptedError

from clipper_assets.episodes.partitions import episodes
from clipper_assets.runtime import gpus
from clipper_assets.runtime.gpus import Slots, on_own_gpu
from clipper_assets.runtime.spend import count_tokens, holding_gpu, metered, used

KEY = "a/talk.mp4"
BUSY_S = 0.2
BUSY = "import time\nwhile time.process_time() < 0.2: pass\nprint(flush=True)\n"
Body = Callable[[], object]


def busy() -> None:
    until = process_time() + BUSY_S
    while process_time() < until:
        pass


def executed(instance: dg.DagsterInstance, body: Body, *, raises: bool = False) -> dict[str, Any]:
    """Execute a step and return the metadata of the last event of its asset."""

    @dg.asset(partitions_def=episodes)
    @metered
    @on_own_gpu
    def talk(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        body()
        return dg.MaterializeResult(metadata={"kept": 1, "cpu_seconds": 1e6}, tags={"a": "b"})

    instance.add_dynamic_partitions("episodes", [KEY])
    result = dg.materialize([talk], instance=instance, partition_key=KEY, raise_on_error=raises)
    only = dg.AssetRecordsFilter(talk.key, [KEY])
    if result.success:
        (record,) = instance.fetch_materializations(only, limit=1).records
        assert record.asset_materialization
        assert (record.asset_materialization.tags or {})["a"] == "b"
    return facts(record if result.success else failed(instance, talk.key))


def failed(instance: dg.DagsterInstance, key: dg.AssetKey) -> dg.EventLogRecord:
    (record,) = instance.fetch_observations(dg.AssetRecordsFilter(key, [KEY]), limit=1).records
    return record


def facts(record: dg.EventLogRecord) -> dict[str, Any]:
    event = record.asset_materialization or record.asset_observation
    assert event
    assert event.partition == KEY
    return {name: value.value for name, value in event.metadata.items()}


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()


def start_busy(processes: list[subprocess.Popen[bytes]], then: str = "") -> None:
    """Start a process and return when it has been busy; it ends after the code `then`."""
    processes.append(subprocess.Popen([sys.executable, "-S", "-c", BUSY + then], stdout=subprocess.PIPE))
    assert processes[-1].stdout
    processes[-1].stdout.readline()


def test_a_step_uses_the_cpu_of_its_process_and_of_those_that_it_starts(
    instance: dg.DagsterInstance, processes: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIPPER_USD_PER_CPU_HOUR", "3600")

    def body() -> None:
        busy()
        subprocess.run([sys.executable, "-S", "-c", BUSY], check=True, stdout=subprocess.DEVNULL)
        start_busy(processes, then="time.sleep(60)")  # alive when the step ends
        start_busy(processes)  # ended, but nobody waited for it
        os.waitid(os.P_PID, processes[-1].pid, os.WEXITED | os.WNOWAIT)

    spent = executed(instance, body)
    assert 4 * BUSY_S - 0.05 <= spent["cpu_seconds"] < 4 * BUSY_S + 1.5
    assert spent["usd"] == pytest.approx(spent["cpu_seconds"])
    assert (spent["gpu_seconds"], spent["input_tokens"], spent["output_tokens"], spent["kept"]) == (0, 0, 0, 1)


def test_no_second_of_a_child_is_counted_in_two_steps(processes: list[subprocess.Popen[bytes]]) -> None:
    start_busy(processes)
    before = used()
    processes[-1].wait()
    assert used().since(before).cpu_seconds < BUSY_S / 2


def test_tokens_and_gpu_seconds_have_their_prices(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIPPER_USD_PER_CPU_HOUR", "0")
    monkeypatch.setenv("CLIPPER_USD_PER_MILLION_OUTPUT_TOKENS", "100")

    def body() -> None:
        count_tokens(1000, 10)
        count_tokens(1000, 20)
        with holding_gpu():
            sleep(0.05)

    spent = executed(instance, body)
    assert (spent["input_tokens"], spent["output_tokens"]) == (2000, 30)
    assert 0.05 <= spent["gpu_seconds"] < 1
    listed = 2000 * 0.15e-6  # gpt-4o-mini's
    assert spent["usd"] == pytest.approx(listed + 30 * 100e-6 + spent["gpu_seconds"] * 1.006 / 3600, abs=1e-7)

    monkeypatch.setenv("CLIPPER_OPENAI_MODEL", "a-model-of-ours")
    monkeypatch.setenv("CLIPPER_USD_PER_MILLION_OUTPUT_TOKENS", "0")
    monkeypatch.setenv("CLIPPER_USD_PER_GPU_HOUR", "0")
    assert executed(instance, body)["usd"] == 0


def test_a_step_that_fails_reports_what_it_used(instance: dg.DagsterInstance) -> None:
    def refuse() -> None:
        count_tokens(7, 8)
        raise dg.Failure("it cannot be used", allow_retries=False)

    spent = executed(instance, refuse)
    assert (spent["failed"], spent["input_tokens"], spent["output_tokens"]) == (True, 7, 8)
    assert spent["usd"] > 0
    observation = failed(instance, dg.AssetKey("talk")).asset_observation
    assert observation
    assert "dagster/data_version" not in observation.tags


def test_a_step_that_is_cancelled_reports_what_it_used(instance: dg.DagsterInstance) -> None:
    def cancel() -> None:
        count_tokens(7, 8)
        raise DagsterExecutionInterruptedError

    with pytest.raises(DagsterExecutionInterruptedError):
        executed(instance, cancel, raises=True)
    assert facts(failed(instance, dg.AssetKey("talk")))["input_tokens"] == 7


@pytest.mark.parametrize(("share", "counted_s"), [(1, 0.4), (2, 0.2)])
def test_a_gpu_is_paid_for_while_it_is_held_and_not_while_a_step_waits_for_it(
    instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: int, counted_s: float
) -> None:
    monkeypatch.setattr(gpus, "POLL_S", 0.02)
    monkeypatch.setattr(gpus, "_of_this_process", None)
    for name, value in (("GPU_LOCKS", str(tmp_path)), ("GPUS", "0"), ("RUNS_PER_GPU", str(share))):
        monkeypatch.setenv(f"CLIPPER_{name}", value)
    taken = [slot for _ in range(share) if (slot := Slots(tmp_path, ["0"], share).take())]
    assert len(taken) == share
    Timer(0.6, taken[0].release).start()
    spent = executed(instance, lambda: sleep(0.4))
    for slot in taken[1:]:
        slot.release()
    assert counted_s <= spent["gpu_seconds"] < counted_s + 0.3


@pytest.mark.parametrize(("device", "held"), [("auto", True), ("cuda", True), ("cpu", False)])
def test_a_gpu_that_nobody_shares_is_held_for_the_whole_step(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, device: str, *, held: bool
) -> None:
    monkeypatch.setenv("CLIPPER_GPUS", "0")
    monkeypatch.setenv("CLIPPER_DEVICE", device)
    assert (executed(instance, lambda: sleep(0.05))["gpu_seconds"] >= 0.05) is held


def test_without_a_gpu_none_is_held(instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIPPER_GPUS", "")
    assert executed(instance, lambda: sleep(0.05))["gpu_seconds"] == 0
