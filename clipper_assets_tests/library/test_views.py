"""DuckDB with views on the library: in a directory and on S3, and what a query may not do."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pyarrow.fs
import pytest
from deltalake import write_deltalake

from clipper_assets.library.delta import folder, opened
from clipper_assets.library.tables import EPISODES, SENTENCES, TABLES
from clipper_assets.library.views import SharedFile, connected
from clipper_assets.runtime.errors import StorageError
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.support.library import synthetic, write_library


def test_every_table_is_a_view_with_the_columns_declared(any_storage: Storage, tmp_path: Path) -> None:
    (tables,) = synthetic(episodes=2, words=100)
    write_library(any_storage, [tables])
    database = connected(any_storage, tmp_path / "spill")
    for spec in TABLES:
        assert database.sql(f"SELECT * FROM {spec.name}").columns == spec.schema.names
        (rows,) = database.sql(f"SELECT count(*) FROM {spec.name}").fetchall()
        assert rows == (tables[spec.name].num_rows,)
    assert {name for (name,) in database.sql("SHOW TABLES").fetchall()} == {spec.name for spec in TABLES}


def test_without_a_library_one_sentence_says_what_to_do(any_storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"there is no library in .*lake/library yet; .*process an episode first"):
        connected(any_storage, tmp_path)


def test_columns_that_older_files_lack_are_null(storage: DirectoryStorage, tmp_path: Path) -> None:
    (tables,) = synthetic(episodes=1, words=50)
    write_deltalake(storage.path(folder(SENTENCES)), tables["sentences"].drop_columns(["plain", "advert"]))
    write_deltalake(storage.path(folder(EPISODES)), tables["episodes"])
    database = connected(storage, tmp_path / "spill")
    query = "SELECT DISTINCT plain, advert, episode IS NULL FROM sentences"
    assert database.sql(query).fetchall() == [(None, None, False)]
    assert database.sql("SELECT * FROM words").fetchall() == []


@pytest.mark.parametrize("name", ["it's *", 'quo"te', "Ünïcode 日本"])
def test_the_storage_root_may_have_any_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    storage = DirectoryStorage(root=str(tmp_path / name))
    write_library(storage, synthetic(episodes=1, words=50))
    assert connected(storage, tmp_path / "spill").sql("SELECT count(*) FROM words").fetchall() == [(50,)]


@pytest.mark.parametrize(
    "query",
    [
        "COPY (SELECT 1) TO '{root}/a.csv'",
        "COPY (SELECT 1) TO '{file}' (USE_TMP_FILE false)",
        "COPY (SELECT 1) TO 'library://{file}' (USE_TMP_FILE false)",
        "COPY (SELECT 1) TO 'library://{file}'",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO 'library://{file}' (USE_TMP_FILE false)",
        "COPY (SELECT 1) TO '{file}'",
        "EXPORT DATABASE '{root}'",
        "ATTACH '{root}/a.db'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '{root}/lake/**/*.parquet'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "INSERT INTO episodes SELECT * FROM episodes",
        "DELETE FROM episodes",
    ],
)
def test_a_query_changes_no_file_and_reads_no_other(storage: DirectoryStorage, tmp_path: Path, query: str) -> None:
    write_library(storage, synthetic(episodes=1, words=50))
    table = opened(storage, EPISODES)
    assert table is not None
    file = table.file_uris()[0].removeprefix("file://")
    before = {path: path.read_bytes() for path in Path(storage.root).rglob("*") if path.is_file()}
    with pytest.raises(duckdb.Error):
        connected(storage, tmp_path / "spill").execute(query.format(root=storage.root, file=file))
    assert {path: path.read_bytes() for path in Path(storage.root).rglob("*") if path.is_file()} == before


def test_what_does_not_fit_into_memory_is_spilled(storage: DirectoryStorage, tmp_path: Path) -> None:
    write_library(storage, synthetic(episodes=1, words=50))
    database = connected(storage, tmp_path / "spill")
    (limit,) = database.sql("SELECT current_setting('memory_limit'), current_setting('temp_directory')").fetchall()
    assert limit == ("488.2 MiB", str(tmp_path / "spill"))


def test_threads_that_share_a_file_read_their_own_places(tmp_path: Path) -> None:
    file = tmp_path / "numbers"
    file.write_bytes(b"".join(number.to_bytes(4) for number in range(10_000)))
    shared = SharedFile(pyarrow.fs.LocalFileSystem().open_input_file(str(file)))

    def read(number: int) -> int:
        shared.seek(4 * number)
        return int.from_bytes(shared.read(4))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(read, range(10_000))) == list(range(10_000))
