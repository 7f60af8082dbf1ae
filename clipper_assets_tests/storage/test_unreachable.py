from pathlib import Path

import pytest

from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.s3 import S3Storage
from clipper_assets.storage.unreachable import unreachable


def test_checking_a_reachable_storage_finds_no_problem_and_leaves_no_object(any_storage: Storage) -> None:
    assert unreachable(any_storage) is None
    assert list(any_storage.list_objects()) == []


def test_the_reason_why_a_storage_is_unreachable_is_reported(s3_storage: S3Storage, tmp_path: Path) -> None:
    s3_storage.client.delete_bucket(Bucket=s3_storage.bucket)
    assert "there is no bucket" in (unreachable(s3_storage) or "")
    (tmp_path / "file").write_bytes(b"")
    assert "cannot be written" in (unreachable(DirectoryStorage(root=str(tmp_path / "file"))) or "")


def test_the_reason_contains_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "an-access-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-access-key")
    problem = unreachable(S3Storage(bucket="bucket")) or ""
    assert "S3 does not answer at http://127.0.0.1:1" in problem
    assert "access-key" not in problem
