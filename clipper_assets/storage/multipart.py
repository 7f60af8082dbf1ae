"""Multipart uploads: the object appears only when all parts have arrived."""

import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from uuid import uuid4

from botocore.exceptions import ClientError

from clipper_assets.runtime.errors import named_if_full
from clipper_assets.storage.base import Storage, is_key
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.s3 import S3Storage

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import PartTypeDef

MIB = 1024 * 1024
ABANDONED = timedelta(days=2)
"""An upload that received no part for this long is abandoned; one that began by the API may take a day."""


@dataclass(frozen=True)
class Upload:
    """A multipart upload that is not complete; an upload into a directory has its id as its key."""

    key: str
    upload_id: str


class NoSuchUploadError(Exception):
    """No upload with this id is open: it never began, or it was completed or aborted."""


class Multipart(ABC):
    """Multipart uploads into one storage. Part numbers start at 1.

    All methods but `begin`, `part_url` and `abandoned` raise NoSuchUploadError for an upload that is not open.
    """

    @abstractmethod
    def begin(self, key: str, content_type: str) -> str:
        """Begin an upload of `key` and return its id."""

    @abstractmethod
    def part_url(self, key: str, upload_id: str, number: int, life_s: int) -> str | None:
        """A presigned URL to PUT a part to, valid for `life_s` seconds; None for storages that have no such URLs."""

    @abstractmethod
    def arrived(self, key: str, upload_id: str) -> dict[int, int]:
        """Size in bytes of each part that has arrived, by number."""

    @abstractmethod
    def complete(self, key: str, upload_id: str, *, overwrite: bool) -> bool:
        """Join the parts to one object; returns False if the object exists and must not be overwritten.

        Either way the upload is closed.
        """

    @abstractmethod
    def abort(self, key: str, upload_id: str) -> None:
        """Close the upload and delete its parts."""

    @abstractmethod
    def abandoned(self, now: datetime) -> list[Upload]:
        """The uploads, those of other programs included, that received no part for `ABANDONED`."""


class S3Multipart(Multipart):
    """Multipart uploads of S3."""

    def __init__(self, storage: S3Storage):
        self.storage = storage

    def begin(self, key: str, content_type: str) -> str:
        with self.storage.translated_errors(key):
            upload = self.storage.client.create_multipart_upload(**self.storage.location(key), ContentType=content_type)
        return str(upload["UploadId"])

    def part_url(self, key: str, upload_id: str, number: int, life_s: int) -> str | None:
        return self.storage.client.generate_presigned_url(
            "upload_part",
            Params={**self.storage.location(key), "UploadId": upload_id, "PartNumber": number},
            ExpiresIn=life_s,
        )

    def arrived(self, key: str, upload_id: str) -> dict[int, int]:
        with self._translated_errors(key):
            return {part["PartNumber"]: part["Size"] for part in self._parts(key, upload_id)}

    def complete(self, key: str, upload_id: str, *, overwrite: bool) -> bool:
        condition: Any = {} if overwrite else {"IfNoneMatch": "*"}
        with self._translated_errors(key):
            parts: list[Any] = [
                {"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in self._parts(key, upload_id)
            ]
            try:
                self.storage.client.complete_multipart_upload(
                    **self.storage.location(key), UploadId=upload_id, MultipartUpload={"Parts": parts}, **condition
                )
            except ClientError as error:
                if error.response["Error"]["Code"] not in ("PreconditionFailed", "ConditionalRequestConflict"):
                    raise
                self.abort(key, upload_id)
                return False
        return True

    def abort(self, key: str, upload_id: str) -> None:
        with self._translated_errors(key):
            self.storage.client.abort_multipart_upload(**self.storage.location(key), UploadId=upload_id)

    def abandoned(self, now: datetime) -> list[Upload]:
        bucket, prefix = self.storage.bucket, self.storage.prefix
        uploads = []
        pages = self.storage.client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix)
        for page in pages:
            for entry in page.get("Uploads", []):
                upload = Upload(entry["Key"].removeprefix(prefix), entry["UploadId"])
                if is_key(upload.key) and now - entry["Initiated"] > ABANDONED and self._is_idle(upload, now):
                    uploads.append(upload)
        return uploads

    def _is_idle(self, upload: Upload, now: datetime) -> bool:
        """Whether an upload is open and received no part for `ABANDONED`."""
        try:
            with self._translated_errors(upload.key):
                parts = self._parts(upload.key, upload.upload_id)
                return all(now - part["LastModified"] > ABANDONED for part in parts)
        except NoSuchUploadError:
            return False

    @contextmanager
    def _translated_errors(self, key: str) -> Iterator[None]:
        try:
            with self.storage.translated_errors(key):
                yield
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchUpload":
                raise NoSuchUploadError from None
            raise

    def _parts(self, key: str, upload_id: str) -> "Iterator[PartTypeDef]":
        pages = self.storage.client.get_paginator("list_parts").paginate(
            **self.storage.location(key), UploadId=upload_id
        )
        for page in pages:
            yield from page.get("Parts", [])


class DirectoryMultipart(Multipart):
    """Multipart uploads into a directory: files in its hidden folder `.uploads`, which the sensor ignores."""

    def __init__(self, storage: DirectoryStorage):
        self.storage, self.folder = storage, Path(storage.root) / ".uploads"

    def begin(self, key: str, content_type: str) -> str:
        for upload in self.abandoned(datetime.now(UTC)):
            with suppress(NoSuchUploadError):  # another process removed it first
                self.abort(upload.key, upload.upload_id)
        upload_id = uuid4().hex
        (self.folder / upload_id).mkdir(parents=True)
        return upload_id

    def part_url(self, key: str, upload_id: str, number: int, life_s: int) -> str | None:
        return None

    def arrived(self, key: str, upload_id: str) -> dict[int, int]:
        return {int(file.stem): file.stat().st_size for file in _parts_in(self._open(upload_id))}

    def complete(self, key: str, upload_id: str, *, overwrite: bool) -> bool:
        with self._claimed(upload_id) as folder:
            first, *others = _parts_in(folder)
            size = first.stat().st_size
            try:
                with named_if_full(self.storage.root), first.open("ab") as whole:
                    for part in others:
                        with part.open("rb") as stream:
                            shutil.copyfileobj(stream, whole, MIB)
                done = self.storage.take_file(key, first, overwrite=overwrite)
            except BaseException:
                os.truncate(first, size)
                raise
            shutil.rmtree(folder)
            return done

    def abort(self, key: str, upload_id: str) -> None:
        with self._claimed(upload_id) as folder:
            shutil.rmtree(folder)

    def abandoned(self, now: datetime) -> list[Upload]:
        uploads = []
        for folder in self.folder.glob("*"):
            with suppress(FileNotFoundError):  # completed or aborted just now
                if now - datetime.fromtimestamp(folder.stat().st_mtime, UTC) > ABANDONED:
                    uploads.append(Upload(folder.name, folder.name))
        return uploads

    @contextmanager
    def part(self, upload_id: str, number: int) -> Iterator[BinaryIO]:
        """A file to write a part to; it counts as the part once the block ends without an exception."""
        file = self._open(upload_id) / f"{number}.part"
        temporary = file.with_suffix(f".{uuid4().hex}")
        try:
            with named_if_full(self.storage.root), temporary.open("wb") as stream:
                yield stream
            try:
                temporary.replace(file)
            except FileNotFoundError:
                raise NoSuchUploadError from None
        finally:
            temporary.unlink(missing_ok=True)

    def _open(self, upload_id: str) -> Path:
        folder = self.folder / upload_id
        if not folder.is_dir():
            raise NoSuchUploadError
        return folder

    @contextmanager
    def _claimed(self, upload_id: str) -> Iterator[Path]:
        """Rename the upload's folder, so that only one of several concurrent requests can complete or abort it."""
        folder = self._open(upload_id)
        claimed = folder.with_suffix(".claimed")
        try:
            folder.rename(claimed)
        except FileNotFoundError:
            raise NoSuchUploadError from None
        try:
            yield claimed
        except BaseException:
            claimed.rename(folder)
            raise


def _parts_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.part"), key=lambda file: int(file.stem))


def multipart_into(storage: Storage) -> Multipart:
    """Multipart uploads into `storage`."""
    if isinstance(storage, S3Storage):
        return S3Multipart(storage)
    if isinstance(storage, DirectoryStorage):
        return DirectoryMultipart(storage)
    raise TypeError(f"{type(storage).__name__} does not support multipart uploads")
