"""Episode states: combines what Dagster, the manifests, the lake and the edits say about an episode."""

import logging
import math
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial
from threading import Condition
from typing import Any, TypeVar

import dagster as dg
import pyarrow as pa
from cachetools import LRUCache, TTLCache, cachedmethod

from clipper_assets.adverts.spans import AD_SPANS_TABLE, read_spans
from clipper_assets.api.problems import RefusedError
from clipper_assets.api.repository.renderings import Rendering, in_order, manifest_keys
from clipper_assets.api.repository.snapshot import EpisodeSnapshot
from clipper_assets.clips.looks import LOOK_SET
from clipper_assets.clips.manifest import read_manifest
from clipper_assets.costs.rows import COSTS
from clipper_assets.edits.adverts import SpanInForce, spans_in_force
from clipper_assets.edits.model import Edits
from clipper_assets.edits.store import edits_at, latest_edits
from clipper_assets.episodes.partitions import EPISODES, object_key, partition_key
from clipper_assets.episodes.source import SOURCE, RawVideo
from clipper_assets.episodes.uploads import RECORDINGS, is_upload
from clipper_assets.highlights.window import WINDOWS
from clipper_assets.media.frame import Aspect
from clipper_assets.runs.log import Runs
from clipper_assets.runtime.asset_names import (
    AD_SPANS,
    ALIGNED_TRANSCRIPT,
    CLIP_VARIANTS,
    EPISODE_COSTS,
    HIGHLIGHT_WINDOWS,
    RAW_VIDEO,
    RENDERED_CLIPS,
)
from clipper_assets.runtime.errors import StorageError
from clipper_assets.runtime.partition_keys import look_partition
from clipper_assets.runtime.tenant import asset_key
from clipper_assets.storage.base import Storage
from clipper_assets.storage.damaged import DamagedError
from clipper_assets.storage.lake import stored_table, table_key
from clipper_assets.storage.tables import TableSpec
from clipper_assets.transcript.words import WORDS

log = logging.getLogger(__name__)

FRESH_S = 1.0
"""A snapshot of an episode is reused for this many seconds."""

T = TypeVar("T")


class States:
    """Reads snapshots of episodes for all clients. Parsed files are cached by version, snapshots for `FRESH_S`."""

    def __init__(self, storage: Storage, instance: dg.DagsterInstance, runs: Runs):
        self.storage, self.instance, self.runs = storage, instance, runs
        self._snapshots: TTLCache[Any, EpisodeSnapshot] = TTLCache(2000, FRESH_S)
        self._files: LRUCache[Any, Any] = LRUCache(300)
        self._reading, self._parsing = Condition(), Condition()

    def partitions(self) -> list[str]:
        """Returns the partitions of all episodes, the newest first."""
        return list(reversed(self.instance.get_dynamic_partitions(EPISODES)))

    def partition(self, key: str, suffixes: Collection[str] = RECORDINGS) -> str:
        """Returns the partition of an upload. Raises RefusedError (422) for a key that no upload may have."""
        self.storage.checked(key)
        if not is_upload(key, suffixes):
            kinds = ", ".join(sorted(suffixes))
            raise RefusedError(
                422, f"{key!r} cannot be an upload; choose a key outside lake/ and clips/ that ends in {kinds}"
            )
        try:
            return partition_key(key)
        except ValueError as error:
            raise RefusedError(422, str(error)) from None

    def intact_snapshot(self, key: str) -> EpisodeSnapshot:
        """Like `snapshot`, but also raises RefusedError (409) if a stored file of the episode cannot be read."""
        episode = self.snapshot(key)
        if episode.damage:
            raise RefusedError(409, episode.damage)
        return episode

    def snapshot(self, key: str) -> EpisodeSnapshot:
        """Reads an episode. Raises RefusedError: 422 for an invalid key, 404 if it has neither an upload nor a run."""
        return self._read(key, self.partition(key))

    def snapshot_of_partition(self, partition: str) -> EpisodeSnapshot:
        """Reads the episode of a partition; an invalid partition key gives a damaged episode instead of an error."""
        try:
            key = object_key(partition)
            if self.partition(key) == partition:
                return self._read(key, partition)
        except (UnicodeDecodeError, RefusedError, StorageError) as error:
            log.warning("partition %r: %s", partition, error)
        damage = f"the partition {partition!r} is not the key of an upload; remove it in Dagster"
        return EpisodeSnapshot(partition, partition, None, None, Edits(version=0), time.monotonic(), damage=damage)

    def forget(self, key: str, older_than: float = math.inf) -> None:
        """Drops the cached snapshot of an episode, unless it was read after `older_than` (of `time.monotonic`)."""
        cache_key = (key, partition_key(key))
        with self._reading:
            episode = self._snapshots.get(cache_key)
            if episode and episode.read_at < older_than:
                del self._snapshots[cache_key]

    @cachedmethod(
        lambda self: self._snapshots,
        key=lambda _, key, partition: (key, partition),
        condition=lambda self: self._reading,
    )
    def _read(self, key: str, partition: str) -> EpisodeSnapshot:
        read_at = time.monotonic()
        run = self.runs.latest(partition)
        view = self.runs.view(run) if run else None
        bare = EpisodeSnapshot(key, partition, run, view, Edits(version=0), read_at)
        try:
            if run is None and not self.storage.exists(key):
                if not self.instance.has_dynamic_partition(EPISODES, partition):
                    raise RefusedError(
                        404, f"no upload {key} below the storage root; check the name, or upload the file"
                    )
                return replace(bare, obstacle=f"{key} has no upload yet; upload a recording under this name")
            return replace(
                bare,
                edits=latest_edits(self.storage, partition),
                renderings=self._renderings(partition),
                words=self.table(partition, ALIGNED_TRANSCRIPT, WORDS),
                source=self.source(partition),
            )
        except (DamagedError, StorageError) as error:
            return replace(bare, damage=str(error))

    def _materialized(self, partition: str, asset: str) -> dg.EventLogRecord | None:
        records = dg.AssetRecordsFilter(asset_key=asset_key(asset), asset_partitions=[partition])
        return next(iter(self.instance.fetch_materializations(records, limit=1).records), None)

    def _renderings(self, partition: str) -> list[Rendering]:
        record = self._materialized(partition, RENDERED_CLIPS)
        if record is None or record.asset_materialization is None:
            return []
        keys = manifest_keys(record.asset_materialization)
        return in_order([self._rendering(partition, record.storage_id, *each) for each in keys.items()])

    def _rendering(
        self, partition: str, storage_id: int, aspect: Aspect, key: str, look: str | None = None
    ) -> Rendering:
        manifest = self._file(key, storage_id, partial(read_manifest, self.storage, key))
        return Rendering(aspect, manifest, edits_at(self.storage, partition, manifest.edits_version), look)

    def with_looks(self, episode: EpisodeSnapshot) -> EpisodeSnapshot:
        """Returns the same snapshot with the clips of all looks."""
        variants, damaged_looks = [], {}
        for look in self.instance.get_dynamic_partitions(LOOK_SET):
            record = self._materialized(look_partition(episode.partition, look), CLIP_VARIANTS)
            if record is None or record.asset_materialization is None:
                continue
            facts = record.asset_materialization.metadata
            if not {"aspect", "manifest"} <= facts.keys():  # reported by a person in Dagster's UI
                continue
            aspect, key = Aspect(str(facts["aspect"].value)), str(facts["manifest"].value)
            try:
                variants.append(self._rendering(episode.partition, record.storage_id, aspect, key, look))
            except DamagedError as damaged:
                damaged_looks[look] = str(damaged)
        return replace(episode, variants=variants, damaged_looks=damaged_looks)

    def table(self, partition: str, asset: str, spec: TableSpec) -> pa.Table | None:
        """Returns an episode's table from the lake, or None before it is materialized."""
        record = self._materialized(partition, asset)
        if record is None:
            return None
        key = table_key(asset, spec.name, partition)
        return self._file(key, record.storage_id, lambda: stored_table(self.storage, asset, spec, partition))

    def windows(self, partition: str) -> pa.Table:
        """Returns the windows of an episode. Raises RefusedError (409) before it has any."""
        table = self.table(partition, HIGHLIGHT_WINDOWS, WINDOWS)
        if table is None:
            raise RefusedError(409, f"{object_key(partition)} has no clips yet; wait until its run has ended")
        return table

    def spans(self, episode: EpisodeSnapshot) -> list[SpanInForce]:
        """Returns the adverts in force of an episode; those that people marked also before any were detected."""
        table = self.table(episode.partition, AD_SPANS, AD_SPANS_TABLE)
        return spans_in_force(read_spans(table) if table is not None else [], episode.edits)

    def costs(self, episode: EpisodeSnapshot) -> pa.Table | None:
        """Returns what the steps of an episode cost, or None before that is counted; also None if it is damaged."""
        try:
            return None if episode.damage else self.table(episode.partition, EPISODE_COSTS, COSTS)
        except DamagedError as damaged:  # the clips can be reviewed all the same, and the next run counts again
            log.warning("%s is shown without its cost: %s", episode.key, damaged)
            return None

    def source(self, partition: str) -> RawVideo | None:
        table = self.table(partition, RAW_VIDEO, SOURCE)
        if table is not None and table.num_rows != 1:
            raise DamagedError(
                f"the source table of {partition} does not have exactly one row; materialize its raw_video again"
            )
        return RawVideo.from_table(table) if table is not None else None

    def _file(self, key: str, storage_id: int, read: Callable[[], T]) -> T:
        """Returns the result of `read`, cached per stored version of the file and per materialization.

        The version alone is not enough: two writes within one tick of the file system's clock have the same version.
        """
        stored = self.storage.stat(key)
        cache_key = (key, storage_id, stored and stored.version)
        with self._parsing:
            if cache_key not in self._files:
                self._files[cache_key] = read()
            content: T = self._files[cache_key]
            return content
