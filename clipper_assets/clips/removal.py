"""Removes everything that was produced for an episode, but not its upload."""

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from clipper_assets.adverts.fingerprints import fingerprint_key
from clipper_assets.clips.chapter_files import NAMES
from clipper_assets.clips.manifest import Clip, clip_folders, owner
from clipper_assets.clips.records import records_of
from clipper_assets.episodes.partitions import object_key
from clipper_assets.highlights.repeats import FOLDER as CLIP_FINGERPRINTS
from clipper_assets.media.frame import Aspect
from clipper_assets.runtime.asset_names import (
    AD_SPANS,
    ALIGNED_TRANSCRIPT,
    CAMERA_PATHS,
    CHAPTERS,
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
    "clip_records",
    "edits",
    PICTURES,
)
"""Folders of the lake with one folder per episode; the claims of runs are kept elsewhere and stay."""
MANIFEST = "manifest.json"
_CLIP = re.compile(r"clip_[0-9]+\.(mp4|srt|vtt|jpg)|" + "|".join(map(re.escape, NAMES)))


def is_clip_file(name: str) -> bool:
    """Whether a file in a folder of clips, by its name, is one that a run wrote, the manifest included."""
    return name == MANIFEST or _CLIP.fullmatch(name) is not None


def remove_files(storage: Storage, partition: str, lake_folders: Iterable[str] = LAKE_FOLDERS) -> None:
    """Remove an episode's clips in every aspect, their manifests and its files in `lake_folders`.

    It can be repeated if it was interrupted: a manifest is removed after the files whose owner it names, and the
    records of clips, which name the folders, after that.
    """
    records, emptied = records_of(storage, partition), set[str]()
    for aspect in Aspect:
        for folder in _folders_of(storage, partition, aspect, records):
            for stored in list(storage.list_objects(folder)):
                path = PurePosixPath(stored.key)
                if path.parent.as_posix() == folder and _CLIP.fullmatch(path.name):
                    storage.delete(stored.key)
            storage.delete(f"{folder}/{MANIFEST}")
            emptied.add(folder)
    for name in lake_folders:
        folder = f"{LAKE}/{name}/{hive_folder(partition)}"
        for stored in list(storage.list_objects(folder)):
            storage.delete(stored.key)
            emptied.add(PurePosixPath(stored.key).parent.as_posix())
        emptied.add(folder)
    storage.delete(fingerprint_key(partition))
    storage.delete(fingerprint_key(partition, CLIP_FINGERPRINTS))
    for folder in sorted(emptied, key=len, reverse=True):
        storage.discard_empty(folder)


def _folders_of(storage: Storage, partition: str, aspect: Aspect, records: Sequence[Clip]) -> list[str]:
    """The episode's clip folders, found by their manifests or, if a manifest names no episode, by its clip records."""
    recorded = {PurePosixPath(clip.key).parent.as_posix() for clip in records if clip.aspect is aspect}
    folders = []
    for folder in clip_folders(object_key(partition), aspect):
        manifest = f"{folder}/{MANIFEST}"
        episode = owner(storage, manifest) if storage.exists(manifest) else None
        if episode == partition or (episode is None and folder in recorded):
            folders.append(folder)
    return folders
