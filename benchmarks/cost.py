"""Measures CPU, wall time, memory and bytes read of a function in a separate process, children included."""

import re
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Generic, ParamSpec, TypeVar, cast

from benchmarks.server import RangeServer

SAMPLE_EVERY_S = 0.05
PROC = Path("/proc")
_MEMORY = re.compile(r"^Vm(RSS|HWM):\s*(\d+) kB$", re.MULTILINE)

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Cost:
    """The cost of a function call, child processes included.

    `cpu_s` is user and system time; `largest_mb` is the peak resident set of the largest process; `added_mb` is the
    peak of all processes together minus the memory of Python before the call; `read_mb` is what the server sent (1 MB
    is 10^6 bytes); `opened` is how often the source was opened on the server.
    """

    cpu_s: float
    wall_s: float
    largest_mb: float
    added_mb: float
    read_mb: float
    opened: int

    def __add__(self, later: "Cost") -> "Cost":
        """Adds the cost of a later call; peaks of memory are not added."""
        return Cost(
            self.cpu_s + later.cpu_s,
            self.wall_s + later.wall_s,
            max(self.largest_mb, later.largest_mb),
            max(self.added_mb, later.added_mb),
            self.read_mb + later.read_mb,
            self.opened + later.opened,
        )

    def share(self, of: int) -> "Cost":
        """Returns the share of one clip in a cost incurred for `of` clips at once; memory is not divided."""
        return Cost(self.cpu_s / of, self.wall_s / of, self.largest_mb, self.added_mb, self.read_mb / of, self.opened)


@dataclass(frozen=True)
class Measured(Generic[T]):
    """The result of a function call and its cost."""

    value: T
    cost: Cost


def measured(server: RangeServer, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Measured[T]:
    """Calls `work` in a fresh process and measures it; importing its module is not counted.

    Raises RuntimeError if the call fails; the traceback is printed on the terminal.
    """
    spawn = get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=report_cost, args=(theirs, work, args, kwargs))
    process.start()
    theirs.close()
    try:
        return watched(server, cast("int", process.pid), ours)
    except EOFError:
        raise RuntimeError(f"{work.__name__} failed; see the traceback above") from None
    finally:
        ours.close()
        process.join()


def watched(server: RangeServer, pid: int, child: Connection) -> Measured[Any]:
    """Starts the work of process `pid`, which runs `report_cost` on the other end of `child`, and measures it.

    Raises EOFError if the process ends before its work is done.
    """
    child.recv()
    before_mb, _ = _resident_mb(pid)
    before_bytes, before_opened = server.sent_bytes, server.opened
    child.send("begin")
    all_mb = largest_mb = before_mb
    while not child.poll(SAMPLE_EVERY_S):
        now_mb, peak_mb = _resident_mb(pid)
        all_mb, largest_mb = max(all_mb, now_mb), max(largest_mb, peak_mb)
    value, cpu_s, wall_s = child.recv()
    read_mb = (server.sent_bytes - before_bytes) / 1e6
    opened = server.opened - before_opened
    return Measured(value, Cost(cpu_s, wall_s, largest_mb, all_mb - before_mb, read_mb, opened))


def report_cost(parent: Connection, work: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Calls `work` when `parent` says so, and sends it the result, the CPU-seconds and the seconds of the call."""
    parent.send("ready")
    parent.recv()
    cpu_s, started = cpu_seconds(), time.monotonic()
    value = work(*args, **kwargs)
    parent.send((value, cpu_seconds() - cpu_s, time.monotonic() - started))


def cpu_seconds() -> float:
    """Returns user and system time of this process and of its ended descendants, in seconds (getrusage(2)).

    A descendant counts once its parent has waited for it, as `subprocess` does.
    """
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _resident_mb(pid: int) -> tuple[float, float]:
    """Returns the resident memory of a process and its descendants together, and the largest peak of one of them."""
    sizes = [size for each in _family(pid) if (size := _status_mb(each))]
    return sum(now for now, _ in sizes), max((peak for _, peak in sizes), default=0.0)


def _family(pid: int) -> Iterator[int]:
    """Yields the process and its descendants. Those that end meanwhile are yielded or not, but never an error."""
    yield pid
    for thread in _inside(PROC / f"{pid}/task"):
        for child in _read(thread / "children").split():
            yield from _family(int(child))


def _status_mb(pid: int) -> tuple[float, float] | None:
    """VmRSS and VmHWM of proc_pid_status(5); None for a process that has ended."""
    sizes = dict(_MEMORY.findall(_read(PROC / f"{pid}/status")))
    if len(sizes) < 2:
        return None
    return int(sizes["RSS"]) * 1024 / 1e6, int(sizes["HWM"]) * 1024 / 1e6


def _inside(folder: Path) -> list[Path]:
    """Returns what is in a folder below /proc; nothing if its process has ended."""
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return []


def _read(file: Path) -> str:
    """Returns the text of a file below /proc; empty if its process has ended."""
    try:
        return file.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
