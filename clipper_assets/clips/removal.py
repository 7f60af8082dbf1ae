"""Removes everything that was produced for an episode, but not its upload."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from clipper_assets.adverts.fingerprints import fingerprint_key
from clipper_assets.clips.chapter_files import NAMES
from clipper_assets.clips.folders import MANIFEST, clip_folders, own_folders
from clipper_assets.clips.looks import LOOKS, Rendition, look_folder
from clipper_assets.clips.previews import PREVIEWS
from clipper_assets.clips.records import RECORDS, records_folder
from clipper_assets.episodes.partitions import object_key
from clipper_assets.highlights.repeats import FOLDER as CLIP_FINGERPRINTS
from clipper_assets.media.frame import Aspect
from clipper_assets.runtime.asset_names import (
    AD_SPANS,
    ALIGNED_TRANSCRIPT,
    CAMERA_PATHS,
    CHAPTERS,
    CLIP_VARIANTS,
    EPISODE_COSTS,
    HIGHLIGHT_WINDOWS,
    RAW_VIDEO,
    RENDERED_CLIPS,
    SCENES,
)
from clipper_assets.storage.base import Storage
from clipper_assets.storage.hive import hive_folder
from clipper_assets.storage.lake import LAKE
from clipper_assets.storage.pictures import PICTURES

LAKE_FOLDERS = (
    RAW_VIDEO,
    "speech",
    ALIGNED_TRANSCRIPT,
    AD_SPANS,
    HIGHLIGHT_WINDOWS,
    CHAPTERS,
    SCENES,
    CAMERA_PATHS,
    "faces",  # written by versions without a scenes table
    RENDERED_CLIPS,
    CLIP_VARIANTS,
    RECORDS,
    EPISODE_COSTS,
    "edits",
    PICTURES,
    PREVIEWS,
)
"""Folders of the lake with one folder per episode; the claims of runs are kept elsewhere and stay."""
_CLIP = re.compile(r"clip_[0-9]+\.(mp4|srt|vtt|jpg)|" + "|".join(map(re.escape, NAMES)))


def is_clip_file(name: str) -> bool:
    """Whether a file in a folder of clips, by its name, is one that a run wrote, the manifest included."""
    return name == MANIFEST or _CLIP.fullmatch(name) is not None


def remove_files(storage: Storage, partition: str, lake_folders: Iterable[str] = LAKE_FOLDERS) -> None:
    """Remove an episode's clips in every aspect and look, their manifests and its files in `lake_folders`.

    It can be repeated if it was interrupted: a manifest is removed after the files whose owner it names, and the
    records of clips, which name the folders, after that.
    """
    emptied = set[str]()
    renditions = [*(Rendition(aspect).folder for aspect in Aspect), *map(look_folder, stored_looks(storage, partition))]
    for below in renditions:
        emptied |= _remove_clips(storage, partition, below)
    for name in lake_folders:
        emptied |= _remove_all(storage, f"{LAKE}/{name}/{hive_folder(partition)}")
    storage.delete(fingerprint_key(partition))
    storage.delete(fingerprint_key(partition, CLIP_FINGERPRINTS))
    _discard(storage, emptied)


def remove_look(storage: Storage, partition: str, look: str) -> None:
    """Remove the clips of an episode in one look, their manifest, records and table; the look need not be a valid one.

    It can be repeated if it was interrupted, as `remove_files`.
    """
    emptied = _remove_clips(storage, partition, look_folder(look))
    table = f"{LAKE}/{CLIP_VARIANTS}/{hive_folder(partition)}/{hive_folder(look, 'look')}"
    for folder in (table, records_folder(partition, look_folder(look))):
        emptied |= {*_remove_all(storage, folder), PurePosixPath(folder).parent.as_posix()}
    _discard(storage, emptied)


def stored_looks(storage: Storage, partition: str) -> set[str]:
    """The names of the looks that have files in a folder where clips of the episode may be."""
    found = set()
    for folder in clip_folders(object_key(partition), f"/{LOOKS}"):
        below = (stored.key.removeprefix(f"{folder}/") for stored in storage.list_objects(folder))
        found |= {name for name, _, file in (key.partition("/") for key in below) if file}
    return found


def _remove_clips(storage: Storage, partition: str, below: str) -> set[str]:
    """Remove the clips of a rendition, whose folder is `below`, and then their manifest; returns the folders."""
    folders = list(own_folders(storage, partition, below))
    for folder in folders:
        for stored in list(storage.list_objects(folder)):
            path = PurePosixPath(stored.key)
            if path.parent.as_posix() == folder and _CLIP.fullmatch(path.name):
                storage.delete(stored.key)
        storage.delete(f"{folder}/{MANIFEST}")
    return {*folders, *(PurePosixPath(folder).parent.as_posix() for folder in folders if f"/{LOOKS}/" in below)}


def _remove_all(storage: Storage, folder: str) -> set[str]:
    """Remove all that lies below a folder; returns the folders that this leaves empty."""
    emptied = {folder}
    for stored in list(storage.list_objects(folder)):
        storage.delete(stored.key)
        parents = (parent.as_posix() for parent in PurePosixPath(stored.key).parents)
        emptied |= {parent for parent in parents if parent.startswith(folder)}
    return emptied


def _discard(storage: Storage, emptied: Iterable[str]) -> None:
    for folder in sorted(emptied, key=len, reverse=True):
        storage.discard_empty(folder)
