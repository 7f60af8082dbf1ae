"""The processes of a run: the worker, and whatever it has started."""

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
"""In the environment of every process of a run, by which leftovers are found even where their parents are gone."""
AS_BY_DEFAULT = (
    "import os, signal, sys; [signal.signal(each, signal.SIG_DFL) for each in (signal.SIGINT, signal.SIGTERM)]; "
    "os.execv(sys.argv[1], sys.argv[1:])"
)
"""A daemon that a script started with `&` ignores SIGINT, and so would its runs, which are cancelled by that."""
SWEEPS = 20
"""Between two looks a process may start another one."""


class SurvivorsError(Exception):
    """Processes outlive SIGKILL: the kernel waits for a device on their behalf."""


@dataclass(frozen=True)
class Worker:
    """A process, told from a later one of the same number by its start in seconds since 1970."""

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
            return process.create_time() == self.started and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def interrupt(self) -> None:
        """As Ctrl+C does, which a run takes as its cancellation."""
        if self.is_alive():
            os.kill(self.pid, signal.SIGINT)

    def wait(self, seconds: float) -> bool:
        """Whether it ended within that time."""
        until = time.monotonic() + seconds
        while self.is_alive():
            if time.monotonic() > until:
                return False
            time.sleep(0.1)
        return True


def start(
    run_id: str,
    command: Sequence[str],
    more: Mapping[str, str],
    log: Path,
    *,
    lock: int | None = None,
    when_over: Callable[[], None] | None = None,
) -> Worker:
    """A worker in a session of its own, whose output goes to `log`; it inherits the descriptor `lock`.

    `when_over` is called in a thread of this process when the worker has ended. Raises FileNotFoundError where there is
    no such program, on the `PATH` or beside this Python.
    """
    places = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    program = shutil.which(command[0], path=places)
    if program is None:
        raise FileNotFoundError(f"there is no program {command[0]} on the PATH")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", AS_BY_DEFAULT, program, *command[1:]],
            env={**os.environ, **more, RUN_ID: run_id},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=[] if lock is None else [lock],
        )
    worker = Worker(process.pid, psutil.Process(process.pid).create_time())

    def attend() -> None:
        process.wait()
        if when_over:
            when_over()

    Thread(target=attend, name=f"run-{run_id}", daemon=True).start()
    return worker


def leftovers(run_id: str) -> list[psutil.Process]:
    """All living processes of a run."""
    found = []
    for process in psutil.process_iter(["environ", "status"]):
        marked = (process.info["environ"] or {}).get(RUN_ID) == run_id
        if marked and process.info["status"] != psutil.STATUS_ZOMBIE and process.pid != os.getpid():
            found.append(process)
    return found


def kill_leftovers(run_id: str) -> int:
    """How many processes of a run were killed. Raises SurvivorsError where some cannot be."""
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
    raise SurvivorsError(f"run {run_id} has processes that cannot be killed: {sorted(each.pid for each in alive)}")
