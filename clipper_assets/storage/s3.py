"""The storage root in an S3 bucket."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import boto3
from boto3.exceptions import S3UploadFailedError
from botocore.config import Config
from botocore.exceptions import ClientError
from pydantic import PrivateAttr

from clipper_assets.runtime.errors import ArchivedError, StorageError
from clipper_assets.storage.base import Storage, is_key
from clipper_assets.storage.s3_pages import Page, jumping_pages
from clipper_assets.storage.stored import Folder, Listed, Stored

if TYPE_CHECKING:
    from botocore.credentials import Credentials
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef, ObjectTypeDef

MISSING = {"404", "NoSuchKey", "NotFound"}
ARCHIVES = {"GLACIER", "DEEP_ARCHIVE"}
"""Storage classes whose objects must be restored before they can be read; GLACIER_IR needs no restore."""
RESTORED = 'ongoing-request="false"'
BOUNDED = Config(connect_timeout=5.0, read_timeout=15.0, retries={"total_max_attempts": 3, "mode": "standard"})
"""Shorter than boto3's defaults, which wait 60 s for a server that does not answer, and try five times."""


class Location(TypedDict):
    """An object's bucket and key in S3."""

    Bucket: str
    Key: str


class S3Storage(Storage):
    """A prefix of an S3 bucket. Endpoint and credentials come from boto3's environment variables."""

    bucket: str
    prefix: str = ""
    url_expiry_s: int = 3600
    _client: "S3Client | None" = PrivateAttr(default=None)
    _credentials: "Credentials | None" = PrivateAttr(default=None)

    @property
    def client(self) -> "S3Client":
        if self._client is None:
            self._client = boto3.client("s3", config=BOUNDED)
            # In us-east-1 botocore still presigns with signature version 2, which S3 rejects for KMS and newer buckets.
            signer: Any = lambda **_: "s3v4"  # noqa: E731  # the stubs do not allow handlers that return a value
            for operation in ("GetObject", "UploadPart"):
                self._client.meta.events.register_first(f"choose-signer.s3.{operation}", signer)
        return self._client

    def _object_key(self, key: str) -> str:
        return self.prefix + self.checked(key)

    def uri(self, key: str) -> str:
        return f"s3://{self.bucket}/{self._object_key(key)}"

    def path(self, key: str) -> str:
        return self.uri(key)

    def object_store_options(self) -> dict[str, str]:
        """As in Storage, from the sources that boto3 uses: environment, profile, and roles with their refresh.

        Raises StorageError if there are no credentials.
        """
        if self._credentials is None:
            self._credentials = boto3.Session().get_credentials()
        if self._credentials is None:
            raise StorageError(
                f"there are no AWS credentials for s3://{self.bucket}/{self.prefix}; set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, or give this process a role"
            )
        frozen = self._credentials.get_frozen_credentials()
        endpoint = self.client.meta.endpoint_url
        options = {
            "aws_endpoint_url": endpoint,
            "aws_region": self.client.meta.region_name,
            "aws_access_key_id": frozen.access_key,
            "aws_secret_access_key": frozen.secret_key,
            "aws_session_token": frozen.token,
            "aws_allow_http": str(endpoint.startswith("http:")).lower(),
            "aws_virtual_hosted_style_request": "false",
            "aws_conditional_put": "etag",
        }
        return {name: value for name, value in options.items() if value}

    def stat(self, key: str) -> Stored | None:
        try:
            with self.translated_errors(key):
                head = self.client.head_object(**self.location(key))
        except FileNotFoundError:
            return None
        return Stored(key, head["ContentLength"], _version(head["ETag"], head["LastModified"]))

    def fingerprint(self, key: str) -> str:
        stored = self.stat(key)
        if stored is None:
            raise StorageError(f"{self.uri(key)} does not exist")
        return stored.content

    def media_source(self, key: str) -> str:
        """As in Storage. Raises ArchivedError for an archived object, whose URL S3 would only answer with 403."""
        self._refuse_if_archived(key)
        return self.presigned(key, self.url_expiry_s)

    def _refuse_if_archived(self, key: str) -> None:
        try:
            with self.translated_errors(key):
                head = self.client.head_object(**self.location(key))
        except FileNotFoundError:
            return
        # Intelligent-Tiering reports its archive tier in ArchiveStatus, not in StorageClass.
        storage_class = head.get("ArchiveStatus") or head.get("StorageClass", "STANDARD")
        if ("ArchiveStatus" in head or storage_class in ARCHIVES) and RESTORED not in head.get("Restore", ""):
            raise self._archived(key, storage_class)

    def _archived(self, key: str, storage_class: str) -> ArchivedError:
        return ArchivedError(
            f"{self.uri(key)} is archived in S3 (storage class {storage_class}); restore it, wait until that is done, "
            "and start again"
        )

    @contextmanager
    def translated_errors(self, key: str) -> Iterator[None]:
        """Add the object's URI to S3 errors; raises ArchivedError or FileNotFoundError in place of theirs."""
        try:
            with _naming(self.uri(key)):
                yield
        except ClientError as error:
            details = error.response["Error"]
            if details["Code"] == "InvalidObjectState":
                raise self._archived(key, str(details.get("StorageClass", "unknown"))) from None
            if details["Code"] in MISSING:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), self.uri(key)) from None
            raise

    def presigned(self, key: str, life_s: int, **headers: str) -> str:
        """A presigned URL that anyone can read the object from for `life_s` seconds. Do not log it.

        `headers` are GetObject parameters that set headers of the response, such as `ResponseContentType`.
        """
        return self.client.generate_presigned_url(
            "get_object", Params={**self.location(key), **headers}, ExpiresIn=life_s
        )

    def location(self, key: str) -> Location:
        """The object's bucket and key, as arguments of boto3 calls."""
        return {"Bucket": self.bucket, "Key": self._object_key(key)}

    def list_objects(self, folder: str = "") -> Iterator[Stored]:
        prefix = f"{self._object_key(folder)}/" if folder else self.prefix
        with _naming(f"s3://{self.bucket}/{prefix}"):
            for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
                yield from self._stored(page)

    def walk(self, pruned: Callable[[str], bool], wanted: Callable[[str], bool]) -> Iterator[Listed]:
        return chain.from_iterable(page.objects for page in self.walk_pages(pruned, wanted))

    def walk_pages(
        self, pruned: Callable[[str], bool], wanted: Callable[[str], bool], after: str = ""
    ) -> Iterator[Page]:
        """As `walk`, one LIST at a time, from the key behind `after`, which is a page's `last`."""

        def listed(entry: "ObjectTypeDef", key: str) -> Listed:
            modified = entry["LastModified"]
            version = _version(entry["ETag"], modified)
            return Listed(key, entry["Size"], version, int(modified.timestamp() * 1e9))

        with _naming(f"s3://{self.bucket}/{self.prefix}"):
            for page in jumping_pages(self.client, self.bucket, self.prefix, after, pruned):
                objects = [listed(entry, key) for key, entry in page.entries if wanted(key) and is_key(key)]
                yield Page(objects, page.last)

    def list_folder(self, folder: str, beginning: str, at_most: int) -> Folder:
        inside = f"{self._object_key(folder)}/" if folder else self.prefix
        objects: list[Stored] = []
        names = 0
        pages = self.client.get_paginator("list_objects_v2")
        with _naming(f"s3://{self.bucket}/{inside}"):
            for page in pages.paginate(Bucket=self.bucket, Prefix=inside + beginning, Delimiter="/"):
                objects += self._stored(page)
                names += page["KeyCount"]
                if names > at_most or (names == at_most and page["IsTruncated"]):
                    return Folder(objects[:at_most], complete=False)
        return Folder(objects, complete=True)

    def _stored(self, page: "ListObjectsV2OutputTypeDef") -> Iterator[Stored]:
        for entry in page.get("Contents", []):
            key = entry["Key"].removeprefix(self.prefix)
            if is_key(key):
                yield Stored(key, entry["Size"], _version(entry["ETag"], entry["LastModified"]))

    def put_bytes(self, key: str, data: bytes) -> None:
        with self.translated_errors(key):
            self.client.put_object(**self.location(key), Body=data)

    def put_file(self, key: str, local: Path) -> None:
        with self.translated_errors(key):
            self.client.upload_file(str(local), self.bucket, self._object_key(key))

    def create(self, key: str, data: bytes) -> bool:
        try:
            with self.translated_errors(key):
                self.client.put_object(**self.location(key), Body=data, IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] in ("PreconditionFailed", "ConditionalRequestConflict"):
                return False
            raise
        return True

    def delete(self, key: str) -> None:
        with self.translated_errors(key):
            self.client.delete_object(**self.location(key))

    def local_copy(self, key: str, folder: Path) -> Path:
        target = folder / Path(key).name
        with self.translated_errors(key):
            self.client.download_file(self.bucket, self._object_key(key), str(target))
        return target

    def refuse_if_unreadable(self) -> None:
        self.client.head_bucket(Bucket=self.bucket)

    def read_bytes(self, key: str, at_most: int | None = None) -> bytes:
        with self.translated_errors(key):
            return self.client.get_object(**self.location(key))["Body"].read(at_most)


@contextmanager
def _naming(uri: str) -> Iterator[None]:
    """Set `Resource` of S3 errors to `uri`, because S3 itself does so only sometimes."""
    try:
        yield
    except (ClientError, S3UploadFailedError) as error:
        cause = error.__context__ if isinstance(error, S3UploadFailedError) else error
        if isinstance(cause, ClientError):
            cause.response["Error"]["Resource"] = uri  # type: ignore[typeddict-unknown-key]  # as S3 itself does at times
        raise


def _version(etag: str, modified: datetime) -> str:
    """Version of an object; uploading the same bytes again gives another one. Whole seconds, as HEAD gives no more."""
    return etag.strip('"') + f"@{int(modified.timestamp())}"
