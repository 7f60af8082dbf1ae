"""One storage root for uploads, clips and the lake: a directory or an S3 prefix behind the same verbs.

Every write lands under its final name at once and whole: a directory gets a hidden file that is then renamed, S3
shows an object only when its upload is complete.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from clipper_assets.runtime.errors import StorageError


@dataclass(frozen=True)
class Stored:
    """One object: its key below the root, its size and a version that changes when the object is replaced.

    The version is cheap to read: S3's ETag and the second of the upload, `etag@seconds`, or a file's size and
    modification time.
    """

    key: str
    size_bytes: int
    version: str

    @property
    def content(self) -> str:
        """The version without the time of the upload: all that cursors and runs of earlier releases remember."""
        return self.version.partition("@")[0]

    @property
    def uploaded_at(self) -> datetime | None:
        """When S3 took the object; None for a file."""
        seconds = self.version.partition("@")[2]
        return datetime.fromtimestamp(int(seconds), UTC) if seconds else None


def is_key(key: str) -> bool:
    """Whether a key stays inside the root."""
    return not any(part in ("", ".", "..") for part in key.split("/")) and not set(key) & {"\0", "\\"}


class Storage(dg.ConfigurableResource[None], ABC):
    """Objects below one root; keys are relative, with `/` between folders."""

    def checked(self, key: str) -> str:
        """`key` itself, if it stays inside the root. Raises StorageError otherwise."""
        if not is_key(key):
            raise StorageError(
                f"the key {key!r} does not lie inside the storage root; name an object like test1/sample.mp4"
            )
        return key

    @abstractmethod
    def uri(self, key: str) -> str:
        """Where the object is, for a person or a tool: a `file://` or `s3://` URI, without credentials."""

    @abstractmethod
    def path(self, key: str) -> str:
        """Where the object is, for a person or a library that opens both: a path of this machine or an `s3://` URI."""

    @abstractmethod
    def stat(self, key: str) -> Stored | None:
        """The object, or None if there is none."""

    @abstractmethod
    def fingerprint(self, key: str) -> str:
        """Names the object's content: S3's ETag, or the SHA-256 of a file (which is read whole)."""

    @abstractmethod
    def media_source(self, key: str) -> str:
        """What ffmpeg and PyAV open: a `file:` path, or a presigned URL that expires. Never to be logged."""

    @abstractmethod
    def list_objects(self, folder: str = "") -> Iterator[Stored]:
        """Every object below the root, or below one of its folders; what lies there under a name that is no key, or
        links out of the root, is none.

        Raises the storage's own error where the root or a folder cannot be read: that is not an empty listing.
        """

    @abstractmethod
    def put_bytes(self, key: str, data: bytes) -> None:
        """Write or replace an object."""

    @abstractmethod
    def put_file(self, key: str, local: Path) -> None:
        """Write or replace an object with a local file's content."""

    @abstractmethod
    def create(self, key: str, data: bytes) -> bool:
        """Write an object only if there is none yet; False if there is one already."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Remove an object; nothing happens if there is none."""

    @abstractmethod
    def local_copy(self, key: str, folder: Path) -> Path:
        """The object as a local file: the stored file itself where there is one, else a copy in `folder`."""

    @abstractmethod
    def refuse_if_unreadable(self) -> None:
        """Raises the storage's own error where its root cannot be looked at; it writes nothing."""

    def exists(self, key: str) -> bool:
        return self.stat(key) is not None

    @abstractmethod
    def read_bytes(self, key: str, at_most: int | None = None) -> bytes:
        """The object's content, or its first `at_most` bytes."""
