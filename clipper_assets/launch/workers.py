"""The processes of a run: the worker, and the processes that it has started."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Thread

import psutil

RUN_ID = "CLIPPER_RUN_ID"
"""Environment variable of every process of a run, by which they are found even after their parents have ended."""
WITH_DEFAULT_SIGNALS = (
    "import os, signal, sys; [signal.signal(number, signal.SIG_DFL) for number in (signal.SIGINT, signal.SIGTERM)]; "
    "os.execv(sys.argv[1], sys.argv[1:])"
)
"""Restores the default signal handlers before a run starts: a daemon started with `&` in a script ignores SIGINT, which
its runs would inherit, although SIGINT is how they are cancelled."""
SWEEPS = 20
"""Most rounds of killing, since a process may start another one between two rounds."""


class SurvivorsError(Exception):
    """Processes survive SIGKILL, because the kernel is waiting for a device on their behalf."""


@dataclass(frozen=True)
class Worker:
    """A process, identified by its pid and its start in seconds, because pids are reused.

    On Linux they count from the machine's start: a time since 1970 is computed from that, and changes when the clock is
    set, for example after a virtual machine was suspended. Elsewhere they count from 1970.
    """

    pid: int
    started: float

    @classmethod
    def parse(cls, tag: str) -> "Worker":
        return cls(**json.loads(tag))

    def dump(self) -> str:
        return json.dumps(asdict(self))

    def is_alive(self) -> bool:
        try:
            process = psutil.Process(self.pid)
            return _started(process) == self.started and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def interrupt(self) -> None:
        """Sends SIGINT, which a run takes as its cancellation."""
        if self.is_alive():
            os.kill(self.pid, signal.SIGINT)

    def wait(self, seconds: float) -> bool:
        """Waits for the end of the process; returns whether it ended within that time."""
        deadline = time.monotonic() + seconds
        while self.is_alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True


def this_process() -> Worker:
    """The worker of a run that executes in this process."""
    return _worker(os.getpid())


def start(
    run_id: str,
    command: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    *,
    on_end: Callable[[], None] | None = None,
) -> Worker:
    """Starts a worker in its own session, which writes its output to `log`.

    `on_end` is called in a thread of this process when the worker has ended. Raises FileNotFoundError if the program
    is neither beside this Python nor on the `PATH`.
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    program = shutil.which(command[0], path=path)
    if program is None:
        raise FileNotFoundError(f"no program {command[0]} on the PATH")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", WITH_DEFAULT_SIGNALS, program, *command[1:]],
            env={**os.environ, **environment, RUN_ID: run_id},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    worker = _worker(process.pid)

    def wait_for_end() -> None:
        process.wait()
        if on_end:
            on_end()

    Thread(target=wait_for_end, name=f"run-{run_id}", daemon=True).start()
    return worker


def _worker(pid: int) -> Worker:
    return Worker(pid, _started(psutil.Process(pid)))


def _started(process: psutil.Process) -> float:
    since_s = psutil.boot_time() if psutil.LINUX else 0.0
    return round(process.create_time() - since_s, 2)  # the kernel of Linux counts in hundredths


def leftovers(run_id: str) -> list[psutil.Process]:
    """Returns all live processes of a run."""
    processes = []
    for process in psutil.process_iter(["environ", "status"]):
        belongs = (process.info["environ"] or {}).get(RUN_ID) == run_id
        if belongs and process.info["status"] != psutil.STATUS_ZOMBIE and process.pid != os.getpid():
            processes.append(process)
    return processes


def kill_leftovers(run_id: str) -> int:
    """Kills all processes of a run; returns how many. Raises SurvivorsError if some cannot be killed."""
    killed: set[int] = set()
    for _ in range(SWEEPS):
        alive = leftovers(run_id)
        if not alive:
            return len(killed)
        for process in alive:
            killed.add(process.pid)
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(alive, timeout=1)
    raise SurvivorsError(
        f"run {run_id} has processes that cannot be killed: {sorted(process.pid for process in alive)}"
    )
