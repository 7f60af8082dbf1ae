"""What a storage says about its objects.

Without Dagster, whose import would be most of the time that the subprocess of the probe takes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple


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
        """The version without the upload time, as sensor cursors and run tags of earlier releases store it."""
        return self.version.partition("@")[0]

    @property
    def uploaded_at(self) -> datetime | None:
        """When the object was uploaded to S3; None for a file in a directory."""
        seconds = self.version.partition("@")[2]
        return datetime.fromtimestamp(int(seconds), UTC) if seconds else None

    @property
    def changed_at(self) -> datetime:
        """When the object was uploaded to S3, or the file in a directory was last written."""
        return self.uploaded_at or datetime.fromtimestamp(int(self.version.partition("-")[2]) / 1e9, UTC)


@dataclass(frozen=True)
class Folder:
    """The objects directly inside a folder, sorted by key; `complete` is False if the folder has more."""

    objects: Sequence[Stored]
    complete: bool


class Listed(NamedTuple):
    """One object as `Storage.walk` reports it, without the cost of a `Stored`.

    `changed_ns` is when S3 received the object, or when the file or its place in the directory last changed, in
    nanoseconds since 1970 by the clock of the storage.
    """

    key: str
    size_bytes: int
    version: str
    changed_ns: int

    @property
    def stored(self) -> Stored:
        return Stored(self.key, self.size_bytes, self.version)
