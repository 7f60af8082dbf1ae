from pathlib import Path

import pytest

from clipper_assets.runtime.errors import StorageError
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.root import storage_at
from clipper_assets.storage.s3 import S3Storage


@pytest.mark.parametrize(
    ("root", "prefix"),
    [("s3://bucket", ""), ("s3://bucket/", ""), ("s3://bucket/a/b", "a/b/"), ("s3://bucket/a/", "a/")],
)
def test_an_s3_url_is_split_into_bucket_and_prefix(root: str, prefix: str) -> None:
    storage = storage_at(root, 600)
    assert isinstance(storage, S3Storage)
    assert (storage.bucket, storage.prefix, storage.url_expiry_s) == ("bucket", prefix, 600)


def test_a_directory_becomes_an_absolute_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/somebody")
    assert storage_at("./data", 600) == DirectoryStorage(root=str(tmp_path / "data"))
    assert storage_at("~/data", 600) == DirectoryStorage(root="/home/somebody/data")


@pytest.mark.parametrize("root", ["gs://bucket", "https://bucket.s3.amazonaws.com", "s3://", "S4://x"])
def test_any_other_url_is_rejected(root: str) -> None:
    with pytest.raises(StorageError, match="it must be a directory or s3://"):
        storage_at(root, 600)
