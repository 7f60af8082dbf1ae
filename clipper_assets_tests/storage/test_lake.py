import io
import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from clipper_assets.episodes.partitions import episodes, partition_key
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.lake import FILES, STORED_BYTES, Lake, LakeIOManager
from clipper_assets.storage.tables import LAKE_TABLE, Column, TableSpec, provenance

KEYS = ["test1/sample.mp4", "a, [b] 100%/ü=1.mp4", "日本語.mp4"]
WORDS = TableSpec(
    "words",
    [
        Column("episode", pa.string(), "partition key of the episode"),
        Column("text", pa.string(), "as spoken"),
        Column("start", pa.float64(), "seconds"),
    ],
)


def words(episode: str, text: str = "hello") -> pa.Table:
    return WORDS.table(
        [{"episode": episode, "text": text, "start": second / 10} for second in range(50)], {"engine": "nobody"}
    )


@dg.asset(partitions_def=episodes, io_manager_key="lake", dagster_type=LAKE_TABLE, metadata=WORDS.definition_metadata)
def aligned_transcript(context: dg.AssetExecutionContext) -> pa.Table:
    return words(context.partition_key, context.run.tags.get("text", "hello"))


read: list[pa.Table] = []


@dg.asset(partitions_def=episodes, io_manager_key="lake", dagster_type=LAKE_TABLE, metadata=WORDS.definition_metadata)
def copied(aligned_transcript: pa.Table) -> pa.Table:
    read.append(aligned_transcript)
    return aligned_transcript


def materialize(storage: Storage, instance: dg.DagsterInstance, key: str, text: str = "hello", **options: Any) -> Any:
    instance.add_dynamic_partitions("episodes", [partition_key(key)])
    return dg.materialize(
        [aligned_transcript, copied],
        partition_key=partition_key(key),
        instance=instance,
        resources={"lake": Lake(storage=storage)},
        tags={"text": text},
        **options,
    )


def lake_files(storage: Storage) -> set[str]:
    return {stored.key for stored in storage.list_objects()}


def test_a_table_is_stored_in_one_file_and_read_back_with_its_metadata(
    any_storage: Storage, instance: dg.DagsterInstance
) -> None:
    read.clear()
    materialize(any_storage, instance, "test1/sample.mp4")
    assert lake_files(any_storage) == {
        "lake/aligned_transcript/episode=test1%2Fsample.mp4/words.parquet",
        "lake/copied/episode=test1%2Fsample.mp4/words.parquet",
    }
    (table,) = read
    assert table.equals(words("test1/sample.mp4"), check_metadata=True)
    assert provenance(table) == {"schema_version": "1", "engine": "nobody"}


def test_a_newer_table_replaces_the_old_one(any_storage: Storage, instance: dg.DagsterInstance) -> None:
    read.clear()
    materialize(any_storage, instance, "test1/sample.mp4", "old")
    materialize(any_storage, instance, "test1/sample.mp4", "new")
    assert [table["text"][0].as_py() for table in read] == ["old", "new"]
    assert len(lake_files(any_storage)) == 2


def test_the_file_is_compressed_with_zstd_and_dictionary_encodes_text(
    storage: DirectoryStorage, instance: dg.DagsterInstance
) -> None:
    materialize(storage, instance, "test1/sample.mp4")
    data = storage.read_bytes("lake/aligned_transcript/episode=test1%2Fsample.mp4/words.parquet")
    group = pq.ParquetFile(io.BytesIO(data)).metadata.row_group(0)
    columns = {group.column(number).path_in_schema: group.column(number) for number in range(group.num_columns)}
    assert {column.compression for column in columns.values()} == {"ZSTD"}
    encodings = {name: set(column.encodings) for name, column in columns.items()}
    assert "RLE_DICTIONARY" in encodings["text"]
    assert "BYTE_STREAM_SPLIT" in encodings["start"]


@pytest.fixture
def whole_lake(storage: DirectoryStorage, instance: dg.DagsterInstance) -> str:
    """Folder of one asset that holds a table for each of `KEYS`."""
    for key in KEYS:
        materialize(storage, instance, key)
    return f"{storage.root}/lake/aligned_transcript"


PARTITIONS = sorted(partition_key(key) for key in KEYS)


def test_duckdb_reads_all_episodes_at_once(whole_lake: str) -> None:
    source = f"read_parquet('{whole_lake}/*/*.parquet', hive_partitioning=true)"
    query = f"SELECT episode, count(*), max(start) FROM {source} GROUP BY episode ORDER BY episode"
    rows = duckdb.connect().execute(query).fetchall()
    assert rows == [(partition, 50, 4.9) for partition in PARTITIONS]
    one_episode = f"SELECT count(*) FROM {source} WHERE episode = 'test1/sample.mp4'"
    assert duckdb.connect().execute(one_episode).fetchall() == [(50,)]


def test_pyarrow_and_pandas_read_all_episodes_at_once(whole_lake: str) -> None:
    table = ds.dataset(whole_lake, partitioning="hive").to_table()
    assert set(table["episode"].to_pylist()) == set(PARTITIONS)
    frame = pd.read_parquet(whole_lake)
    assert set(frame["episode"]) == set(PARTITIONS)
    assert len(frame) == 150


def test_a_failed_write_keeps_the_old_table(
    storage: DirectoryStorage, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    materialize(storage, instance, "test1/sample.mp4", "old")
    before = lake_files(storage)

    def write_half(file: Path, data: bytes) -> None:
        with file.open("wb") as stream:
            stream.write(data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write_half)
    result = materialize(storage, instance, "test1/sample.mp4", "new", raise_on_error=False)
    assert not result.success
    assert lake_files(storage) == before
    table = pq.read_table(f"{storage.root}/lake/aligned_transcript/episode=test1%2Fsample.mp4/words.parquet")
    assert table["text"][0].as_py() == "old"


def test_a_missing_table_fails_the_step_that_reads_it(storage: DirectoryStorage, instance: dg.DagsterInstance) -> None:
    materialize(storage, instance, "test1/sample.mp4")
    shutil.rmtree(f"{storage.root}/lake/aligned_transcript")
    with pytest.raises(FileNotFoundError, match=r"words\.parquet"):
        materialize(storage, instance, "test1/sample.mp4", selection=[copied])


def test_an_input_that_is_not_an_asset_is_rejected(storage: DirectoryStorage) -> None:
    with pytest.raises(ValueError, match=r"^input words does not come from an asset of the lake$"):
        LakeIOManager(storage).load_input(dg.build_input_context(name="words"))


def test_a_materialization_says_how_many_bytes_it_stored(any_storage: Storage, instance: dg.DagsterInstance) -> None:
    spec = TableSpec("clips", [WORDS.columns[0], Column("bytes", pa.int64(), "size of the mp4")])

    @dg.asset(
        partitions_def=episodes,
        io_manager_key="lake",
        dagster_type=LAKE_TABLE,
        metadata={**spec.definition_metadata, FILES: "speech"},
    )
    def rendered(context: dg.AssetExecutionContext) -> pa.Table:
        return spec.table([{"episode": context.partition_key, "bytes": size} for size in (1000, 2000)])

    any_storage.put_bytes("lake/speech/episode=a.mp4/speech.flac", b"x" * 300)
    any_storage.put_bytes("lake/speech/episode=a.mp4.mp4/speech.flac", b"x" * 70)
    instance.add_dynamic_partitions("episodes", ["a.mp4"])
    result = dg.materialize(
        [rendered], partition_key="a.mp4", instance=instance, resources={"lake": Lake(storage=any_storage)}
    )
    (materialization,) = result.asset_materializations_for_node("rendered")
    table = any_storage.stat("lake/rendered/episode=a.mp4/clips.parquet")
    assert table
    assert materialization.metadata[STORED_BYTES].value == table.size_bytes + 3300


def test_a_materialization_has_the_path_of_its_table(any_storage: Storage, instance: dg.DagsterInstance) -> None:
    (materialization,) = materialize(any_storage, instance, "test1/sample.mp4").asset_materializations_for_node(
        "copied"
    )
    key = "lake/copied/episode=test1%2Fsample.mp4/words.parquet"
    assert materialization.metadata["path"] == dg.MetadataValue.path(any_storage.path(key))
    if isinstance(any_storage, DirectoryStorage):
        assert Path(any_storage.path(key)).read_bytes() == any_storage.read_bytes(key)
    else:
        assert any_storage.path(key) == any_storage.uri(key)
