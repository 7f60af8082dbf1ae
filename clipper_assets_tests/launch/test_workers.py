import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from uuid import uuid4

import psutil
import pytest

from clipper_assets.launch.workers import Worker, kill_leftovers, leftovers, start

DEADLINE_S = 20.0
WAITS = "import time; print('ready', flush=True); time.sleep(60)"
HAS_CHILDREN = f"""
import subprocess, sys
for new_session in (False, True):
    subprocess.Popen([sys.executable, "-c", {WAITS!r}], start_new_session=new_session)
{WAITS}
"""


@pytest.fixture
def run_id() -> Iterator[str]:
    run_id = str(uuid4())
    yield run_id
    kill_leftovers(run_id)


def start_ready(run_id: str, tmp_path: Path, code: str, *, ready: int = 1) -> Worker:
    """Starts a worker and waits deadline all its processes have printed `ready`."""
    log = tmp_path / "run.log"
    worker = start(run_id, [sys.executable, "-c", code], {}, log)
    deadline = time.monotonic() + DEADLINE_S
    while log.read_text().count("ready") < ready:
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)
    return worker


def test_the_output_of_a_worker_is_in_its_log(run_id: str, tmp_path: Path) -> None:
    code = "import os, sys; print(os.environ['CUDA_VISIBLE_DEVICES']); print('oh', file=sys.stderr)"
    worker = start(run_id, [sys.executable, "-c", code], {"CUDA_VISIBLE_DEVICES": "7"}, tmp_path / "run.log")
    assert worker.wait(DEADLINE_S)
    assert sorted((tmp_path / "run.log").read_text().split()) == ["7", "oh"]


def test_a_worker_is_interruptible_although_its_parent_ignores_sigint(run_id: str, tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        worker = start_ready(run_id, tmp_path, WAITS)
    finally:
        signal.signal(signal.SIGINT, before)
    assert worker.is_alive()
    worker.interrupt()
    assert worker.wait(DEADLINE_S)
    assert "KeyboardInterrupt" in (tmp_path / "run.log").read_text()


def test_a_process_with_the_same_pid_is_not_the_worker(run_id: str, tmp_path: Path) -> None:
    worker = start_ready(run_id, tmp_path, WAITS)
    assert Worker.parse(worker.dump()) == worker
    assert not Worker(worker.pid, worker.started - 1).is_alive()
    kill_leftovers(run_id)
    assert not worker.is_alive()


@pytest.mark.skipif(not psutil.LINUX, reason="elsewhere the kernel keeps the time at which a process started")
@pytest.mark.parametrize("by_s", [-3600.0, -1.0, 1.0, 3600.0])
def test_a_worker_lives_on_when_the_clock_is_set(
    by_s: float, run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = start_ready(run_id, tmp_path, WAITS)
    booted = psutil.boot_time()
    monkeypatch.setattr("psutil._pslinux.boot_time", lambda: booted + by_s)
    assert Worker.parse(worker.dump()).is_alive()


def test_the_children_of_a_killed_worker_are_found_and_killed(run_id: str, tmp_path: Path) -> None:
    worker = start_ready(run_id, tmp_path, HAS_CHILDREN, ready=3)
    (worker_process,) = (process for process in leftovers(run_id) if process.pid == worker.pid)
    worker_process.kill()
    assert worker.wait(DEADLINE_S)
    assert len(leftovers(run_id)) == 2
    assert kill_leftovers(run_id) == 2
    assert leftovers(run_id) == []


def test_processes_of_other_runs_are_not_killed(run_id: str, tmp_path: Path) -> None:
    worker = start_ready(run_id, tmp_path, WAITS)
    assert kill_leftovers("another-run") == 0
    assert worker.is_alive()


def test_on_end_is_called_after_the_end_of_a_worker(run_id: str, tmp_path: Path) -> None:
    ended = Event()
    start(run_id, ["true"], {}, tmp_path / "run.log", on_end=ended.set)
    assert ended.wait(DEADLINE_S)


def test_a_missing_program_is_an_error(run_id: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no program nothing-of-that-name on the PATH"):
        start(run_id, ["nothing-of-that-name"], {}, tmp_path / "run.log")
