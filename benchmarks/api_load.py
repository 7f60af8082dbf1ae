"""`python -m benchmarks.api_load`: the API under load while a run goes on and the API itself is restarted.

200 clients follow the sample's run by server-sent events, and for a minute its status is asked for 50 times a second.
In the middle the API is restarted. The exit code is 1 where a limit does not hold.
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

from clipper_assets_tests.support.servers import FULL, PROJECT, Api, Deployment, api_beside, deployed, free_port, until

KEY = "load/talk.mp4"
HEADERS = {"Authorization": f"Bearer {FULL}"}
P95_MS = 250
HEALTH = """{ instance { daemonHealth { allDaemonStatuses { daemonType healthy } } } }"""


@dataclass
class Follower:
    """One event-stream client: the ids that it was given, in order, and how often it connected."""

    ids: list[str] = field(default_factory=list)
    connections: int = 0
    retry_s: float = 3.0

    async def follow(self, client: httpx.AsyncClient, url: str) -> None:
        """Until the result; after a break from the last event on, as a browser's EventSource does."""
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
class Asker:
    """Asks for the status at a fixed rate, whether or not the answers have come."""

    waits_ms: list[float] = field(default_factory=list)
    refused: int = 0
    statuses: set[int] = field(default_factory=set)

    async def ask(self, url: str, per_second: int, seconds: float) -> None:
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
        async with httpx.AsyncClient(timeout=30, limits=limits) as client, asyncio.TaskGroup() as group:
            began = time.monotonic()
            for number in range(int(per_second * seconds)):
                await asyncio.sleep(max(began + number / per_second - time.monotonic(), 0))
                group.create_task(self._once(client, url))

    async def _once(self, client: httpx.AsyncClient, url: str) -> None:
        began = time.monotonic()
        try:
            answer = await client.get(url, headers=HEADERS)
        except httpx.TransportError:
            self.refused += 1
            return
        self.statuses.add(answer.status_code)
        self.waits_ms.append(1000 * (time.monotonic() - began))


@dataclass(frozen=True)
class Size:
    """What the API process holds: resident memory in MB, and open files."""

    rss_mb: float
    files: int


def size_of(api: Api) -> Size:
    (pid,) = (
        int(place.name)
        for place in Path("/proc").iterdir()
        if place.name.isdigit() and f"clipper-api\0--port\0{api.url.rpartition(':')[2]}" in _command(place)
    )
    status = Path(f"/proc/{pid}/status").read_text()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return Size(int(resident.split()[1]) / 1024, len(list(Path(f"/proc/{pid}/fd").iterdir())))


def _command(place: Path) -> str:
    try:
        return (place / "cmdline").read_bytes().decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def healthy(deployment: Deployment) -> bool:
    """Whether every daemon has sent its heartbeat in time."""
    found = deployment.graphql(HEALTH)["instance"]["daemonHealth"]["allDaemonStatuses"]
    return all(each["healthy"] is not False for each in found)


@dataclass
class Found:
    """What one load left behind."""

    followers: list[Follower]
    asker: Asker
    before: Size
    after: Size
    daemons: bool


async def load(
    deployment: Deployment, begin: Callable[[], None], clients: int, per_second: int, seconds: float
) -> Found:
    """What a minute or so of load does to the API, beside the run that follows on `begin`."""
    port = free_port()
    followers, asker = [Follower() for _ in range(clients)], Asker()
    stream, status = f"http://127.0.0.1:{port}/episodes/{KEY}/events", f"http://127.0.0.1:{port}/episodes/{KEY}"
    first = api_beside(deployment, port, CLIPPER_API_RATE="1000/second")
    api = await asyncio.to_thread(first.__enter__)
    begin()
    await asyncio.to_thread(until, "the start of the run", lambda: _is_running(api) or None)
    following = asyncio.create_task(follow_all(followers, stream))
    asking = asyncio.create_task(asker.ask(status, per_second, seconds))
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
        return Found(followers, asker, before, size_of(api), daemons)
    finally:
        await asyncio.to_thread(second.__exit__, None, None, None)


def upload(root: Path) -> None:
    for suffix in (".srt", ".mp4"):
        shutil.copy(PROJECT / f"sample/episode{suffix}", (root / KEY).with_suffix(suffix))


def _is_running(api: Api) -> bool:
    answer = api.asked("GET", f"/episodes/{KEY}")
    return answer.ok and answer.json()["state"] == "running"


def verdicts(found: Found) -> list[tuple[str, str, bool]]:
    """Each limit: what, what was found, whether it holds."""
    ids = [follower.ids for follower in found.followers]
    longest = max(ids, key=len)
    waits = np.array(found.asker.waits_ms)
    p95 = float(np.percentile(waits, 95))
    return [
        ("status, p95", f"{p95:.0f} ms (median {np.median(waits):.0f}, most {waits.max():.0f})", p95 < P95_MS),
        ("status, answers", f"{len(waits)} of {len(waits) + found.asker.refused}", found.asker.statuses == {200}),
        ("events of each client", f"{len(longest)}", all(each == longest for each in ids)),
        ("doubled events", f"{sum(len(each) - len(set(each)) for each in ids)}", len(set(longest)) == len(longest)),
        ("clients that came again", f"{sum(each.connections > 1 for each in found.followers)}", True),
        ("memory at the end", f"{found.before.rss_mb:.0f} to {found.after.rss_mb:.0f} MB", _is_steady(found)),
        (
            "open files at the end",
            f"{found.before.files} to {found.after.files}",
            _has_let_go(found),
        ),
        ("daemons", "healthy" if found.daemons else "late", found.daemons),
    ]


def _is_steady(found: Found) -> bool:
    return found.after.rss_mb < 1.2 * found.before.rss_mb


def _has_let_go(found: Found) -> bool:
    return found.after.files <= found.before.files - len(found.followers)


def shown(found: Sequence[tuple[str, str, bool]]) -> Table:
    table = Table("what", "found", "")
    for what, figure, holds in found:
        table.add_row(what, figure, "pass" if holds else "FAIL")
    return table


@click.command()
@click.option("--clients", default=200, show_default=True)
@click.option("--per-second", default=50, show_default=True)
@click.option("--seconds", default=60.0, show_default=True)
def main(clients: int, per_second: int, seconds: float) -> None:
    """The API under load while a run goes on and the API itself is restarted."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "data"
        (root / KEY).parent.mkdir(parents=True)
        with deployed(Path(name), str(root)) as deployment:
            found = verdicts(asyncio.run(load(deployment, partial(upload, root), clients, per_second, seconds)))
    Console().print(shown(found))
    sys.exit(0 if all(holds for *_, holds in found) else 1)


if __name__ == "__main__":
    main()
