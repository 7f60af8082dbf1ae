"""One storage root for uploads, clips and the lake: a directory or an S3 prefix behind the same verbs.

Every write lands under its final name at once and whole: a directory gets a hidden file that is then renamed, S3
shows an object only when its upload is complete.
"""

import errno
import hashlib
import os
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISREG

import dagster as dg
from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from upath import UPath

UNREACHABLE = (OSError, Boto3Error, BotoCoreError, ClientError)
"""What reading or writing a storage raises where the machine, the network or a permission is in the way."""


FULL = {errno.ENOSPC, errno.EDQUOT}
"""What the system says of a full disk, and of a user's full share of it."""


@contextmanager
def named_if_full(place: str) -> Iterator[None]:
    """Has an OSError about a full disk name the file or folder that was written to, which `write` does not."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise OSError(error.errno, error.strerror, place) from error
        raise


class StorageError(Exception):
    """The storage cannot do what was asked; the message is one sentence for a person."""


class ArchivedError(StorageError):
    """The object lies in an archive, from which it has to be restored before it can be read."""


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


def _raise_unless_gone(error: OSError) -> None:
    """For `os.walk`, which is silent by default; a root not made yet or a folder moved meanwhile holds no objects."""
    if not isinstance(error, FileNotFoundError):
        raise error


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
    def path(self, key: str) -> UPath:
        """The object as a path, for libraries that read any file system."""

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


class DirectoryStorage(Storage):
    """A directory on this machine."""

    root: str

    def _file(self, key: str) -> Path:
        root = Path(self.root).resolve()
        file = root / self.checked(key)
        if not file.resolve().is_relative_to(root):
            raise StorageError(f"{key!r} is a link that leads out of the storage root {root}; copy the file in instead")
        return file

    def uri(self, key: str) -> str:
        return self._file(key).as_uri()

    def path(self, key: str) -> UPath:
        return UPath(self._file(key))

    def stat(self, key: str) -> Stored | None:
        try:
            status = self._file(key).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        if not S_ISREG(status.st_mode):
            return None
        return Stored(key, status.st_size, f"{status.st_size}-{status.st_mtime_ns}")

    def fingerprint(self, key: str) -> str:
        with self._file(key).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def media_source(self, key: str) -> str:
        return f"file:{self._file(key)}"

    def list_objects(self, folder: str = "") -> Iterator[Stored]:
        root = Path(self.root).resolve()
        for parent, folders, files in os.walk(self._file(folder) if folder else root, onerror=_raise_unless_gone):
            folders.sort()
            for name in sorted(files):
                file = Path(parent) / name
                key = file.relative_to(root).as_posix()
                # `exists` is False for a link that leads nowhere or in a circle, which `resolve` does not take.
                inside = file.exists() and file.resolve().is_relative_to(root)
                if inside and is_key(key) and (stored := self.stat(key)):
                    yield stored

    @contextmanager
    def _aside(self, file: Path) -> Iterator[Path]:
        with named_if_full(self.root):
            file.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=file.parent)
            os.close(handle)
            aside = Path(name)
            try:
                yield aside
            finally:
                aside.unlink(missing_ok=True)

    def put_bytes(self, key: str, data: bytes) -> None:
        file = self._file(key)
        with self._aside(file) as aside:
            aside.write_bytes(data)
            aside.chmod(0o644)
            aside.replace(file)

    def put_file(self, key: str, local: Path) -> None:
        file = self._file(key)
        with self._aside(file) as aside:
            shutil.copyfile(local, aside)
            aside.chmod(0o644)
            aside.replace(file)

    def take_file(self, key: str, aside: Path, *, overwrite: bool) -> bool:
        """Give a file that lies in the root, under another name, its key; False where that is taken."""
        file = self._file(key)
        file.parent.mkdir(parents=True, exist_ok=True)
        aside.chmod(0o644)
        if overwrite:
            aside.replace(file)
            return True
        try:
            file.hardlink_to(aside)
        except FileExistsError:
            return False
        return True

    def create(self, key: str, data: bytes) -> bool:
        file = self._file(key)
        with self._aside(file) as aside:
            aside.write_bytes(data)
            aside.chmod(0o644)
            try:
                file.hardlink_to(aside)
            except FileExistsError:
                return False
        return True

    def delete(self, key: str) -> None:
        self._file(key).unlink(missing_ok=True)

    def local_copy(self, key: str, folder: Path) -> Path:
        return self._file(key)

    def read_bytes(self, key: str, at_most: int | None = None) -> bytes:
        with self._file(key).open("rb") as stream:
            return stream.read(at_most)

    def refuse_if_unreadable(self) -> None:
        with os.scandir(self.root):
            pass
