"""Episode states: combines what Dagster, the manifests, the lake and the edits say about an episode."""

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

from clipper_assets.adverts.spans import AD_SPANS_TABLE, read_spans
from clipper_assets.api.problems import RefusedError
from clipper_assets.api.repository.renderings import Rendering, in_order, manifest_keys, unrendered_edits
from clipper_assets.clips.looks import LOOK_SET
from clipper_assets.clips.manifest import Clip, Manifest, read_manifest
from clipper_assets.costs.rows import COSTS
from clipper_assets.edits.adverts import SpanInForce, spans_in_force
from clipper_assets.edits.looks import edits_in_look
from clipper_assets.edits.model import Edits
from clipper_assets.edits.store import edits_at, latest_edits
from clipper_assets.episodes.partitions import EPISODES, object_key, partition_key
from clipper_assets.episodes.source import SOURCE, RawVideo
from clipper_assets.episodes.uploads import RECORDINGS, is_upload
from clipper_assets.highlights.window import WINDOWS
from clipper_assets.media.frame import Aspect
from clipper_assets.runs.log import Runs, RunView
from clipper_assets.runs.model import EpisodeState
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
from clipper_assets.transcript.words import WORDS, Sentence, sentences

log = logging.getLogger(__name__)

FRESH_S = 1.0
"""A snapshot of an episode is reused for this many seconds."""

T = TypeVar("T")


@dataclass(frozen=True)
class EpisodeSnapshot:
    """Everything known about an episode at the time `read_at` (of `time.monotonic`), without signed URLs."""

    key: str
    partition: str
    run: dg.DagsterRun | None
    view: RunView | None
    edits: Edits
    read_at: float
    renderings: Sequence[Rendering] = ()
    """One per aspect; the first one is the default."""
    variants: Sequence[Rendering] = ()
    """Those of looks, in a snapshot by `States.with_looks`."""
    words: pa.Table | None = None
    source: RawVideo | None = None
    damage: str | None = None
    """Which stored file cannot be read, and what to do, in one sentence."""
    obstacle: str | None = None
    """Why no run can start, in one sentence."""

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
        """The manifest of the first rendering."""
        return self.renderings[0].manifest if self.renderings else None

    def rendering(self, aspect: Aspect | None, look: str | None = None) -> Rendering | None:
        """Returns the rendering of an aspect or a look, by default the first.

        Raises RefusedError (404) for one without clips.
        """
        if look is not None:
            return self._variant(look)
        match = next((rendering for rendering in self.renderings if aspect in (None, rendering.aspect)), None)
        if match is None and aspect is not None:
            rendered = ", ".join(rendering.aspect for rendering in self.renderings) or "none yet"
            raise RefusedError(404, f"{self.key} has no clips in {aspect}; it has {rendered}")
        return match

    def _variant(self, look: str) -> Rendering:
        match = next((rendering for rendering in self.variants if rendering.look == look), None)
        if match is None:
            rendered = ", ".join(str(rendering.look) for rendering in self.variants) or "none yet"
            raise RefusedError(404, f"{self.key} has no clips in the look {look}; it has {rendered}")
        return match

    def clip(self, number: int, aspect: Aspect | None = None, look: str | None = None) -> Clip:
        """Returns a clip by its number. Raises RefusedError (404) if it does not exist."""
        rendering = self.rendering(aspect, look)
        clips = rendering.manifest.clips if rendering else []
        match = next((clip for clip in clips if clip.clip_index == number), None)
        if match is None:
            raise RefusedError(404, f"{self.key} has no clip {number}; it has {len(clips)}, numbered from 0")
        return match

    def unrendered_edits(self, clip: Clip) -> dict[str, Any]:
        """Returns the changes to a clip that its file does not show yet, by field."""
        rendered = {(item.aspect, item.look): item.edits for item in (*self.renderings, *self.variants)}
        shown = rendered.get((clip.aspect, clip.look), Edits(version=0))
        if clip.look is None:
            return unrendered_edits(clip, self.edits, shown)
        return unrendered_edits(clip, edits_in_look(self.edits, clip.look), edits_in_look(shown, clip.look))


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
        renderings = []
        for aspect, key in manifest_keys(record.asset_materialization).items():
            manifest = self._file(key, record.storage_id, partial(read_manifest, self.storage, key))
            edits = edits_at(self.storage, partition, manifest.edits_version)
            renderings.append(Rendering(aspect, manifest, edits))
        return in_order(renderings)

    def with_looks(self, episode: EpisodeSnapshot) -> EpisodeSnapshot:
        """Returns the same snapshot with the clips of all looks. Raises DamagedError if a file cannot be read."""
        variants = []
        for look in self.instance.get_dynamic_partitions(LOOK_SET):
            record = self._materialized(look_partition(episode.partition, look), CLIP_VARIANTS)
            if record is None or record.asset_materialization is None:
                continue
            key = str(record.asset_materialization.metadata["manifest"].value)
            manifest = self._file(key, record.storage_id, partial(read_manifest, self.storage, key))
            edits = edits_at(self.storage, episode.partition, manifest.edits_version)
            aspect = Aspect(str(record.asset_materialization.metadata["aspect"].value))
            variants.append(Rendering(aspect, manifest, edits, look))
        return replace(episode, variants=variants)

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
