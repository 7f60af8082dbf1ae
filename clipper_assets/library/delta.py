"""Opens, creates and reads the Delta tables of the library, `lake/library/<table>` below the storage root.

A table has files of about `TARGET_BYTES`. Replacing an episode rewrites the one file that holds it: 0.7 s at 20 M words
(13 MB a file), against 2.3 s with files of 53 MB.
"""

import re
from typing import TYPE_CHECKING

import pyarrow as pa

from clipper_assets.library.tables import FOLDER
from clipper_assets.runtime.errors import StorageError
from clipper_assets.storage.base import Storage
from clipper_assets.storage.tables import TableSpec

if TYPE_CHECKING:
    import pyarrow.dataset as pads
    from deltalake import DeltaTable, WriterProperties

TARGET_BYTES = 16 * 1024 * 1024
ROWS_PER_GROUP = 262_144
RETENTION_HOURS = 24
"""How long a file that a newer version no longer has stays for the readers of older versions."""
CONFIGURATION = {
    "delta.targetFileSize": str(TARGET_BYTES),
    "delta.deletedFileRetentionDuration": f"interval {RETENTION_HOURS} hours",
    "delta.logRetentionDuration": f"interval {RETENTION_HOURS} hours",
    # Not the texts: statistics of them would keep words of an episode in the log after it is removed.
    "delta.dataSkippingStatsColumns": "episode,show",
}
_MISREAD = re.compile(r"%[0-9A-Fa-f]{2}|[\\^|\[\]\x00-\x1f\x7f]")
"""What deltalake 1.6 cannot have in a path: it decodes the first, so that tables would lie in another folder, takes a
backslash for a slash, and panics at the others."""


def folder(spec: TableSpec) -> str:
    """Object key of the table's folder."""
    return f"{FOLDER}/{spec.name}"


def _location(storage: Storage, spec: TableSpec) -> str:
    """Path or URI of a table. Raises StorageError for one that deltalake would misread."""
    path = storage.path(folder(spec))
    if misread := _MISREAD.search(path):
        raise StorageError(
            f"the Delta tables of the library cannot be in {storage.path(FOLDER)!r}, because deltalake misreads "
            f"{misread.group()!r} in a path; rename that folder, and set CLIPPER_STORAGE to its new name"
        )
    return path


def opened(storage: Storage, spec: TableSpec) -> "DeltaTable | None":
    """The newest version of a table; None if the library does not have it yet.

    Raises DeltaError of deltalake, or OSError, if it cannot be read, and StorageError if its path can have no table.
    """
    from deltalake import DeltaTable
    from deltalake.exceptions import TableNotFoundError

    try:
        return DeltaTable(_location(storage, spec), storage_options=storage.object_store_options())
    except TableNotFoundError:
        return None


def opened_or_created(storage: Storage, spec: TableSpec) -> "DeltaTable":
    """The newest version of a table, which is created if the library does not have it yet.

    Columns that `spec` has gained since are added; rows from before have null there.
    """
    from deltalake import DeltaTable, Field

    options = storage.object_store_options()
    table = DeltaTable.create(
        _location(storage, spec), stored_schema(spec), "ignore", configuration=CONFIGURATION, storage_options=options
    )
    stored = {field.name for field in table.schema().fields}
    new = [Field.from_arrow(field) for field in stored_schema(spec) if field.name not in stored]
    if new:
        table.alter.add_columns(new)
    return table


def stored_schema(spec: TableSpec) -> pa.Schema:
    """The columns of a table; all of them nullable, so that a column can be added to a table that has rows."""
    return pa.schema([pa.field(column.name, column.type) for column in spec.columns])


def dataset(storage: Storage, spec: TableSpec) -> "pads.Dataset":
    """One version of a table, for readers; it stays readable for `RETENTION_HOURS`. Empty without a library."""
    import pyarrow.dataset as pads

    table = opened(storage, spec)
    return table.to_pyarrow_dataset() if table else pads.dataset(stored_schema(spec).empty_table())


def files(storage: Storage, spec: TableSpec) -> list[str]:
    """The paths or `s3://` URIs of the Parquet files of the newest version; none without a library.

    Files that were written before a column was added lack it.
    """
    table = opened(storage, spec)
    if table is None:
        return []
    names = pa.table(table.get_add_actions())["path"].to_pylist()
    return [storage.path(f"{folder(spec)}/{name}") for name in names]


def writer_properties() -> "WriterProperties":
    """Zstd and dictionaries; statistics of each page, so that a reader of one episode skips the others."""
    from deltalake import ColumnProperties, WriterProperties

    return WriterProperties(
        compression="ZSTD",
        compression_level=3,
        max_row_group_size=ROWS_PER_GROUP,
        default_column_properties=ColumnProperties(dictionary_enabled=True, statistics_enabled="PAGE"),
    )
