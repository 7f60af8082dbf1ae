"""Collects what the steps of an episode used from Dagster's event log, and keeps what it collected before."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pyarrow as pa

from clipper_assets.clips.looks import LOOK_SET
from clipper_assets.costs.rows import COSTS
from clipper_assets.costs.sums import MEASURES
from clipper_assets.episodes.partitions import object_key
from clipper_assets.episodes.shows import show_of
from clipper_assets.runtime.asset_names import (
    AD_SPANS,
    ALIGNED_TRANSCRIPT,
    CAMERA_PATHS,
    CHAPTERS,
    CLIP_VARIANTS,
    EPISODE_COSTS,
    HIGHLIGHT_WINDOWS,
    RAW_VIDEO,
    RENDERED_CLIPS,
    SCENES,
)
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.runtime.lineage import version_of
from clipper_assets.runtime.partition_keys import EPISODE_TAG, LOOK_TAG, look_partition
from clipper_assets.runtime.spend import FAILED
from clipper_assets.runtime.tenant import asset_key, runs_filter
from clipper_assets.storage.base import Storage
from clipper_assets.storage.damaged import DamagedError
from clipper_assets.storage.lake import EPISODE, parquet_bytes, stored_table, table_key

STEPS = (
    RAW_VIDEO,
    ALIGNED_TRANSCRIPT,
    AD_SPANS,
    HIGHLIGHT_WINDOWS,
    CHAPTERS,
    SCENES,
    CAMERA_PATHS,
    RENDERED_CLIPS,
    CLIP_VARIANTS,
)
"""The steps whose costs count, in the order of the data; those of tables about them (`episode_costs`) do not."""
PAGE = 200
"""Events that are read at once."""
IDENTITY = ("run_id", "step", "look", "at")
"""Columns that tell executions apart; a step that is retried in its run has several, which end at different times."""
Row = dict[str, Any]


@dataclass(frozen=True)
class Collected:
    """The costs of an episode, oldest first, how many are not stored yet, and what is lost of earlier runs."""

    table: pa.Table
    added: int
    degraded: Sequence[Degraded] = ()

    @property
    def version(self) -> str:
        """The data version, by the executions, which never change once they are stored."""
        return version_of([str(each) for name in IDENTITY for each in self.table[name].to_pylist()])


def collect(storage: Storage, instance: dg.DagsterInstance, episode: str) -> Collected:
    """The stored rows of an episode (a partition key), and those of executions that ended since.

    A stored row stays as it is, so it keeps its price and outlives its run. If the stored table cannot be read, only
    what the event log still has is there. Nothing is written.
    """
    executed = list(_executed(instance, episode))  # first: the rows of a run that is removed meanwhile are stored then
    try:
        stored, degraded = stored_costs(storage, episode).to_pylist(), []
    except DamagedError as damaged:
        lost = f"the costs of runs that were removed since are lost: {damaged}"
        stored, degraded = [], [Degraded(EPISODE_COSTS, lost)]
    rows = {tuple(row[name] for name in IDENTITY): row for row in (*executed, *stored)}
    table = COSTS.table(sorted(rows.values(), key=lambda row: (row["at"], row["step"])))
    return Collected(table, len(rows) - len(stored), degraded)


def refresh(storage: Storage, instance: dg.DagsterInstance, episode: str) -> Collected:
    """Collect the costs of an episode, and store what is new without a run of `episode_costs`."""
    collected = collect(storage, instance, episode)
    if collected.added:
        data = parquet_bytes(collected.table.drop_columns([EPISODE.name]))
        storage.put_bytes(table_key(EPISODE_COSTS, COSTS.name, episode), data)
    return collected


def stored_costs(storage: Storage, episode: str) -> pa.Table:
    """The costs that were collected of an episode; no rows if none were. Raises DamagedError."""
    if not storage.exists(table_key(EPISODE_COSTS, COSTS.name, episode)):
        return COSTS.table([])
    return stored_table(storage, EPISODE_COSTS, COSTS, episode)


def _executed(instance: dg.DagsterInstance, episode: str) -> Iterator[Row]:
    """A row for each execution of a step in the event log, with or without success."""
    show = show_of(object_key(episode))
    for step in STEPS:
        for partition, look in _partitions(instance, episode, step):
            for record in _records(instance, dg.AssetRecordsFilter(asset_key(step), [partition])):
                event = record.asset_materialization or record.asset_observation
                facts: Row = {name: value.value for name, value in event.metadata.items()} if event else {}
                if record.run_id and _counts(facts):  # not one of an earlier version, nor one that a person reported
                    yield {
                        "episode": episode,
                        "show": show,
                        "run_id": record.run_id,
                        "step": step,
                        "look": look,
                        "at": datetime.fromtimestamp(record.timestamp, UTC),
                        "failed": bool(facts.get(FAILED, False)),
                        **{name: facts[name] for name in MEASURES},
                    }


def _counts(facts: Row) -> bool:
    """Whether metadata say what a step used, as `metered` does."""
    return all(isinstance(facts.get(name), int | float) and 0 <= facts[name] < math.inf for name in MEASURES)


def _partitions(instance: dg.DagsterInstance, episode: str, step: str) -> list[tuple[str, str | None]]:
    """The partitions of a step that are of the episode, each with its look, also if the look was removed since."""
    if step != CLIP_VARIANTS:
        return [(episode, None)]
    runs = instance.get_runs(runs_filter(tags={EPISODE_TAG: episode}))
    looks = {*instance.get_dynamic_partitions(LOOK_SET), *(run.tags[LOOK_TAG] for run in runs if LOOK_TAG in run.tags)}
    return [(look_partition(episode, look), look) for look in sorted(looks)]


def _records(instance: dg.DagsterInstance, events: dg.AssetRecordsFilter) -> Iterator[dg.EventLogRecord]:
    """The materializations, and the observations, which the step reports if it fails."""
    for fetch in (instance.fetch_materializations, instance.fetch_observations):
        cursor, more = None, True
        while more:
            page = fetch(events, limit=PAGE, cursor=cursor, ascending=True)
            yield from page.records
            cursor, more = page.cursor, page.has_more
