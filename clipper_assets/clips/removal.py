"""Removes everything that was produced for an episode, but not its upload."""

import re
from pathlib import PurePosixPath

from clipper_assets.adverts.fingerprints import fingerprint_key
from clipper_assets.clips.chapter_files import NAMES
from clipper_assets.clips.manifest import clip_folders, owner
from clipper_assets.clips.records import read_record
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
from clipper_assets.shows.clip_options import MAX_CLIPS
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
_CLIP = re.compile(r"clip_[0-9]+\.(mp4|srt|vtt|jpg)|" + "|".join(map(re.escape, NAMES)))


def remove_files(storage: Storage, partition: str) -> None:
    """Remove an episode's clips in every aspect, their manifests and all its tables; can be repeated if interrupted."""
    for aspect in Aspect:
        for folder in _folders_of(storage, partition, aspect):
            for stored in list(storage.list_objects(folder)):
                path = PurePosixPath(stored.key)
                if path.parent.as_posix() == folder and _CLIP.fullmatch(path.name):
                    storage.delete(stored.key)
            storage.delete(f"{folder}/manifest.json")  # last, because it says which episode owns the other files
    for name in LAKE_FOLDERS:
        for stored in list(storage.list_objects(f"{LAKE}/{name}/{hive_folder(partition)}")):
            storage.delete(stored.key)
    storage.delete(fingerprint_key(partition))
    storage.delete(fingerprint_key(partition, CLIP_FINGERPRINTS))


def _folders_of(storage: Storage, partition: str, aspect: Aspect) -> list[str]:
    """The episode's clip folders, found by their manifests or, if a manifest names no episode, by its clip records."""
    records = [read_record(storage, partition, aspect, index) for index in range(MAX_CLIPS)]
    recorded = {PurePosixPath(clip.key).parent.as_posix() for clip in records if clip}
    folders = []
    for folder in clip_folders(object_key(partition), aspect):
        manifest = f"{folder}/manifest.json"
        episode = owner(storage, manifest) if storage.exists(manifest) else None
        if episode == partition or (episode is None and folder in recorded):
            folders.append(folder)
    return folders
