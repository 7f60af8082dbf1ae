"""What Dagster's UI asks about 2,000 episodes, by GraphQL over HTTP, and when a change shows as stale."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from statistics import median
from typing import Any

import dagster as dg
import httpx

from benchmarks.catalogue.figure import Figure
from benchmarks.catalogue.filled import episode, filled
from clipper_assets.catalogue.observing import build_observe_inputs, observing
from clipper_assets.edits.model import EDITOR, EditedClip
from clipper_assets.edits.store import latest_edits, save_edits
from clipper_assets.job import assets
from clipper_assets.settings import Settings
from clipper_assets.storage.directory import DirectoryStorage

EPISODES = 2_000
LIMIT_S = 1.0
RESULTS = [{"path": asset.key.path} for asset in assets]
PAGE = """query ($asset: AssetKeyInput!) {
  assetOrError(assetKey: $asset) { ... on Asset {
    assetMaterializations(limit: 100) {
      partition runId timestamp tags { key value }
      metadataEntries { __typename label description ... on TextMetadataEntry { text }
        ... on MarkdownMetadataEntry { mdStr } ... on JsonMetadataEntry { jsonString } ... on UrlMetadataEntry { url } }
    }
    assetObservations(limit: 100) { partition runId timestamp }
    definition { description partitionStats { numMaterialized numPartitions numFailed numMaterializing } jobNames
      dependencyKeys { path } dependedByKeys { path } assetChecksOrError { ... on AssetChecks { checks { name } } } }
  } }
}"""
STATUS = """query ($asset: AssetKeyInput!) {
  assetNodeOrError(assetKey: $asset) { ... on AssetNode {
    partitionKeysByDimension { name partitionKeys }
    assetPartitionStatuses { ... on DefaultPartitionStatuses {
      materializedPartitions failedPartitions materializingPartitions unmaterializedPartitions } }
  } }
}"""
STALE = """query ($assets: [AssetKeyInput!]!, $partition: String!) {
  assetNodes(assetKeys: $assets) {
    assetKey { path } staleStatus(partition: $partition)
    staleCauses(partition: $partition) { reason category key { path } dependency { path } }
  }
}"""


class Webserver:
    """Dagster's webserver over the instance."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def ask(self, query: str, **variables: Any) -> Any:
        answer = self._client.post("/graphql", json={"query": query, "variables": variables}).json()
        if "errors" in answer:
            raise RuntimeError(answer["errors"])
        return answer["data"]

    def stale(self, key: str) -> set[str]:
        nodes = self.ask(STALE, assets=RESULTS, partition=key)["assetNodes"]
        return {node["assetKey"]["path"][0] for node in nodes if node["staleStatus"] == "STALE"}


def measure() -> Iterable[Figure]:
    with filled(EPISODES) as (instance, storage), webserver() as server:
        clips = {"path": ["rendered_clips"]}
        statuses = server.ask(STATUS, asset=clips)["assetNodeOrError"]["assetPartitionStatuses"]
        if len(statuses["materializedPartitions"]) != EPISODES or server.stale(episode(EPISODES - 1)):
            raise RuntimeError("the copied events are not those of a fresh catalogue")
        yield _timed("asset page of rendered_clips", lambda: server.ask(PAGE, asset=clips))
        yield _timed("partition status of rendered_clips", lambda: server.ask(STATUS, asset=clips))
        one, all_of = [clips], RESULTS
        for name, asked in (("rendered_clips", one), ("all assets of an episode", all_of)):
            ask = lambda asked=asked: server.ask(STALE, assets=asked, partition=episode(7))  # noqa: E731
            yield _timed(f"stale status of one partition of {name}", ask)
        yield from _changes(instance, storage, server)


def _changes(instance: dg.DagsterInstance, storage: DirectoryStorage, server: Webserver) -> Iterator[Figure]:
    """Ticks until each kind of change shows, for the last episode of all; another show stays fresh."""
    key, other = episode(EPISODES - 1), episode(EPISODES - 2)
    sensor = Sensor(instance, storage)
    sensor.tick(Settings())
    windows = [{"clip": 0, "start": 1.0, "end": 5.0, "picker": EDITOR}]
    edits = latest_edits(storage, key).followed_by("moved", clips=[EditedClip(window=window) for window in windows])
    save_edits(storage, instance, key, edits)
    yield Figure("ticks until an edit shows", _ticks(server, key, "highlight_windows", lambda: None), "ticks", 2)
    save_edits(storage, instance, key, edits.discarded())
    show = f"{key.rpartition('/')[0]}/show.toml"
    storage.put_bytes(show, b"tighten = true")
    seen = _ticks(server, key, "rendered_clips", lambda: sensor.observe([show]))
    yield Figure("ticks until a changed show.toml shows", seen, "ticks", 2)
    seen = _ticks(server, key, "highlight_windows", lambda: sensor.tick(Settings(window_max_s=7.0)))
    yield Figure("ticks until a changed setting shows", seen, "ticks", 2)
    yield Figure("seconds of the tick after a changed setting", sensor.longest_s, "s", 60)
    yield Figure("other shows that a show.toml made stale", len(server.stale(other) & {"rendered_clips"}), "assets", 0)


class Sensor:
    """The sensors of a deployment, whose observations are stored as the daemon does."""

    def __init__(self, instance: dg.DagsterInstance, storage: DirectoryStorage) -> None:
        self._instance, self._storage = instance, storage
        self._cursor: str | None = None
        self.longest_s = 0.0

    def tick(self, settings: Settings) -> None:
        resources = {"storage": self._storage}
        began_s = time.monotonic()
        with dg.build_sensor_context(instance=self._instance, cursor=self._cursor, resources=resources) as context:
            result = build_observe_inputs(settings)(context)
        self.longest_s = max(self.longest_s, time.monotonic() - began_s)
        if not isinstance(result, dg.SensorResult):
            raise TypeError("observe_inputs returned no SensorResult")
        self._cursor = result.cursor
        self._store(result.asset_events)

    def observe(self, keys: list[str]) -> None:
        self._store(observing(Settings())(self._instance, self._storage, keys))

    def _store(self, events: Iterable[Any]) -> None:
        for event in events:
            self._instance.report_runless_asset_event(event)


def _ticks(server: Webserver, key: str, asset: str, tick: Callable[[], None]) -> float:
    for number in range(1, 4):
        tick()
        if asset in server.stale(key):
            return number
    return float("inf")


def _timed(name: str, ask: Callable[[], Any]) -> Figure:
    ask()
    times = []
    for _ in range(5):
        began_s = time.monotonic()
        ask()
        times.append(time.monotonic() - began_s)
    return Figure(f"{name}, {EPISODES:,} partitions", median(times), "s", LIMIT_S)


@contextmanager
def webserver() -> Iterator[Webserver]:
    """A real `dagster-webserver` on loopback, with the definitions of the package."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "dagster_webserver", "-m", "clipper_assets.definitions", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client:
            _wait(client)
            yield Webserver(client)
    finally:
        process.terminate()
        process.wait()


def _wait(client: httpx.Client) -> None:
    for _ in range(180):
        try:
            if client.get("/server_info").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    raise TimeoutError("dagster-webserver did not answer within 90 s")
