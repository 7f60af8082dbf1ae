"""The cost of a call counts all its processes, and survives those that end while it is measured."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks import cost
from benchmarks.cost import cpu_seconds, measured
from benchmarks.server import RangeServer

BURN_S = 0.3
BURN = f"import time\nwhile time.process_time() < {BURN_S}: pass"
STATUS = "Name:\tffmpeg\nVmHWM:\t    2000 kB\nVmRSS:\t    1000 kB\n"
READS = ("10/task", "10/task/10/children", "10/status", "11/task", "11/task/11/children", "11/status")
"""All that is read of a process and its child."""


def burn_in_a_grandchild() -> int:
    """Burns CPU time in a child of a shell, and returns the number of its own processes that are left."""
    subprocess.run(["sh", "-c", '"$0" -c "$1" & wait', sys.executable, BURN], check=True)
    return len(list(cost._family(os.getpid()))) - 1


def fail() -> None:
    raise ValueError("on purpose")


def test_the_cpu_time_of_grandchildren_is_counted(tmp_path: Path) -> None:
    with RangeServer(tmp_path) as server:
        burnt = measured(server, burn_in_a_grandchild)
    assert burnt.value == 0
    assert BURN_S <= burnt.cost.cpu_s < BURN_S + 0.5
    assert burnt.cost.largest_mb > 5


def test_a_call_that_fails_is_an_error(tmp_path: Path) -> None:
    with RangeServer(tmp_path) as server, pytest.raises(RuntimeError, match="fail failed"):
        measured(server, fail)


@pytest.mark.parametrize("error", [FileNotFoundError, ProcessLookupError])
@pytest.mark.parametrize("ended_before", READS)
def test_a_process_may_end_before_any_read(
    ended_before: str, error: type[OSError], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pid, children in (("10", "11 "), ("11", "")):
        task = tmp_path / pid / "task" / pid
        task.mkdir(parents=True)
        (task / "children").write_text(children)
        (tmp_path / pid / "status").write_text(STATUS)
    monkeypatch.setattr(cost, "PROC", tmp_path)
    assert cost._resident_mb(10) == (2.048, 2.048)

    for method in ("read_text", "iterdir"):
        monkeypatch.setattr(Path, method, fails_for(tmp_path / ended_before, error(), getattr(Path, method)))
    assert cost._resident_mb(10)[0] <= 2.048


def fails_for(ended: Path, error: OSError, method: Callable[[Path], Any]) -> Callable[[Path], Any]:
    def attempt(file: Path) -> Any:
        if file == ended:
            raise error
        return method(file)

    return attempt


def test_memory_is_measured_while_children_come_and_go() -> None:
    with subprocess.Popen(["sh", "-c", "while :; do sh -c 'sh -c :'; done"]) as shells:
        sizes, started = [], time.monotonic()
        try:
            while time.monotonic() - started < 0.5:
                sizes.append(cost._resident_mb(shells.pid)[0])
        finally:
            shells.kill()
    assert min(sizes) > 0
    assert len(set(sizes)) > 1


def test_a_process_that_has_ended_has_no_memory() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    assert cost._resident_mb(process.pid) == (0, 0)


def test_cpu_seconds_include_children_that_have_ended() -> None:
    before = cpu_seconds()
    subprocess.run([sys.executable, "-c", BURN], check=True)
    assert cpu_seconds() - before >= BURN_S
