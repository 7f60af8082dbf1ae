"""Tables of the lake on parquet, hive-partitioned by episode: `lake/<asset>/episode=<key>/<table>.parquet`.

As hive has it, the folder holds the column `episode` and the file does not: pandas and Athena refuse both at once. The
table of a look of an episode lies in a folder below, `look=<look>`, and its second column is `look`.
"""

import io
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq

from clipper_assets.runtime.partition_keys import dimensions
from clipper_assets.runtime.refusal import faults_in_one_sentence
from clipper_assets.runtime.tenant import asset_name
from clipper_assets.storage.base import Storage
from clipper_assets.storage.damaged import DamagedError, stored_bytes
from clipper_assets.storage.hive import hive_folder
from clipper_assets.storage.tables import TableSpec

LAKE = "lake"
STORED_BYTES = "stored_bytes"
"""Metadata of a materialization: the size of its table, of the files in the folder `FILES`, and of what the column
`bytes` of the table counts."""
FILES = "files"
"""Definition metadata of an asset: the folder of the lake with an episode's files besides the table."""
EPISODE = pa.field("episode", pa.string(), nullable=False)
LOOK = pa.field("look", pa.string(), nullable=False)


def parquet_bytes(table: pa.Table) -> bytes:
    """Write a table as zstd parquet: text columns dictionary-encoded, floats byte-stream split."""
    text: Any = [field.name for field in table.schema if pa.types.is_string(field.type)]  # stubs know only a bool
    seconds = [field.name for field in table.schema if pa.types.is_float64(field.type)]
    buffer = io.BytesIO()
    pq.write_table(
        table,
        buffer,
        compression="zstd",
        use_dictionary=text,
        column_encoding=dict.fromkeys(seconds, "BYTE_STREAM_SPLIT"),
    )
    return buffer.getvalue()


def read_table(data: bytes, episode: str, look: str = "") -> pa.Table:
    """Read a table of the lake from its parquet file; `episode`, and `look` if any, become its first columns."""
    table = pq.read_table(io.BytesIO(data))
    if look:
        table = table.add_column(0, LOOK, pa.array([look] * table.num_rows, LOOK.type))
    return table.add_column(0, EPISODE, pa.array([episode] * table.num_rows, EPISODE.type))


def table_key(asset: str, table: str, partition: str, look: str = "") -> str:
    """Object key of an episode's table; `asset` and `table` are names such as `aligned_transcript` and `words`."""
    return f"{LAKE}/{asset}/{_folder(partition, look)}/{table}.parquet"


def stored_table(storage: Storage, asset: str, spec: TableSpec, partition: str, look: str = "") -> pa.Table:
    """Read an episode's stored table. Raises DamagedError if it is missing or does not match `spec`."""
    key = table_key(asset, spec.name, partition, look)
    remedy = f"materialize {asset} of the episode again"
    data = stored_bytes(storage, key, remedy)
    try:
        return spec.checked(read_table(data, partition, look))
    except (pa.ArrowException, OSError, KeyError, ValueError):
        raise DamagedError(f"the table {key} cannot be read as {spec.name}; {remedy}") from None


class LakeIOManager(dg.IOManager):
    """Reads and writes the table of one episode, or of one look of it; the columns of its partition are the first ones.

    The file is replaced whole or not at all.
    """

    def __init__(self, storage: Storage):
        self.storage = storage

    def handle_output(self, context: dg.OutputContext, obj: pa.Table) -> None:
        episode, look = dimensions(context.asset_partition_key)
        key = _key(context, episode, look)
        data = parquet_bytes(obj.drop_columns([EPISODE.name] if not look else [EPISODE.name, LOOK.name]))
        with faults_in_one_sentence(context.step_context):
            self.storage.put_bytes(key, data)
            stored = len(data) + self._beside(context, obj)
        context.add_output_metadata({"path": dg.MetadataValue.path(self.storage.path(key)), STORED_BYTES: stored})

    def _beside(self, context: dg.OutputContext, table: pa.Table) -> int:
        """The size in bytes of the files that the asset stores besides its table."""
        counted = sum(size or 0 for size in table["bytes"].to_pylist()) if "bytes" in table.column_names else 0
        folder = context.definition_metadata.get(FILES)
        if folder is None:
            return counted
        files = self.storage.list_objects(f"{LAKE}/{folder}/{_folder(*dimensions(context.asset_partition_key))}")
        return counted + sum(stored.size_bytes for stored in files)

    def load_input(self, context: dg.InputContext) -> pa.Table:
        if context.upstream_output is None:
            raise ValueError(f"input {context.name} does not come from an asset of the lake")
        episode, look = dimensions(context.asset_partition_key)
        key = _key(context.upstream_output, episode, look)
        with faults_in_one_sentence(context.step_context):
            return read_table(self.storage.read_bytes(key), episode, look)


def _folder(episode: str, look: str) -> str:
    """The folder of a partition below that of its table."""
    return hive_folder(episode) if not look else f"{hive_folder(episode)}/{hive_folder(look, LOOK.name)}"


def _key(asset: dg.OutputContext, episode: str, look: str) -> str:
    name = asset_name(asset.asset_key)
    return table_key(name, str(asset.definition_metadata["table"]), episode, look)


class Lake(dg.ConfigurableIOManagerFactory[LakeIOManager]):
    """IO manager of all assets whose values are tables, in the lake below the storage root."""

    storage: dg.ResourceDependency[Storage]

    def create_io_manager(self, context: dg.InitResourceContext) -> LakeIOManager:
        return LakeIOManager(self.storage)
