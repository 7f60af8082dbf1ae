"""`python -m benchmarks.api_load`: measures the API under load, with a restart in the middle of a run.

200 clients follow a run of the sample by server-sent events, while its status is requested 50 times a second for a
minute. Halfway through, the API is restarted. The exit code is 1 if a limit does not hold.
"""

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import click
import httpx
import numpy as np
from rich.console import Console
from rich.table import Table

from clipper_assets_tests.support.servers import (
    FULL,
    PROJECT,
    Api,
    Deployment,
    api_beside,
    deployed,
    free_port,
    wait_for,
)

KEY = "load/talk.mp4"
HEADERS = {"Authorization": f"Bearer {FULL}"}
P95_MS = 250
HEALTH = """{ instance { daemonHealth { allDaemonStatuses { daemonType healthy } } } }"""


@dataclass
class Follower:
    """A client of an event stream: the event ids it received, in order, and how often it connected."""

    ids: list[str] = field(default_factory=list)
    connections: int = 0
    retry_s: float = 3.0

    async def follow(self, client: httpx.AsyncClient, url: str) -> None:
        """Reads the stream until the result; reconnects after the last event, as a browser's EventSource does."""
        while not (self.ids and self.ids[-1].endswith(":end")):
            if self.connections:
                await asyncio.sleep(self.retry_s)
            resume = {"Last-Event-ID": self.ids[-1]} if self.ids else {}
            try:
                async with client.stream("GET", url, headers={**HEADERS, **resume}) as answer:
                    answer.raise_for_status()
                    self.connections += 1
                    async for line in answer.aiter_lines():
                        if line.startswith("id: "):
                            self.ids.append(line.removeprefix("id: "))
                        elif line.startswith("retry: "):
                            self.retry_s = int(line.removeprefix("retry: ")) / 1000
            except httpx.TransportError:
                pass


async def follow_all(followers: Sequence[Follower], url: str) -> None:
    limits = httpx.Limits(max_connections=None)
    async with (
        httpx.AsyncClient(timeout=httpx.Timeout(30, read=60), limits=limits) as client,
        asyncio.TaskGroup() as tasks,
    ):
        for follower in followers:
            tasks.create_task(follower.follow(client, url))


@dataclass
class StatusClient:
    """Requests the status at a fixed rate, without waiting for the previous answers."""

    waits_ms: list[float] = field(default_factory=list)
    refused: int = 0
    statuses: set[int] = field(default_factory=set)

    async def ask(self, url: str, per_second: int, seconds: float) -> None:
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
        async with httpx.AsyncClient(timeout=30, limits=limits) as client, asyncio.TaskGroup() as group:
            started = time.monotonic()
            for number in range(int(per_second * seconds)):
                await asyncio.sleep(max(started + number / per_second - time.monotonic(), 0))
                group.create_task(self._once(client, url))

    async def _once(self, client: httpx.AsyncClient, url: str) -> None:
        started = time.monotonic()
        try:
            answer = await client.get(url, headers=HEADERS)
        except httpx.TransportError:
            self.refused += 1
            return
        self.statuses.add(answer.status_code)
        self.waits_ms.append(1000 * (time.monotonic() - started))


@dataclass(frozen=True)
class Size:
    """Resources of the API process: resident memory in MB, and open files."""

    rss_mb: float
    files: int


def size_of(api: Api) -> Size:
    (pid,) = (
        int(process.name)
        for process in Path("/proc").iterdir()
        if process.name.isdigit() and f"clipper-api\0--port\0{api.url.rpartition(':')[2]}" in _command(process)
    )
    status = Path(f"/proc/{pid}/status").read_text()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return Size(int(resident.split()[1]) / 1024, len(list(Path(f"/proc/{pid}/fd").iterdir())))


def _command(process: Path) -> str:
    try:
        return (process / "cmdline").read_bytes().decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def healthy(deployment: Deployment) -> bool:
    """Whether every daemon has sent its heartbeat in time."""
    statuses = deployment.graphql(HEALTH)["instance"]["daemonHealth"]["allDaemonStatuses"]
    return all(status["healthy"] is not False for status in statuses)


@dataclass
class Load:
    """The measurements of one load."""

    followers: list[Follower]
    status_client: StatusClient
    before: Size
    after: Size
    daemons: bool


async def measure(
    deployment: Deployment, begin: Callable[[], None], clients: int, per_second: int, seconds: float
) -> Load:
    """Puts the API under load during the run that `begin` starts; returns the measurements."""
    port = free_port()
    followers, status_client = [Follower() for _ in range(clients)], StatusClient()
    stream, status = f"http://127.0.0.1:{port}/episodes/{KEY}/events", f"http://127.0.0.1:{port}/episodes/{KEY}"
    first = api_beside(deployment, port, CLIPPER_API_RATE="1000/second")
    api = await asyncio.to_thread(first.__enter__)
    begin()
    await asyncio.to_thread(wait_for, "the start of the run", lambda: _is_running(api) or None)
    following = asyncio.create_task(follow_all(followers, stream))
    asking = asyncio.create_task(status_client.ask(status, per_second, seconds))
    await asyncio.sleep(seconds / 2)
    await asyncio.to_thread(first.__exit__, None, None, None)
    second = api_beside(deployment, port, CLIPPER_API_RATE="1000/second")
    api = await asyncio.to_thread(second.__enter__)
    try:
        await asyncio.sleep(5)
        before = size_of(api)
        await asking
        daemons = await asyncio.to_thread(healthy, deployment)
        await following
        await asyncio.sleep(5)
        return Load(followers, status_client, before, size_of(api), daemons)
    finally:
        await asyncio.to_thread(second.__exit__, None, None, None)


def upload(root: Path) -> None:
    for suffix in (".srt", ".mp4"):
        shutil.copy(PROJECT / f"sample/episode{suffix}", (root / KEY).with_suffix(suffix))


def _is_running(api: Api) -> bool:
    answer = api.request("GET", f"/episodes/{KEY}")
    return answer.ok and answer.json()["state"] == "running"


def verdicts(load: Load) -> list[tuple[str, str, bool]]:
    """Returns for each limit its subject, the measured figure and whether it holds."""
    ids = [follower.ids for follower in load.followers]
    longest = max(ids, key=len)
    waits = np.array(load.status_client.waits_ms)
    p95 = float(np.percentile(waits, 95))
    return [
        ("status, p95", f"{p95:.0f} ms (median {np.median(waits):.0f}, most {waits.max():.0f})", p95 < P95_MS),
        (
            "status, answers",
            f"{len(waits)} of {len(waits) + load.status_client.refused}",
            load.status_client.statuses == {200},
        ),
        ("events of each client", f"{len(longest)}", all(own_ids == longest for own_ids in ids)),
        (
            "duplicate events",
            f"{sum(len(own_ids) - len(set(own_ids)) for own_ids in ids)}",
            len(set(longest)) == len(longest),
        ),
        ("clients that reconnected", f"{sum(follower.connections > 1 for follower in load.followers)}", True),
        ("memory at the end", f"{load.before.rss_mb:.0f} to {load.after.rss_mb:.0f} MB", _has_steady_memory(load)),
        (
            "open files at the end",
            f"{load.before.files} to {load.after.files}",
            _has_closed_files(load),
        ),
        ("daemons", "healthy" if load.daemons else "late", load.daemons),
    ]


def _has_steady_memory(load: Load) -> bool:
    return load.after.rss_mb < 1.2 * load.before.rss_mb


def _has_closed_files(load: Load) -> bool:
    return load.after.files <= load.before.files - len(load.followers)


def results_table(verdicts: Sequence[tuple[str, str, bool]]) -> Table:
    table = Table("measurement", "result", "")
    for subject, figure, holds in verdicts:
        table.add_row(subject, figure, "pass" if holds else "FAIL")
    return table


@click.command()
@click.option("--clients", default=200, show_default=True)
@click.option("--per-second", default=50, show_default=True)
@click.option("--seconds", default=60.0, show_default=True)
def main(clients: int, per_second: int, seconds: float) -> None:
    """Measure the API under load, with a restart in the middle of a run."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "data"
        (root / KEY).parent.mkdir(parents=True)
        with deployed(Path(name), str(root)) as deployment:
            results = verdicts(asyncio.run(measure(deployment, partial(upload, root), clients, per_second, seconds)))
    Console().print(results_table(results))
    sys.exit(0 if all(holds for *_, holds in results) else 1)


if __name__ == "__main__":
    main()
