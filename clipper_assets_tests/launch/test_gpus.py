import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.launch.gpus import Slot, Slots, gpus_here


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
