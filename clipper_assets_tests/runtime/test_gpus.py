import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Timer
from typing import Any, TypeAlias

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.runtime import gpus as module
from clipper_assets.runtime.gpus import GPU_TAG, Slot, Slots, encoding_on_a_gpu, gpus_here, on_own_gpu

Decorator: TypeAlias = Callable[[Callable[..., Any]], Callable[..., Any]]


def take_all(slots: Slots) -> list[Slot]:
    taken = []
    while slot := slots.take():
        taken.append(slot)
    return taken


@given(st.integers(1, 4), st.integers(1, 3))
def test_every_gpu_is_used_before_any_is_shared(
    tmp_path_factory: pytest.TempPathFactory, gpus: int, share: int
) -> None:
    slots = Slots(tmp_path_factory.mktemp("gpus"), [str(number) for number in range(gpus)], share)
    taken = take_all(slots)
    assert [slot.gpu for slot in taken] == [str(number) for number in range(gpus)] * share
    for slot in taken:
        slot.release()
    again = slots.take()
    assert again
    assert again.gpu == "0"
    again.release()


def test_a_gpu_without_steps_is_used_before_one_whose_first_slot_is_free(tmp_path: Path) -> None:
    slots = Slots(tmp_path, ["0", "1"], 2)
    first, second, shared = (slots.take() for _ in range(3))
    assert first
    assert second
    assert shared
    assert shared.gpu == "0"
    for slot in (first, second):
        slot.release()
    taken = slots.take()
    assert taken
    assert taken.gpu == "1"
    assert len(take_all(slots)) == 2


def test_a_gpu_is_released_when_its_process_is_killed(tmp_path: Path) -> None:
    slots = Slots(tmp_path, ["0"], 1)
    slot = slots.take()
    assert slot
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], pass_fds=[slot.lock])
    slot.release()
    assert slots.take() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    after = slots.take()
    assert after
    after.release()


def test_named_gpus_are_used() -> None:
    assert gpus_here(("GPU-a", "GPU-b")) == ("GPU-a", "GPU-b")
    assert gpus_here(()) == ()


def test_only_gpus_visible_to_this_process_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,3")
    assert gpus_here(None) == ("2", "3")
    assert gpus_here(("5",)) == ("5",)


@pytest.mark.parametrize(
    ("visible", "gpus"),
    [
        ("", ()),
        ("-1", ()),
        ("NoDevFiles", ()),
        ("0,-1,1", ("0",)),
        ("GPU-8932f937,MIG-1/2/0", ("GPU-8932f937", "MIG-1/2/0")),
    ],
)
def test_a_device_that_cuda_does_not_see_is_no_gpu(
    monkeypatch: pytest.MonkeyPatch, visible: str, gpus: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert gpus_here(None) == gpus


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Slots:
    """Two GPUs, of which a run sees none, as the run launcher starts it."""
    monkeypatch.setenv("CLIPPER_GPU_LOCKS", str(tmp_path))
    monkeypatch.setenv("CLIPPER_GPUS", "GPU-a,GPU-b")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setattr(module, "_of_this_process", None)
    return Slots(tmp_path, ("GPU-a", "GPU-b"), 1)


def run_step(
    instance: dg.DagsterInstance, decorator: Decorator, attempts: Sequence[Callable[[], object]] = (lambda: None,)
) -> list[str]:
    """Returns the GPUs that each attempt of a step sees; one that raises is followed by the next one."""
    seen: list[str] = []

    @dg.asset(retry_policy=dg.RetryPolicy(max_retries=len(attempts) - 1))
    @decorator
    def step(context: dg.AssetExecutionContext) -> None:
        seen.append(os.environ.get("CUDA_VISIBLE_DEVICES", "all"))
        attempts[len(seen) - 1]()

    dg.materialize([step], instance=instance)
    return seen


def test_a_step_sees_only_the_gpu_that_it_takes_and_gives_it_back(machine: Slots, instance: dg.DagsterInstance) -> None:
    busy = machine.take()
    assert busy
    assert run_step(instance, on_own_gpu) == ["GPU-b"]
    assert os.environ["CUDA_VISIBLE_DEVICES"] == ""
    busy.release()
    assert len(take_all(machine)) == 2
    (run,) = instance.get_runs()
    assert run.tags[GPU_TAG] == "GPU-b"
    assert any(entry.user_message == "uses GPU GPU-b" for entry in instance.all_logs(run.run_id))


def test_a_step_waits_for_a_gpu(machine: Slots, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL_S", 0.01)
    first, _second = take_all(machine)
    Timer(0.3, first.release).start()
    assert run_step(instance, on_own_gpu) == ["GPU-a"]


def test_a_retry_in_the_same_process_takes_the_gpu_that_cuda_has_seen(
    machine: Slots, instance: dg.DagsterInstance
) -> None:
    busy = machine.take()
    assert busy

    def fail_when_the_first_gpu_is_free() -> None:
        busy.release()
        raise ValueError("out of memory")

    assert run_step(instance, on_own_gpu, [fail_when_the_first_gpu_is_free, lambda: None]) == ["GPU-b"] * 2
    assert len(take_all(machine)) == 2


def test_the_slot_is_free_again_even_if_cuda_fails_for_good(machine: Slots, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a retry in the same process would wait for itself."""

    def fail() -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(module, "free_gpu_memory", fail)
    monkeypatch.setattr(module, "_record", lambda *_: None)
    with pytest.raises(RuntimeError, match="illegal memory access"):
        on_own_gpu(lambda context: None)(None)
    assert len(take_all(machine)) == 2


def test_encoding_sees_a_gpu_and_takes_none(machine: Slots, instance: dg.DagsterInstance) -> None:
    taken = take_all(machine)
    seen = {gpu for _ in range(8) for gpu in run_step(instance, encoding_on_a_gpu)}
    assert seen <= {"GPU-a", "GPU-b"}
    assert seen
    assert len(taken) == 2
    assert not any(GPU_TAG in run.tags for run in instance.get_runs())


@pytest.mark.parametrize("decorator", [on_own_gpu, encoding_on_a_gpu])
def test_where_nothing_shares_gpus_a_step_sees_what_its_process_sees(
    instance: dg.DagsterInstance, decorator: Decorator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a pod, in a task of ECS, and in `clipper process`."""
    monkeypatch.setenv("CLIPPER_GPUS", "0,1")
    assert run_step(instance, decorator) == ["all"]
