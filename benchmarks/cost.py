"""What a piece of work costs: CPU, wall time, memory and bytes read, of a process of its own with all its children."""

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
    """Of one piece of work, children included.

    `cpu_s` is user and system time; `largest_mb` the peak resident set of the largest process; `added_mb` the peak of
    all processes together less what Python held before the work began; `read_mb` what the server sent (1 MB: 10^6
    bytes) and `opened` how often the source was opened there.
    """

    cpu_s: float
    wall_s: float
    largest_mb: float
    added_mb: float
    read_mb: float
    opened: int

    def __add__(self, later: "Cost") -> "Cost":
        """One piece of work after the other."""
        return Cost(
            self.cpu_s + later.cpu_s,
            self.wall_s + later.wall_s,
            max(self.largest_mb, later.largest_mb),
            max(self.added_mb, later.added_mb),
            self.read_mb + later.read_mb,
            self.opened + later.opened,
        )

    def share(self, of: int) -> "Cost":
        """What one of `of` clips bears of work that was done for all of them at once; memory cannot be shared."""
        return Cost(self.cpu_s / of, self.wall_s / of, self.largest_mb, self.added_mb, self.read_mb / of, self.opened)


@dataclass(frozen=True)
class Measured(Generic[T]):
    """What the work returned, and what it cost."""

    value: T
    cost: Cost


def measured(server: RangeServer, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Measured[T]:
    """Do the work in a fresh process and measure it from there; importing its module is not counted.

    Raises RuntimeError where the work does: its traceback is on the terminal.
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
    cpu_s, began = cpu_seconds(), time.monotonic()
    value = work(*args, **kwargs)
    parent.send((value, cpu_seconds() - cpu_s, time.monotonic() - began))


def cpu_seconds() -> float:
    """User and system time of this process and of its children that have ended."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _resident_mb(pid: int | None) -> tuple[float, float]:
    """Resident now, of a process and its descendants together, and the largest peak of one of them so far."""
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
    """The text of a file below /proc; empty where its process has ended."""
    try:
        return file.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
