"""Opening, creating and reading the Delta tables, in a directory and on S3."""

import dataclasses
import logging
import sys
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clipper_assets.library.delta import dataset, files, opened, opened_or_created, stored_schema
from clipper_assets.library.replace import replace_rows
from clipper_assets.library.tables import TABLES, WORDS
from clipper_assets.runtime.errors import StorageError
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.s3 import S3Storage
from clipper_assets.storage.tables import Column, TableSpec
from clipper_assets_tests.library.tables import word_rows

CREDENTIALS = """
import datetime, json, time
expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=5)
print(json.dumps({"Version": 1, "AccessKeyId": f"key-{time.time_ns()}", "SecretAccessKey": "secret",
                  "SessionToken": "token", "Expiration": expiry.isoformat()}))
"""


def test_a_library_that_is_not_there_is_empty(storage: DirectoryStorage) -> None:
    assert opened(storage, WORDS) is None
    assert files(storage, WORDS) == []
    assert dataset(storage, WORDS).schema == stored_schema(WORDS)
    assert dataset(storage, WORDS).count_rows() == 0
    assert not list(storage.list_objects())


@pytest.mark.parametrize("spec", TABLES, ids=lambda spec: str(spec.name))
def test_every_table_is_created_as_declared(storage: DirectoryStorage, spec: TableSpec) -> None:
    opened_or_created(storage, spec)
    assert dataset(storage, spec).schema == stored_schema(spec)


def test_readers_get_what_was_written(any_storage: Storage) -> None:
    replace_rows(any_storage, WORDS, ["a.mp4"], word_rows("a.mp4"))
    assert dataset(any_storage, WORDS).to_table().to_pylist() == word_rows("a.mp4").to_pylist()
    (file,) = files(any_storage, WORDS)
    assert file.startswith(any_storage.path("lake/library/words") + "/part-")


def test_the_root_may_have_any_name(storage: DirectoryStorage) -> None:
    strange = DirectoryStorage(root=f"{storage.root}/it's # ü 日本 100% {{a}} ?")
    replace_rows(strange, WORDS, ["a.mp4"], word_rows("a.mp4"))
    (file,) = files(strange, WORDS)
    assert pq.read_table(file).num_rows == 3


@pytest.mark.parametrize("name", ["a%20b", "a%2fb", "a[b", "a]b", "a^b", "a|b", "a\\b", "a\tb"])
def test_a_root_that_deltalake_misreads_is_one_sentence(storage: DirectoryStorage, name: str) -> None:
    misread = DirectoryStorage(root=f"{storage.root}/{name}")
    for use in (partial(opened, misread, WORDS), partial(replace_rows, misread, WORDS, ["a"], word_rows("a"))):
        with pytest.raises(StorageError, match=r"deltalake misreads '.+' in a path; rename that folder"):
            use()
    assert not list(storage.list_objects())


def test_text_is_stored_as_zstd_dictionaries_and_leaves_no_word_in_the_log(storage: DirectoryStorage) -> None:
    replace_rows(storage, WORDS, ["a.mp4"], word_rows("a.mp4", text="confidential"))
    (file,) = files(storage, WORDS)
    text = pq.ParquetFile(file).metadata.row_group(0).column(4)
    assert (text.path_in_schema, text.compression, text.has_dictionary_page) == ("text", "ZSTD", True)
    log = [stored.key for stored in storage.list_objects("lake/library/words/_delta_log")]
    assert log
    assert not any(b"confidential" in storage.read_bytes(key) for key in log)


def test_tables_grow_columns_and_older_writers_still_write(storage: DirectoryStorage) -> None:
    replace_rows(storage, WORDS, ["old.mp4"], word_rows("old.mp4", 1))
    newer = dataclasses.replace(WORDS, columns=[*WORDS.columns, Column("mood", pa.string(), "a mood", nullable=True)])
    row = {**word_rows("new.mp4", 1).to_pylist()[0], "mood": "glad"}
    replace_rows(storage, newer, ["new.mp4"], newer.table([row]))
    replace_rows(storage, WORDS, ["older.mp4"], word_rows("older.mp4", 1))
    moods = dataset(storage, newer).to_table(columns=["episode", "mood"]).to_pylist()
    assert {row["episode"]: row["mood"] for row in moods} == {"old.mp4": None, "new.mp4": "glad", "older.mp4": None}


def test_s3_without_credentials_is_one_sentence(
    s3_storage: S3Storage, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path_factory.mktemp("aws") / "none"))
    with pytest.raises(StorageError, match=r"no AWS credentials for s3://.*/team/podcasts/; set AWS_ACCESS_KEY_ID"):
        opened(s3_storage, WORDS)


def test_credentials_that_expire_are_refreshed(
    s3_storage: S3Storage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A profile with a program that gives credentials for five minutes, which botocore refreshes before they expire."""
    script, config = tmp_path / "credentials.py", tmp_path / "config"
    script.write_text(CREDENTIALS)
    config.write_text(f"[default]\ncredential_process = {sys.executable} {script}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    first, second = s3_storage.object_store_options(), s3_storage.object_store_options()
    assert first["aws_session_token"] == "token"
    assert first["aws_access_key_id"] != second["aws_access_key_id"]


def test_no_secret_is_logged_or_shown(s3_storage: S3Storage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "clipper_assets")
    replace_rows(s3_storage, WORDS, ["a.mp4"], word_rows("a.mp4"))
    missing = s3_storage.model_copy(update={"bucket": "no-such-bucket"})
    with pytest.raises(Exception, match="no-such-bucket") as raised:
        replace_rows(missing, WORDS, ["a.mp4"], word_rows("a.mp4"))
    shown = f"{opened(s3_storage, WORDS)} {files(s3_storage, WORDS)} {raised.value} {caplog.text}"
    assert "a-secret-access-key" not in shown
