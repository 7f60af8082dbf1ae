"""Finds and removes the episodes whose upload is gone, and what killed copies left behind."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from clipper_assets.catalogue.census import Amount, Census, is_episode, take_census
from clipper_assets.catalogue.lost_looks import LostLook, lost_looks
from clipper_assets.catalogue.missing import look_again, read_missing, write_missing
from clipper_assets.clips.removal import remove_files
from clipper_assets.episodes.partitions import EPISODES, object_key
from clipper_assets.episodes.shows import unregister_episode
from clipper_assets.runtime.faults import fault_of
from clipper_assets.runtime.partition_keys import run_ids_of
from clipper_assets.runtime.run_removal import remove_run
from clipper_assets.runtime.run_status import NOT_FINISHED_STATUSES
from clipper_assets.storage.base import Storage
from clipper_assets.storage.stored import Stored

if TYPE_CHECKING:
    from clipper_assets.storage.multipart import Upload


@dataclass(frozen=True)
class Gone:
    """An episode whose upload is missing.

    Attributes:
        partition: Its partition key.
        since: When the upload was first missed.
        due: When the episode is removed.
        tables: Names of the lake's folders that hold something of it.
        clips: What its folders of clips hold.
        lake: What the lake holds of it.
    """

    partition: str
    since: datetime
    due: datetime
    tables: Sequence[str]
    clips: Amount
    lake: Amount

    @property
    def edited(self) -> bool:
        """Whether people edited, approved or rejected its clips."""
        return "edits" in self.tables

    @property
    def objects(self) -> int:
        return self.clips.objects + self.lake.objects

    @property
    def size_bytes(self) -> int:
        return self.clips.size_bytes + self.lake.size_bytes


@dataclass(frozen=True)
class Garbage:
    """What one look at the storage root found.

    Attributes:
        episodes: How many episodes are known, with an upload or without.
        gone: Those without, the ones that are removed first at the beginning.
        killed: Temporary files of killed copies.
        abandoned: Multipart uploads that received no part for two days.
        not_listed: Why multipart uploads could not be listed, in one sentence; None if they could.
        lost: Looks that have files, but no partition.
    """

    episodes: int
    gone: Sequence[Gone]
    killed: Sequence[Stored]
    abandoned: "Sequence[Upload]"
    not_listed: str | None = None
    lost: Sequence[LostLook] = ()

    def due(self, now: datetime) -> list[Gone]:
        """The episodes to remove now."""
        return [gone for gone in self.gone if gone.due <= now]


def find_garbage(
    storage: Storage, instance: dg.DagsterInstance, now: datetime, after: timedelta, most_vanished: float
) -> Garbage:
    """Look at the storage root, and remember since when uploads are missing; removes nothing.

    Raises VanishedError if implausibly many uploads vanished since the last look, DamagedError if the memory cannot be
    read, and the errors of the storage.
    """
    census = take_census(storage, now)
    last = read_missing(storage, now)
    partitions = instance.get_dynamic_partitions(EPISODES)
    known = census.episodes().union(filter(is_episode, partitions))
    missing = look_again(last, known, census.uploads, now, most_vanished)
    write_missing(storage, missing)
    abandoned, not_listed = _abandoned(storage, now)
    gone = [_gone(census, partition, since, after) for partition, since in missing.since.items()]
    return Garbage(
        episodes=len(known),
        gone=sorted(gone, key=lambda each: (each.due, each.partition)),
        lost=lost_looks(census, instance),
        killed=census.killed,
        abandoned=abandoned,
        not_listed=not_listed,
    )


def remove_gone(storage: Storage, instance: dg.DagsterInstance, gone: Gone) -> str | None:
    """Remove everything of an episode whose upload is gone; returns why it stays in one phrase, or None.

    The partition is removed last, so that a removal that was interrupted is repeated. Events that Dagster stores
    without a run, such as those of `edits`, stay in its event log: its API cannot delete those of one partition.
    """
    if storage.exists(object_key(gone.partition)):
        return "its upload is back"
    if run_ids_of(instance, gone.partition, list(NOT_FINISHED_STATUSES)):
        return "a run of it is in progress"
    remove_files(storage, gone.partition, gone.tables)
    for run_id in run_ids_of(instance, gone.partition):
        remove_run(instance, run_id)
    unregister_episode(instance, gone.partition)
    return None


def remove_leftovers(storage: Storage, garbage: Garbage) -> None:
    """Remove what killed copies and uploads left behind."""
    from clipper_assets.storage.multipart import NoSuchUploadError, multipart_into  # noqa: PLC0415  # imports boto3

    for stored in garbage.killed:
        storage.delete(stored.key)
    multipart = multipart_into(storage)
    for upload in garbage.abandoned:
        with suppress(NoSuchUploadError):  # completed or aborted since
            multipart.abort(upload.key, upload.upload_id)


def _gone(census: Census, partition: str, since: datetime, after: timedelta) -> Gone:
    tables, lake = sorted(census.tables.get(partition, ())), census.lake.get(partition, Amount())
    return Gone(partition, since, since + after, tables, census.clips_of(partition), lake)


def _abandoned(storage: Storage, now: datetime) -> "tuple[list[Upload], str | None]":
    """Abandoned uploads; without the permission to list them, none and why, because the rest does not need it."""
    from clipper_assets.storage.multipart import multipart_into  # noqa: PLC0415  # imports boto3

    try:
        return multipart_into(storage).abandoned(now), None
    except Exception as error:
        fault = fault_of(error)
        if fault is None:
            raise
        return [], fault.sentence
