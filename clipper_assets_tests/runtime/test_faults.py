import errno
import sqlite3
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, NoCredentialsError
from sqlalchemy.exc import OperationalError

from clipper_assets.runtime.errors import FORBIDDEN, StorageError
from clipper_assets.runtime.faults import fault_of

LOCKED = "Dagster's database is locked by another process; try again, and use PostgreSQL where several write to it"
SILENT = "; check the network and AWS_ENDPOINT_URL, then try again"


def s3_error(code: str, **details: Any) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "a message", **details}}, "GetObject")  # type: ignore[typeddict-item]


def database_error(reason: str) -> OperationalError:
    return OperationalError("INSERT INTO runs VALUES (?)", {"a": "secret"}, sqlite3.OperationalError(reason))


@pytest.mark.parametrize(
    ("error", "sentence", "final"),
    [
        (StorageError("a sentence"), "a sentence", True),
        (OSError(errno.ENOSPC, "full", "/data"), "the disk that holds /data is full; free space on it", False),
        (OSError(errno.EDQUOT, "full", "/data"), "the disk that holds /data is full; free space on it", False),
        (OSError(errno.ENOSPC, "full"), "the scratch directory /", False),
        (FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']"), "the scratch dir", False),
        (
            PermissionError(errno.EACCES, "no", "/data/a.mp4"),
            "this process has no permission to open /data/a",
            True,
        ),
        (OSError(errno.EROFS, "no", "/data/a.mp4"), "the disk that holds /data/a.mp4 is read-only; mount it", True),
        (PermissionError(errno.EACCES, FORBIDDEN), "S3 denied ffmpeg access to the upload (403 Forbidden)", False),
        (s3_error("AccessDenied", Resource="s3://b/a.mp4"), "S3 denies GetObject of s3://b/a.mp4 (AccessDenied)", True),
        (s3_error("403"), "S3 denies GetObject (403); allow it to the credentials", True),
        (s3_error("NoSuchBucket", BucketName="b"), "there is no bucket b in S3; create it, or correct CLIPPER_", True),
        (s3_error("SlowDown"), "S3 is too busy for GetObject (SlowDown); try again in some minutes", False),
        (s3_error("InvalidRange"), "S3 failed at GetObject: a message (InvalidRange)", False),
        (EndpointConnectionError(endpoint_url="http://s3"), f"S3 does not answer at http://s3{SILENT}", False),
        (ConnectTimeoutError(endpoint_url="http://s3"), f"S3 does not answer at http://s3{SILENT}", False),
        (NoCredentialsError(), "there are no credentials for S3; set AWS_ACCESS_KEY_ID", True),
        (database_error("database is locked"), LOCKED, False),
        (sqlite3.OperationalError("database is locked"), LOCKED, False),
        (database_error("database or disk is full"), "the disk that holds Dagster's database is full", False),
        (
            database_error("connection refused\n\tIs it up?"),
            "Dagster's database cannot be used (connection refused)",
            False,
        ),
    ],
)
def test_an_environment_error_is_explained_in_one_sentence(error: Exception, sentence: str, final: bool) -> None:
    fault = fault_of(error)
    assert fault
    assert fault.sentence.startswith(sentence)
    assert fault.final is final
    assert "\n" not in fault.sentence
    assert "secret" not in fault.sentence


@pytest.mark.parametrize("error", [KeyError("a"), ValueError("a"), OSError("the network file system went away")])
def test_a_bug_is_not_explained_as_an_environment_error(error: Exception) -> None:
    assert fault_of(error) is None
