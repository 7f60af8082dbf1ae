"""What an episode has in the storage beside its upload, and how that is removed."""

import re
from pathlib import PurePosixPath

from clipper_assets.clips.manifest import clip_folders, owner, read_record
from clipper_assets.episodes.partitions import object_key
from clipper_assets.highlights.windows import MAX_CLIPS
from clipper_assets.media.frame import Aspect
from clipper_assets.storage.base import Storage
from clipper_assets.storage.hive import hive_folder
from clipper_assets.storage.lake import LAKE

LAKE_FOLDERS = (
    "raw_video",
    "speech",
    "aligned_transcript",
    "highlight_windows",
    "scenes",
    "camera_paths",
    "faces",  # of runs before there was a table of scenes
    "rendered_clips",
    "clip_records",
    "edits",
)
"""Folders of the lake that have a folder for each episode; claims of runs are not among them."""
_CLIP = re.compile(r"clip_[0-9]+\.(mp4|srt|vtt|jpg)")


def remove_files(storage: Storage, partition: str) -> None:
    """Removes clips in every aspect, their manifests, and all of the lake; may be repeated where it was cut short."""
    for aspect in Aspect:
        for folder in _own_folders(storage, partition, aspect):
            for stored in list(storage.list_objects(folder)):
                path = PurePosixPath(stored.key)
                if path.parent.as_posix() == folder and _CLIP.fullmatch(path.name):
                    storage.delete(stored.key)
            storage.delete(f"{folder}/manifest.json")  # last, since it says whose the others are
    for name in LAKE_FOLDERS:
        for stored in list(storage.list_objects(f"{LAKE}/{name}/{hive_folder(partition)}")):
            storage.delete(stored.key)


def _own_folders(storage: Storage, partition: str, aspect: Aspect) -> list[str]:
    """Folders of clips whose manifest names the episode, or names none, where there is a record of a clip in them."""
    records = [read_record(storage, partition, aspect, index) for index in range(MAX_CLIPS)]
    recorded = {PurePosixPath(clip.key).parent.as_posix() for clip in records if clip}
    own = []
    for folder in clip_folders(object_key(partition), aspect):
        manifest = f"{folder}/manifest.json"
        named = owner(storage, manifest) if storage.exists(manifest) else None
        if named == partition or (named is None and folder in recorded):
            own.append(folder)
    return own
