"""The storage root in a local directory."""

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISREG

from clipper_assets.runtime.errors import StorageError, named_if_full
from clipper_assets.storage.base import Storage, is_key
from clipper_assets.storage.stored import Folder, Listed, Stored
from clipper_assets.storage.walking import walked

NOT_EMPTY = {errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.ENOTDIR}
"""Error numbers for a folder that is not empty, which POSIX lets a system say in two ways, that does not exist, or that
is a link."""


class DirectoryStorage(Storage):
    """A local directory."""

    root: str

    def _file(self, key: str) -> Path:
        root = Path(self.root).resolve()
        file = root / self.checked(key)
        if not file.resolve().is_relative_to(root):
            raise StorageError(f"{key!r} is a link that leads out of the storage root {root}; copy the file in instead")
        return file

    def uri(self, key: str) -> str:
        return self._file(key).as_uri()

    def path(self, key: str) -> str:
        return str(self._file(key))

    def stat(self, key: str) -> Stored | None:
        return _stored(key, self._file(key))

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
                # Only a link can lead out of the root, because `os.walk` does not follow links to folders.
                if is_key(key) and (not file.is_symlink() or self._is_inside(key)) and (stored := _stored(key, file)):
                    yield stored

    def walk(self, pruned: Callable[[str], bool], wanted: Callable[[str], bool]) -> Iterator[Listed]:
        """As in Storage. Reads each folder once, and the status of wanted files and of folders alone.

        `changed_ns` is a file's change time (ctime), which a rename or a copy with an old modification time sets as
        well; or that of a folder above it, which alone shows that the folder was renamed.
        """
        return walked(Path(self.root).resolve(), pruned, wanted, self._is_inside)

    def list_folder(self, folder: str, beginning: str, at_most: int) -> Folder:
        try:
            with os.scandir(self._file(folder) if folder else Path(self.root).resolve()) as entries:
                names = sorted(entry.name for entry in entries if entry.name.startswith(beginning))
        except (FileNotFoundError, NotADirectoryError):
            names = []
        keys = [f"{folder}/{name}" if folder else name for name in names[:at_most]]
        objects = [stored for key in keys if is_key(key) and self._is_inside(key) and (stored := self.stat(key))]
        return Folder(objects, complete=len(names) <= at_most)

    def _is_inside(self, key: str) -> bool:
        """Whether the object is neither a broken or circular link nor a link that leads out of the root."""
        root = Path(self.root).resolve()
        file = root / key
        # `exists` comes first: it is False for broken and circular links, for which `resolve` raises.
        return file.exists() and file.resolve().is_relative_to(root)

    @contextmanager
    def _temporary(self, file: Path) -> Iterator[Path]:
        """A hidden temporary file in the folder of `file`, removed afterwards unless it was renamed."""
        with named_if_full(self.root):
            file.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=file.parent)
            os.close(handle)
            temporary = Path(name)
            try:
                yield temporary
            finally:
                temporary.unlink(missing_ok=True)

    def put_bytes(self, key: str, data: bytes) -> None:
        file = self._file(key)
        with self._temporary(file) as temporary:
            temporary.write_bytes(data)
            temporary.chmod(0o644)
            temporary.replace(file)

    def put_file(self, key: str, local: Path) -> None:
        file = self._file(key)
        with self._temporary(file) as temporary:
            shutil.copyfile(local, temporary)
            temporary.chmod(0o644)
            temporary.replace(file)

    def take_file(self, key: str, temporary: Path, *, overwrite: bool) -> bool:
        """Publish a temporary file inside the root as `key`; returns False if the key exists and `overwrite` is False.

        The temporary file may remain under its old name, too.
        """

        file = self._file(key)
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.chmod(0o644)
        if overwrite:
            temporary.replace(file)
            return True
        try:
            file.hardlink_to(temporary)
        except FileExistsError:
            return False
        return True

    def create(self, key: str, data: bytes) -> bool:
        file = self._file(key)
        with self._temporary(file) as temporary:
            temporary.write_bytes(data)
            temporary.chmod(0o644)
            try:
                file.hardlink_to(temporary)
            except FileExistsError:
                return False
        return True

    def delete(self, key: str) -> None:
        self._file(key).unlink(missing_ok=True)

    def discard_empty(self, folder: str) -> None:
        try:
            self._file(folder).rmdir()
        except OSError as error:
            if error.errno not in NOT_EMPTY:
                raise

    def local_copy(self, key: str, folder: Path) -> Path:
        return self._file(key)

    def read_bytes(self, key: str, at_most: int | None = None) -> bytes:
        with self._file(key).open("rb") as stream:
            return stream.read(at_most)

    def refuse_if_unreadable(self) -> None:
        with os.scandir(self.root):
            pass


def _stored(key: str, file: Path) -> Stored | None:
    try:
        status = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return Stored(key, status.st_size, f"{status.st_size}-{status.st_mtime_ns}") if S_ISREG(status.st_mode) else None


def _raise_unless_gone(error: OSError) -> None:
    """Error handler for `os.walk`, which hides errors by default. A folder that does not exist holds no objects."""
    if not isinstance(error, FileNotFoundError):
        raise error
