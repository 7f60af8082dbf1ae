"""Where the clips of an episode lie, in each aspect and look, and whose a folder of clips is."""

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import PurePosixPath

from clipper_assets.clips.looks import Rendition
from clipper_assets.clips.manifest import Manifest
from clipper_assets.clips.records import records_of
from clipper_assets.episodes.partitions import object_key
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.frame import Aspect
from clipper_assets.runtime.errors import StorageError
from clipper_assets.storage.base import Storage

MANIFEST = "manifest.json"
"""Name of the file in each folder of clips that says whose they are."""
MOST_BYTES = 16 * 1024 * 1024
"""A longer file is no manifest: one of the most clips has less than a tenth."""


def clip_folder(storage: Storage, source: RawVideo, rendition: Rendition, claim: Manifest) -> str:
    """Claim the folder for an episode's clips, by creating its manifest, which only one episode can do.

    `<folder of the upload>/clips`, or below it a folder named like the upload where another episode was first; clips
    that are not 9:16 lie in a folder below that, `1x1`, and have a manifest of their own, as those of a look do, in
    `looks/square-marker`. Clips stay in the folder that they are in, also if its manifest is damaged. Raises
    StorageError where all of them belong to others.
    """
    is_own = _is_own(storage, source.episode)
    folders = clip_folders(source.key, rendition.folder)
    if rendition.look is not None:
        folders.sort(key=lambda folder: not _is_beside_default(folder, rendition, is_own))
    present = next(filter(is_own, folders), None)
    for folder in [present, *folders] if present else folders:
        if storage.create(f"{folder}/{MANIFEST}", claim.to_bytes()) or is_own(folder):
            return folder
    parent = (PurePosixPath(source.key).parent / "clips").as_posix()
    raise StorageError(f"{parent} and the folders in it belong to other episodes; move {source.key} to its own folder")


def _is_beside_default(folder: str, rendition: Rendition, is_own: Callable[[str], bool]) -> bool:
    """Whether a folder lies below that of the episode's default clips in any aspect."""
    parent = folder.removesuffix(rendition.folder)
    return any(is_own(parent + Rendition(aspect).folder) for aspect in Aspect)


def clip_folders(key: str, below: str) -> list[str]:
    """The folders in which clips of an upload may be, in order of preference; `below` is `Rendition.folder`."""
    upload = PurePosixPath(key)
    parent = (upload.parent / "clips").as_posix()
    return [place + below for place in (parent, f"{parent}/{upload.stem}", f"{parent}/{upload.name}")]


def own_folders(storage: Storage, episode: str, below: str) -> Iterator[str]:
    """The folders with clips of an episode, a partition key; `below` is `Rendition.folder`.

    They are found by their manifests or, where a manifest is missing or damaged, by the records of the clips.
    """
    return filter(_is_own(storage, episode), clip_folders(object_key(episode), below))


def manifest_key(storage: Storage, upload: str, episode: str, rendition: Rendition) -> str | None:
    """Key of the manifest of an episode's clips of a rendition, also of a damaged one; None if it has none.

    `upload` is an object key.
    """
    is_own = _is_own(storage, episode)
    keys = {folder: f"{folder}/{MANIFEST}" for folder in clip_folders(upload, rendition.folder)}
    return next((key for folder, key in keys.items() if storage.exists(key) and is_own(folder)), None)


def _is_own(storage: Storage, episode: str) -> Callable[[str], bool]:
    """Whether a folder has clips of the episode; its records are read once, if a manifest names nobody."""

    @cache
    def recorded() -> set[str]:
        return {PurePosixPath(clip.key).parent.as_posix() for clip in records_of(storage, episode)}

    def is_own(folder: str) -> bool:
        manifest = f"{folder}/{MANIFEST}"
        named = owner(storage, manifest) if storage.exists(manifest) else None
        return named == episode or (named is None and folder in recorded())

    return is_own


def owner(storage: Storage, key: str) -> str | None:
    """The episode of a manifest; None if it names none, as files of other software do, or was removed meanwhile."""
    try:
        manifest = json.loads(storage.read_bytes(key, MOST_BYTES))
    except (ValueError, RecursionError, FileNotFoundError):
        return None
    episode = manifest.get("episode") if isinstance(manifest, dict) else None
    return episode if isinstance(episode, str) else None
