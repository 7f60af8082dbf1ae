"""Files outside the storage become uploads: what content has which key."""

import filecmp
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from clipper_assets.episodes.probe import probe_upload
from clipper_assets.episodes.uploads import is_upload
from clipper_assets.runtime.errors import StorageError
from clipper_assets.shows.speakers import speakers_keys
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.unreachable import UNREACHABLE
from clipper_assets.transcript.transcript_files import transcript_keys


def adopt(storage: Storage, file_or_key: str, key: str | None, language: str | None, shortest_s: float) -> str:
    """The key of the upload that `file_or_key` names.

    A file outside the storage is copied in with what lies beside it, as `key` or `<stem>/<name>`, so that its clips
    have a folder of their own; where another upload has that folder, as `<stem>-<digest>/<name>`. One whose content
    lies there already is not copied again. Raises StorageError where there is neither such a file nor such an object,
    and where another upload has the place already; UploadRefusedError, before anything is copied, for a file that
    cannot become clips of `shortest_s` seconds.
    """
    file = Path(file_or_key)
    if not file.is_file():
        if storage.exists(file_or_key):
            return file_or_key
        raise StorageError(f"{file_or_key} is neither a file nor an upload below the storage root; check the name")
    if isinstance(storage, DirectoryStorage) and file.resolve().is_relative_to(storage.root):
        return file.resolve().relative_to(storage.root).as_posix()
    probe_upload(DirectoryStorage(root=str(file.resolve().parent)), file.resolve().name, shortest_s)
    for target in [key] if key else _places(file):
        companions = _companions(file, target, language)
        in_the_way = _in_the_way(storage, target, file, companions, shared=key is not None)
        if in_the_way is None:
            break
    else:
        raise StorageError(
            f"another upload has {in_the_way}; give this one its own place with --key folder/{file.name}"
        )
    if not storage.exists(target):
        storage.put_file(target, file)
    for place, companion in companions.items():
        storage.put_file(place, companion)
    return target


def companion_keys(upload: str, language: str | None) -> list[str]:
    """Where files may lie that belong to an upload: its transcript, and the names of its speakers."""
    return [*transcript_keys(upload, language), *speakers_keys(upload)]


def _companions(file: Path, target: str, language: str | None) -> dict[str, Path]:
    """What lies beside `file` and belongs to it, by the keys that the upload `target` finds it at."""
    beside = [file.with_name(name) for name in companion_keys(file.name, language)]
    places = companion_keys(target, language)
    return {place: companion for place, companion in zip(places, beside, strict=True) if companion.is_file()}


def _places(file: Path) -> Iterator[str]:
    yield f"{file.stem}/{file.name}"
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    yield f"{file.stem}-{digest[:8]}/{file.name}"


def _in_the_way(
    storage: Storage, target: str, file: Path, companions: Mapping[str, Path], *, shared: bool
) -> str | None:
    """The key of what belongs to another upload and would be read, or overwritten, with `file` at `target`.

    In a `shared` folder other uploads may lie, but for those of the same stem, whose companions have the same names.
    """
    there = storage.exists(target)
    if there and not _is_content_of(storage, target, file):
        return target
    others = _uploads_beside(storage, target)
    for other in others:
        if not there and (not shared or PurePosixPath(other).stem == PurePosixPath(target).stem):
            return other
    for place, companion in companions.items():
        is_of_others = not there or (others and place == speakers_keys(target)[0])
        if is_of_others and storage.exists(place) and not _is_content_of(storage, place, companion):
            return place
    return None


def _uploads_beside(storage: Storage, key: str) -> list[str]:
    """The other uploads in the folder of `key`."""
    folder = PurePosixPath(key).parent
    listing = storage.list_objects("" if folder == PurePosixPath() else folder.as_posix())
    try:
        keys = [stored.key for stored in listing if is_upload(stored.key) and stored.key != key]
    except UNREACHABLE as error:
        raise StorageError(f"what lies beside {storage.uri(key)} cannot be listed: {error}") from error
    return [other for other in keys if PurePosixPath(other).parent == folder]


def _is_content_of(storage: Storage, key: str, file: Path) -> bool:
    """Whether the object is the same, byte for byte."""
    stored = storage.stat(key)
    if stored is None or stored.size_bytes != file.stat().st_size:
        return False
    with TemporaryDirectory(prefix="clipper-") as folder:
        return filecmp.cmp(storage.local_copy(key, Path(folder)), file, shallow=False)
