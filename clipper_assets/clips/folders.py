"""Where the clips of an episode lie, in each aspect and look, and whose a folder of clips is."""

import json
from pathlib import PurePosixPath

from clipper_assets.clips.looks import Rendition
from clipper_assets.clips.manifest import Manifest
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
    `looks/square-marker`. Raises StorageError where all of them belong to others.
    """
    folders = clip_folders(source.key, rendition.folder)
    if rendition.look is not None:
        folders.sort(key=lambda folder: not _is_beside(storage, source.episode, folder, rendition))
    for folder in folders:
        key = f"{folder}/{MANIFEST}"
        if storage.create(key, claim.to_bytes()) or owner(storage, key) == source.episode:
            return folder
    parent = (PurePosixPath(source.key).parent / "clips").as_posix()
    raise StorageError(f"{parent} and the folders in it belong to other episodes; move {source.key} to its own folder")


def _is_beside(storage: Storage, episode: str, folder: str, rendition: Rendition) -> bool:
    """Whether a folder lies below that of the episode's default clips in any aspect."""
    parent = folder.removesuffix(rendition.folder)
    keys = [f"{parent}{Rendition(aspect).folder}/{MANIFEST}" for aspect in Aspect]
    return any(storage.exists(key) and owner(storage, key) == episode for key in keys)


def clip_folders(key: str, below: str) -> list[str]:
    """The folders in which clips of an upload may be, in order of preference; `below` is `Rendition.folder`."""
    upload = PurePosixPath(key)
    parent = (upload.parent / "clips").as_posix()
    return [place + below for place in (parent, f"{parent}/{upload.stem}", f"{parent}/{upload.name}")]


def manifest_key(storage: Storage, upload: str, episode: str, rendition: Rendition) -> str | None:
    """Key of the manifest of an episode's clips of a rendition; None if it has none. `upload` is an object key."""
    keys = [f"{folder}/{MANIFEST}" for folder in clip_folders(upload, rendition.folder)]
    return next((key for key in keys if storage.exists(key) and owner(storage, key) == episode), None)


def owner(storage: Storage, key: str) -> str | None:
    """The episode of a manifest; None if it names none, as files of other software do, or was removed meanwhile."""
    try:
        manifest = json.loads(storage.read_bytes(key, MOST_BYTES))
    except (ValueError, RecursionError, FileNotFoundError):
        return None
    episode = manifest.get("episode") if isinstance(manifest, dict) else None
    return episode if isinstance(episode, str) else None
