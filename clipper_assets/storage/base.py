"""The storage root for uploads, clips and the lake: one interface to a directory or an S3 prefix.

Every write is atomic: in a directory, a hidden file is written and then renamed; S3 shows an object only when its
upload is complete.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg

from clipper_assets.runtime.errors import StorageError
from clipper_assets.storage.stored import Folder, Listed, Stored


def is_key(key: str) -> bool:
    """Whether a key stays inside the root."""
    return not any(part in ("", ".", "..") for part in key.split("/")) and not set(key) & {"\0", "\\"}


class Storage(dg.ConfigurableResource[None], ABC):
    """Objects below one root; keys are relative, with `/` between folders."""

    def checked(self, key: str) -> str:
        """Return `key` unchanged. Raises StorageError if it does not stay inside the root."""
        if not is_key(key):
            raise StorageError(
                f"the key {key!r} does not lie inside the storage root; name an object like test1/sample.mp4"
            )
        return key

    @abstractmethod
    def uri(self, key: str) -> str:
        """The object's `file://` or `s3://` URI, without credentials."""

    @abstractmethod
    def path(self, key: str) -> str:
        """The object's location as people and most libraries write it: a local path or an `s3://` URI."""

    def object_store_options(self) -> dict[str, str]:
        """How delta-rs and Polars reach `path`, in the names of the Rust crate `object_store`. Do not log them.

        Credentials that expire are refreshed when this is called, so call it for each opening.
        """
        return {}

    @abstractmethod
    def stat(self, key: str) -> Stored | None:
        """Key, size and version of the object; None if it does not exist."""

    @abstractmethod
    def fingerprint(self, key: str) -> str:
        """A hash of the object's content: S3's ETag, or the SHA-256 of a file, which reads the whole file."""

    @abstractmethod
    def media_source(self, key: str) -> str:
        """What ffmpeg and PyAV open: a `file:` path or a presigned URL that expires. Do not log it."""

    @abstractmethod
    def list_objects(self, folder: str = "") -> Iterator[Stored]:
        """Every object below the root or below `folder`, a folder inside it.

        Skips names that are not valid keys and links that lead out of the root. Raises the error of the file system or
        of S3 if the root or a folder cannot be read, so that it is not mistaken for an empty one.
        """

    @abstractmethod
    def walk(self, pruned: Callable[[str], bool], wanted: Callable[[str], bool]) -> Iterator[Listed]:
        """The `wanted` objects below the root, in no certain order, without those in `pruned` folders.

        `pruned` gets the key of each folder, `wanted` of each object outside these; nothing else is looked at. Skips
        names and raises errors as `list_objects` does.
        """

    @abstractmethod
    def list_folder(self, folder: str, beginning: str, at_most: int) -> Folder:
        """The objects directly inside `folder`, or the root if it is empty, whose names begin with `beginning`.

        Looks at no more than `at_most` names, subfolders included. A folder that does not exist is empty. Skips names
        and raises errors as `list_objects` does.
        """

    @abstractmethod
    def put_bytes(self, key: str, data: bytes) -> None:
        """Write an object, or replace it."""

    @abstractmethod
    def put_file(self, key: str, local: Path) -> None:
        """Write an object from a local file, or replace it."""

    @abstractmethod
    def create(self, key: str, data: bytes) -> bool:
        """Write an object only if it does not exist yet; returns False if it does."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Delete an object; does nothing if it does not exist."""

    def discard_empty(self, folder: str) -> None:
        """Delete a folder in which nothing is left; S3 has no folders."""

    @abstractmethod
    def local_copy(self, key: str, folder: Path) -> Path:
        """The object as a local file: the stored file itself in a directory, a download into `folder` from S3."""

    @abstractmethod
    def refuse_if_unreadable(self) -> None:
        """Raise the error of the file system or of S3 if the root cannot be read. Writes nothing."""

    def exists(self, key: str) -> bool:
        return self.stat(key) is not None

    @abstractmethod
    def read_bytes(self, key: str, at_most: int | None = None) -> bytes:
        """The object's content, or its first `at_most` bytes."""
