"""The table `catalogue`: one row for each manifest, that is for the clips of an episode in one aspect."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq

from clipper_assets.clips.looks import look_in
from clipper_assets.clips.manifest import Manifest, read_manifest
from clipper_assets.edits.model import Edits
from clipper_assets.edits.store import latest_edits
from clipper_assets.runs.model import REPORTED_TAG
from clipper_assets.runtime.tenant import own_run
from clipper_assets.storage.base import Storage
from clipper_assets.storage.damaged import DamagedError
from clipper_assets.storage.lake import LAKE, parquet_bytes
from clipper_assets.storage.stored import Stored
from clipper_assets.storage.tables import Column, TableSpec

TIME = pa.timestamp("us", tz="UTC")
ENTRIES = TableSpec(
    "episodes",
    [
        Column("episode", pa.string(), "partition key of the episode"),
        Column("manifest", pa.string(), "object key of the manifest; each aspect has its own"),
        Column("version", pa.string(), "version of the manifest's file"),
        Column("rendered_at", TIME, "when the clips were finished"),
        Column("clips", pa.int32(), "number of clips"),
        Column("publishable", pa.int32(), "how many of them are ready to post"),
        Column("held_back", pa.int32(), "how many are not, or could not be rendered"),
        Column("unseen", pa.list_(pa.string()), "those of which no person is known to know, with the reasons"),
        Column("degraded", pa.list_(pa.string()), "the reasons of the fallbacks used for the episode or its clips"),
        Column("degraded_since", TIME, "since when fallbacks are used; null if there are none", nullable=True),
    ],
)
KEY = f"{LAKE}/catalogue/{ENTRIES.name}.parquet"


@dataclass(frozen=True)
class Entry:
    """One row of `ENTRIES`."""

    episode: str
    manifest: str
    version: str
    rendered_at: datetime
    clips: int
    publishable: int
    held_back: int
    unseen: Sequence[str]
    degraded: Sequence[str]
    degraded_since: datetime | None


def read_entries(
    storage: Storage, instance: dg.DagsterInstance, manifests: Mapping[str, Stored]
) -> tuple[list[Entry], list[str]]:
    """The entries of all finished manifests but those of looks, and one sentence for each file that cannot be read.

    An entry is taken from the stored table if its manifest did not change and a person knows what it holds back, or
    while the clips are rendered again.
    """
    earlier = {entry.manifest: entry for entry in _stored(storage)}
    entries: list[Entry] = []
    damaged: list[str] = []
    for key, stored in sorted(manifests.items()):
        if look_in(key):
            continue
        before = earlier.get(key)
        if before and before.version == stored.version and not before.unseen:
            entries.append(before)
            continue
        try:
            manifest = read_manifest(storage, key)
            if manifest.status == "done":
                entries.append(_entry(storage, instance, manifest, stored, before))
            elif before:  # being rendered again
                entries.append(before)
        except DamagedError as error:
            damaged.append(str(error))
    return entries, damaged


def store_entries(storage: Storage, entries: Sequence[Entry]) -> None:
    storage.put_bytes(KEY, parquet_bytes(ENTRIES.table([asdict(entry) for entry in entries])))


def _entry(
    storage: Storage, instance: dg.DagsterInstance, manifest: Manifest, stored: Stored, before: Entry | None
) -> Entry:
    fallbacks = [*manifest.degraded, *(fallback for clip in manifest.clips for fallback in clip.degraded)]
    degraded = list(dict.fromkeys(str(fallback["reason"]) for fallback in fallbacks))
    since = before.degraded_since if before and before.degraded_since else stored.changed_at
    return Entry(
        episode=manifest.episode,
        manifest=stored.key,
        version=stored.version,
        rendered_at=stored.changed_at,
        clips=len(manifest.clips),
        publishable=len(manifest.publishable),
        held_back=len(manifest.held_back),
        unseen=_unseen(storage, instance, manifest, stored.changed_at),
        degraded=degraded,
        degraded_since=since if degraded else None,
    )


def _unseen(storage: Storage, instance: dg.DagsterInstance, manifest: Manifest, rendered_at: datetime) -> list[str]:
    """The clips that are held back and of which no person is known to know, each with the reasons.

    A person knows if a webhook of the run was delivered, which says what is not ready to post, if somebody edited the
    episode on the review page after the clips were finished, or if somebody decided about the clip.
    """
    if not manifest.held_back or _is_reported(instance, manifest.run_id):
        return []
    edits = latest_edits(storage, manifest.episode)
    if edits.version and edits.created_at > rendered_at:
        return []
    return [
        f"clip_{number}: {'; '.join(reasons)}"
        for number, reasons in sorted(manifest.held_back.items())
        if not _is_decided(manifest, edits, number)
    ]


def _is_reported(instance: dg.DagsterInstance, run_id: str) -> bool:
    run = own_run(instance, run_id)
    return run is not None and REPORTED_TAG in run.tags


def _is_decided(manifest: Manifest, edits: Edits, number: int) -> bool:
    """Whether somebody decided about the clip's current file, or rejected the moment that it shows."""
    edited = edits.clip(number)
    clip = next((clip for clip in manifest.clips if clip.clip_index == number), None)
    review = edited.review(clip.sha256) if edited and clip else None
    return review is not None and review.current


def _stored(storage: Storage) -> list[Entry]:
    """The entries of the last materialization; none if there was none, or if another version wrote them."""
    if not storage.exists(KEY):
        return []
    try:
        table = ENTRIES.checked(pq.read_table(io.BytesIO(storage.read_bytes(KEY))))
        rows: list[dict[str, Any]] = table.select([column.name for column in ENTRIES.columns]).to_pylist()
    except (pa.ArrowException, OSError, KeyError, ValueError):
        return []
    return [Entry(**row) for row in rows]
