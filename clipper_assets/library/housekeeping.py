"""Keeps the Delta tables fast to read: joins small files, and removes the files that no reader needs any more."""

from dataclasses import dataclass

import pyarrow as pa

from clipper_assets.library.delta import RETENTION_HOURS, TARGET_BYTES, opened, writer_properties
from clipper_assets.library.replace import retried
from clipper_assets.library.tables import TABLES
from clipper_assets.storage.base import Storage
from clipper_assets.storage.tables import TableSpec

MOST_SMALL = 20
"""Small files that a table may have; a reader opens each of them, and DuckDB needs about a millisecond for one."""


@dataclass(frozen=True)
class Tidied:
    """How many files of all tables were joined, and how many were removed because no version in use has them."""

    joined: int
    removed: int


def tidy(storage: Storage) -> Tidied:
    """Compact the tables with many small files, and remove files that went out of use more than a day ago.

    Readers and writers may be at work: a reader of an older version has its files for another `RETENTION_HOURS`.
    """
    tidied = [(compacted(storage, spec), vacuumed(storage, spec)) for spec in TABLES]
    return Tidied(sum(joined for joined, _ in tidied), sum(removed for _, removed in tidied))


def compacted(storage: Storage, spec: TableSpec) -> int:
    """Join the files of a table that has more than `MOST_SMALL` small ones; returns how many were joined."""

    def compact() -> int:
        table = opened(storage, spec)
        if table is None or _small(pa.table(table.get_add_actions())) <= MOST_SMALL:
            return 0
        done = table.optimize.compact(
            target_size=TARGET_BYTES, max_concurrent_tasks=1, writer_properties=writer_properties()
        )
        return int(done["numFilesRemoved"])

    return retried(compact)


def vacuumed(storage: Storage, spec: TableSpec) -> int:
    """Remove the files and the log of versions that ended `RETENTION_HOURS` ago; returns how many files."""
    table = opened(storage, spec)
    if table is None or not table.vacuum(RETENTION_HOURS, dry_run=True):
        return 0
    removed = table.vacuum(RETENTION_HOURS, dry_run=False)
    table.create_checkpoint()
    table.cleanup_metadata()
    return len(removed)


def _small(files: pa.Table) -> int:
    return sum((size or 0) < TARGET_BYTES / 2 for size in files["size_bytes"].to_pylist())
