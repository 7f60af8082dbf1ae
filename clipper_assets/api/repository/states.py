"""Where episodes are: what Dagster, the manifest, the lake and the edits say together."""

import logging
import math
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from threading import Condition
from typing import Any, TypeVar

import dagster as dg
import pyarrow as pa
from cachetools import LRUCache, TTLCache, cachedmethod

from clipper_assets.api.problems import RefusedError
from clipper_assets.api.repository.renderings import Rendering, in_order, manifest_keys, wanted
from clipper_assets.clips.manifest import Clip, Manifest, read_manifest
from clipper_assets.edits.model import Edits
from clipper_assets.edits.store import edits_at, latest_edits
from clipper_assets.episodes.partitions import object_key, partition_key
from clipper_assets.episodes.source import SOURCE, RawVideo
from clipper_assets.episodes.uploads import RECORDINGS, is_upload
from clipper_assets.highlights.window import WINDOWS
from clipper_assets.media.frame import Aspect
from clipper_assets.runs.log import Runs, RunView
from clipper_assets.runs.model import EpisodeState
from clipper_assets.runtime.errors import StorageError
from clipper_assets.storage.base import Storage
from clipper_assets.storage.damaged import DamagedError
from clipper_assets.storage.lake import stored_table, table_key
from clipper_assets.storage.tables import TableSpec
from clipper_assets.transcript.words import WORDS, Sentence, sentences

log = logging.getLogger(__name__)

FRESH_S = 1.0
"""A state is worked out at most so often for each episode."""

T = TypeVar("T")


@dataclass(frozen=True)
class EpisodeSnapshot:
    """An episode as far as it was known at `read_at` (`time.monotonic`), before any URL is signed."""

    key: str
    partition: str
    run: dg.DagsterRun | None
    view: RunView | None
    edits: Edits
    read_at: float
    renderings: Sequence[Rendering] = ()
    """One for each aspect; the first is meant where no aspect is named."""
    words: pa.Table | None = None
    source: RawVideo | None = None
    damage: str | None = None
    """What of it cannot be read, and what to do, in one sentence."""
    lack: str | None = None
    """Why no run can begin, in one sentence."""

    @property
    def run_id(self) -> str | None:
        return self.run.run_id if self.run else None

    @property
    def state(self) -> EpisodeState:
        if self.damage:
            return EpisodeState.damaged
        return self.view.state if self.view else EpisodeState.waiting

    @property
    def sentences(self) -> list[Sentence]:
        return sentences(self.words) if self.words is not None else []

    @property
    def manifest(self) -> Manifest | None:
        """Of the first rendering."""
        return self.renderings[0].manifest if self.renderings else None

    def rendering(self, aspect: Aspect | None) -> Rendering | None:
        """The clips of an aspect, or the first ones. Raises RefusedError (404) for an aspect without clips."""
        found = next((each for each in self.renderings if aspect in (None, each.aspect)), None)
        if found is None and aspect is not None:
            known = ", ".join(each.aspect for each in self.renderings) or "none yet"
            raise RefusedError(404, f"{self.key} has no clips in {aspect}; it has {known}")
        return found

    def clip(self, number: int, aspect: Aspect | None = None) -> Clip:
        """Raises RefusedError (404) for a clip that there is not."""
        rendering = self.rendering(aspect)
        clips = rendering.manifest.clips if rendering else []
        found = next((clip for clip in clips if clip.clip_index == number), None)
        if found is None:
            raise RefusedError(404, f"{self.key} has no clip {number}; it has {len(clips)}, numbered from 0")
        return found

    def wanted(self, clip: Clip) -> dict[str, Any]:
        """What edits ask of a clip that its file does not show yet, by field."""
        shown = next((each.edits for each in self.renderings if each.aspect is clip.aspect), Edits(version=0))
        return wanted(clip, self.edits, shown)


class States:
    """Reads episodes for many at once: what cannot change is kept, the rest is read anew after `FRESH_S`."""

    def __init__(self, storage: Storage, instance: dg.DagsterInstance, runs: Runs):
        self.storage, self.instance, self.runs = storage, instance, runs
        self._snapshots: TTLCache[Any, EpisodeSnapshot] = TTLCache(2000, FRESH_S)
        self._files: LRUCache[Any, Any] = LRUCache(300)
        self._reading, self._parsing = Condition(), Condition()

    def partitions(self) -> list[str]:
        """All episodes, the newest first."""
        return list(reversed(self.instance.get_dynamic_partitions("episodes")))

    def partition(self, key: str, suffixes: Collection[str] = RECORDINGS) -> str:
        """The partition of an upload's key. Raises RefusedError (422) for a key that cannot be an upload's."""
        self.storage.checked(key)
        if not is_upload(key, suffixes):
            kinds = ", ".join(sorted(suffixes))
            raise RefusedError(422, f"{key!r} is no upload; one lies outside lake/ and clips/, and ends in {kinds}")
        try:
            return partition_key(key)
        except ValueError as error:
            raise RefusedError(422, str(error)) from None

    def intact_snapshot(self, key: str) -> EpisodeSnapshot:
        """Raises RefusedError: as `look` does, and 409 where what is stored of the episode cannot be read."""
        known = self.snapshot(key)
        if known.damage:
            raise RefusedError(409, known.damage)
        return known

    def snapshot(self, key: str) -> EpisodeSnapshot:
        """Raises RefusedError: 422 for a key that cannot be, 404 where there is no such upload and never was."""
        return self._read(key, self.partition(key))

    def snapshot_of_partition(self, partition: str) -> EpisodeSnapshot:
        """A damaged episode where the partition is of no upload that can be."""
        try:
            key = object_key(partition)
            if self.partition(key) == partition:
                return self._read(key, partition)
        except (UnicodeDecodeError, RefusedError, StorageError) as error:
            log.warning("partition %r: %s", partition, error)
        damage = f"the partition {partition!r} is of no upload that can be; remove it in Dagster"
        return EpisodeSnapshot(partition, partition, None, None, Edits(version=0), time.monotonic(), damage=damage)

    def forget(self, key: str, older_than: float = math.inf) -> None:
        """Somebody changed it at that time (`time.monotonic`), or just now."""
        place = (key, partition_key(key))
        with self._reading:
            known = self._snapshots.get(place)
            if known and known.read_at < older_than:
                del self._snapshots[place]

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
                if not self.instance.has_dynamic_partition("episodes", partition):
                    raise RefusedError(
                        404, f"there is no upload {key} below the storage root; check the name, or upload it"
                    )
                return replace(bare, lack=f"{key} has no upload yet; upload it under that name")
            return replace(
                bare,
                edits=latest_edits(self.storage, partition),
                renderings=self._renderings(partition),
                words=self.table(partition, "aligned_transcript", WORDS),
                source=self.source(partition),
            )
        except (DamagedError, StorageError) as error:
            return replace(bare, damage=str(error))

    def _materialized(self, partition: str, asset: str) -> dg.EventLogRecord | None:
        wanted = dg.AssetRecordsFilter(asset_key=dg.AssetKey([asset]), asset_partitions=[partition])
        return next(iter(self.instance.fetch_materializations(wanted, limit=1).records), None)

    def _renderings(self, partition: str) -> list[Rendering]:
        record = self._materialized(partition, "rendered_clips")
        if record is None or record.asset_materialization is None:
            return []
        found = []
        for aspect, key in manifest_keys(record.asset_materialization).items():
            manifest = self._file(key, record.storage_id, partial(read_manifest, self.storage, key))
            edits = edits_at(self.storage, partition, manifest.edits_version)
            found.append(Rendering(aspect, manifest, edits))
        return in_order(found)

    def table(self, partition: str, asset: str, spec: TableSpec) -> pa.Table | None:
        """An episode's table of the lake; None before it is materialized."""
        record = self._materialized(partition, asset)
        if record is None:
            return None
        key = table_key(asset, spec.name, partition)
        return self._file(key, record.storage_id, lambda: stored_table(self.storage, asset, spec, partition))

    def windows(self, partition: str) -> pa.Table:
        """Raises RefusedError (409) before an episode has windows."""
        table = self.table(partition, "highlight_windows", WINDOWS)
        if table is None:
            raise RefusedError(409, f"{object_key(partition)} has no clips yet; wait until its run has ended")
        return table

    def source(self, partition: str) -> RawVideo | None:
        table = self.table(partition, "raw_video", SOURCE)
        if table is not None and table.num_rows != 1:
            raise DamagedError(f"the table source of {partition} has not one row; materialize raw_video of it again")
        return RawVideo.from_table(table) if table is not None else None

    def _file(self, key: str, storage_id: int, read: Callable[[], T]) -> T:
        """What `read` gives, read once for each materialization and stored version of the file.

        Two writes within the clock of a file system may have one version, hence the materialization.
        """
        stored = self.storage.stat(key)
        name = (key, storage_id, stored and stored.version)
        with self._parsing:
            if name not in self._files:
                self._files[name] = read()
            found: T = self._files[name]
            return found
