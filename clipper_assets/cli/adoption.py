"""Copies a file from outside the storage into it, as an upload, and decides which key it gets."""

import filecmp
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from clipper_assets.episodes.probe import probe_upload
from clipper_assets.episodes.uploads import is_upload
from clipper_assets.runtime.errors import StorageError
from clipper_assets.shows.speakers import speakers_keys
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.unreachable import UNREACHABLE
from clipper_assets.text.clean import folded
from clipper_assets.transcript.companions import Companions, companions_among, companions_in


def adopt(storage: Storage, file_or_key: str, key: str | None, language: str | None, shortest_s: float) -> str:
    """The key of the upload that `file_or_key` names; a file outside the storage is copied into it first.

    The file is copied with its transcript and speaker names to `key`, or to `<stem>/<name>`, so that its clips get a
    separate folder, or to `<stem>-<digest>/<name>` if that folder belongs to another upload. An identical upload is not
    copied again.

    Raises:
        StorageError: There is no such file or upload, or the location belongs to another upload.
        UploadRefusedError: The file cannot become clips of `shortest_s` seconds. Nothing has been copied.
    """
    file = Path(file_or_key)
    if not file.is_file():
        if storage.exists(file_or_key):
            return file_or_key
        raise StorageError(f"{file_or_key} is neither a file nor an upload below the storage root; check the name")
    if isinstance(storage, DirectoryStorage) and file.resolve().is_relative_to(storage.root):
        return file.resolve().relative_to(storage.root).as_posix()
    probe_upload(DirectoryStorage(root=str(file.resolve().parent)), file.resolve().name, shortest_s)
    for target in [key] if key else _default_keys(file):
        companions = _companions(file, target, language)
        conflict = _conflicting_key(storage, target, file, companions, shared=key is not None)
        if conflict is None:
            break
    else:
        raise StorageError(
            f"{conflict} belongs to another upload; choose another location with --key folder/{file.name}"
        )
    if not storage.exists(target):
        storage.put_file(target, file)
    for companion_key, companion in companions.items():
        storage.put_file(companion_key, companion)
    return target


def warnings_beside(storage: Storage, file_or_key: str, language: str | None) -> Sequence[str]:
    """A sentence on each file beside the upload, in its own folder, that resembles a transcript and is not used."""
    file = Path(file_or_key)
    found = _companions_of(file, language) if file.is_file() else companions_in(storage, file_or_key, language)
    return found.warnings


def _companions_of(file: Path, language: str | None) -> Companions:
    names = [each.name for each in file.absolute().parent.iterdir() if each.is_file()]
    return companions_among(file.name, names, language)


def _companions(file: Path, target: str, language: str | None) -> dict[str, Path]:
    """The transcript and speaker names next to `file`, by the keys that they need next to the upload `target`."""
    found = _companions_of(file, language)
    keys = {folded(name): key for name, key in zip(speakers_keys(file.name), speakers_keys(target), strict=True)}
    companions = {keys[folded(name)]: file.with_name(name) for name in found.speakers}
    if found.transcript:
        stem = target.removesuffix(PurePosixPath(target).suffix)
        parts = folded(found.transcript)[len(folded(file.stem)) :].count(".")
        companions[".".join([stem, *found.transcript.split(".")[-parts:]])] = file.with_name(found.transcript)
    return companions


def _default_keys(file: Path) -> Iterator[str]:
    """The keys to try if the person named none: one by the name of the file, then one by its content."""
    yield f"{file.stem}/{file.name}"
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    yield f"{file.stem}-{digest[:8]}/{file.name}"


def _conflicting_key(
    storage: Storage, target: str, file: Path, companions: Mapping[str, Path], *, shared: bool
) -> str | None:
    """The key of a file of another upload that prevents storing `file` and its `companions` at `target`, or None.

    It would be overwritten, or be used for `file` by mistake. A `shared` folder may contain other uploads, except ones
    with the same stem, because their companions have the same names.
    """
    target_exists = storage.exists(target)
    if target_exists and not _same_content(storage, target, file):
        return target
    others = _uploads_beside(storage, target)
    for other in others:
        if not target_exists and (not shared or PurePosixPath(other).stem == PurePosixPath(target).stem):
            return other
    for key, companion in companions.items():
        belongs_to_others = not target_exists or (others and key == speakers_keys(target)[0])
        if belongs_to_others and storage.exists(key) and not _same_content(storage, key, companion):
            return key
    return None


def _uploads_beside(storage: Storage, key: str) -> list[str]:
    """The other uploads in the folder of `key`."""
    folder = PurePosixPath(key).parent
    listing = storage.list_objects("" if folder == PurePosixPath() else folder.as_posix())
    try:
        keys = [stored.key for stored in listing if is_upload(stored.key) and stored.key != key]
    except UNREACHABLE as error:
        raise StorageError(f"the folder of {storage.uri(key)} cannot be listed: {error}") from error
    return [other for other in keys if PurePosixPath(other).parent == folder]


def _same_content(storage: Storage, key: str, file: Path) -> bool:
    """Whether the object has the same content as the file, byte for byte."""
    stored = storage.stat(key)
    if stored is None or stored.size_bytes != file.stat().st_size:
        return False
    with TemporaryDirectory(prefix="clipper-") as folder:
        return filecmp.cmp(storage.local_copy(key, Path(folder)), file, shallow=False)
