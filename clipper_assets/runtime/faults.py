"""Explains errors of the environment (disks, S3, permissions, the database), each in one sentence for a person."""

import errno
import sqlite3
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clipper_assets.runtime.errors import FORBIDDEN, FULL, ArchivedError, StorageError, UploadRefusedError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

DENIED = {"403", "Forbidden", "AccessDenied", "AllAccessDisabled", "InvalidAccessKeyId", "SignatureDoesNotMatch"}
BUSY = {"500", "503", "InternalError", "RequestTimeout", "ServiceUnavailable", "SlowDown", "ThrottlingException"}


@dataclass(frozen=True)
class Fault:
    """An explained error of the environment.

    Attributes:
        sentence: What is wrong and what to do.
        final: Whether a retry cannot succeed.
        status: Status of the HTTP response.
    """

    sentence: str
    final: bool
    status: int


def fault_of(error: BaseException) -> Fault | None:
    """Explain an exception; None for one that needs its traceback, such as a bug in the program."""
    if isinstance(error, StorageError | UploadRefusedError):
        return Fault(str(error), final=True, status=409 if isinstance(error, ArchivedError) else 422)
    from boto3.exceptions import Boto3Error  # noqa: PLC0415  # slow import, needed only for errors
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
    from sqlalchemy.exc import OperationalError  # noqa: PLC0415

    match error:
        case BotoCoreError() | Boto3Error() | ClientError():  # before OSError, because some are OSErrors, too
            return _of_s3(error)
        case OSError():
            return _of_system(error)
        case OperationalError():
            return of_database(str(error.orig))
        case sqlite3.OperationalError():
            return of_database(str(error))
    return None


def of_database(reason: str) -> Fault:
    """Explain an error of Dagster's database."""
    if "database is locked" in reason:
        return _passing(
            "Dagster's database is locked by another process; try again, and use PostgreSQL where several write to it"
        )
    if "disk is full" in reason:
        return _passing(_full("Dagster's database"))
    return _passing(f"Dagster's database cannot be used ({reason.splitlines()[0]}); check it, then try again")


def _passing(sentence: str) -> Fault:
    """A fault that may be gone on the next try."""
    return Fault(sentence, final=False, status=503)


def _lasting(sentence: str) -> Fault:
    """A fault that stays until a person fixes it."""
    return Fault(sentence, final=True, status=503)


def _of_system(error: OSError) -> Fault | None:
    if error.errno in FULL:
        return _passing(_full(error.filename))
    if error.errno == errno.ENOENT and str(error.strerror).startswith("No usable temporary directory"):
        return _passing(_full(None))
    if error.strerror == FORBIDDEN:
        return _passing(
            "S3 denied ffmpeg access to the upload (403 Forbidden); allow s3:GetObject, and raise CLIPPER_URL_EXPIRY_S "
            "if the step took longer than that"
        )
    if error.errno in (errno.EACCES, errno.EPERM) and error.filename:
        return _lasting(
            f"this process has no permission to open {error.filename}; change its owner or its mode, then try again"
        )
    if error.errno == errno.EROFS:
        return _lasting(f"the disk that holds {error.filename or 'the storage'} is read-only; mount it writable")
    return None


def _of_s3(error: BaseException) -> Fault | None:
    from boto3.exceptions import S3UploadFailedError  # noqa: PLC0415
    from botocore.exceptions import ClientError, HTTPClientError, NoCredentialsError  # noqa: PLC0415
    from botocore.exceptions import ConnectionError as NoConnectionError  # noqa: PLC0415

    match error:
        case S3UploadFailedError():
            return _of_s3(error.__context__) if error.__context__ else None
        case ClientError():
            return _of_response(error)
        case NoConnectionError() | HTTPClientError():
            kwargs: Mapping[str, Any] = error.kwargs
            where = f" at {kwargs['endpoint_url']}" if kwargs.get("endpoint_url") else ""
            return _passing(f"S3 does not answer{where}; check the network and AWS_ENDPOINT_URL, then try again")
        case NoCredentialsError():
            return _lasting(
                "there are no credentials for S3; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give this "
                "machine a role"
            )
    return None


def _of_response(error: "ClientError") -> Fault:
    details: Mapping[str, Any] = error.response["Error"]
    code = details["Code"]
    operation = error.operation_name
    request = f"{operation} of {details['Resource']}" if details.get("Resource") else operation
    if code == "NoSuchBucket":
        name = f" {details['BucketName']}" if details.get("BucketName") else ""
        return _lasting(f"there is no bucket{name} in S3; create it, or correct CLIPPER_STORAGE")
    if code in DENIED:
        # Without s3:ListBucket, S3 also denies access to objects that do not exist.
        permission = "s3:GetObject and s3:ListBucket" if operation == "HeadObject" else "it"
        return _lasting(f"S3 denies {request} ({code}); allow {permission} to the credentials of this service")
    if code in BUSY:
        return _passing(f"S3 is too busy for {request} ({code}); try again in some minutes")
    return _passing(f"S3 failed at {request}: {details.get('Message', 'for no reason given')} ({code})")


def _full(place: str | None) -> str:
    """Sentence for a full disk. Without a place it is the scratch directory: other writers name theirs."""
    scratch = _scratch()
    if place is None or str(place).startswith(str(Path(scratch, "clipper-"))):
        return f"the scratch directory {scratch} is full; free space in it, or set TMPDIR to one on a larger disk"
    return f"the disk that holds {place} is full; free space on it, or move it to a larger one"


def _scratch() -> str:
    try:
        return tempfile.gettempdir()
    except FileNotFoundError:  # raised when every candidate is full
        return "(TMPDIR, /tmp)"
