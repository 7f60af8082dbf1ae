"""Measures CPU, wall time, memory and bytes read of a function in a separate process, children included."""

import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Generic, ParamSpec, TypeVar

from benchmarks.server import RangeServer

SAMPLE_EVERY_S = 0.05

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
    process = spawn.Process(target=_child, args=(theirs, work, args, kwargs))
    process.start()
    theirs.close()
    try:
        ours.recv()
        before_mb, _ = _resident_mb(process.pid)
        before_bytes, before_opened = server.sent_bytes, server.opened
        ours.send("begin")
        all_mb = largest_mb = before_mb
        while not ours.poll(SAMPLE_EVERY_S):
            now_mb, peak_mb = _resident_mb(process.pid)
            all_mb, largest_mb = max(all_mb, now_mb), max(largest_mb, peak_mb)
        value, cpu_s, wall_s = ours.recv()
    except EOFError:
        raise RuntimeError(f"{work.__name__} failed; see the traceback above") from None
    finally:
        process.join()
    read_mb = (server.sent_bytes - before_bytes) / 1e6
    opened = server.opened - before_opened
    return Measured(value, Cost(cpu_s, wall_s, largest_mb, all_mb - before_mb, read_mb, opened))


def _child(parent: Connection, work: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    parent.send("ready")
    parent.recv()
    cpu_s, started = cpu_seconds(), time.monotonic()
    value = work(*args, **kwargs)
    parent.send((value, cpu_seconds() - cpu_s, time.monotonic() - started))


def cpu_seconds() -> float:
    """Returns user and system time of this process and of its ended children, in seconds."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _resident_mb(pid: int | None) -> tuple[float, float]:
    """Returns the resident memory of a process and its descendants together, and the largest peak of one of them."""
    sizes = [size for each in _family(Path(f"/proc/{pid}")) if (size := _status_mb(each))]
    return sum(now for now, _ in sizes), max((peak for _, peak in sizes), default=0.0)


def _family(process: Path) -> Iterator[Path]:
    yield process
    try:
        tasks = list(process.glob("task/*"))
    except (FileNotFoundError, ProcessLookupError):
        return  # the process ended after its parent named it
    for task in tasks:
        for child in _read(task / "children").split():
            yield from _family(Path(f"/proc/{child}"))


def _status_mb(process: Path) -> tuple[float, float] | None:
    """VmRSS and VmHWM of proc_pid_status(5); None for a process that has ended."""
    fields = dict(line.split(":", 1) for line in _read(process / "status").splitlines())
    if "VmRSS" not in fields:
        return None
    now, peak = (int(fields[name].split()[0]) * 1024 / 1e6 for name in ("VmRSS", "VmHWM"))
    return now, peak


def _read(file: Path) -> str:
    """Returns the text of a file below /proc; empty if its process has ended."""
    try:
        return file.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
