"""Records of finished clips, which save rendering them again."""

from contextlib import suppress

from pydantic import ValidationError

from clipper_assets.clips.looks import Rendition
from clipper_assets.clips.manifest import Clip, Manifest
from clipper_assets.storage.base import Storage
from clipper_assets.storage.hive import hive_folder
from clipper_assets.storage.lake import LAKE

RECORDS = "clip_records"
"""The folder of the lake with the records of all episodes."""


def records_folder(partition: str, below: str = "") -> str:
    """The folder with the records of an episode's clips; `below` is `Rendition.folder`, empty for those of 9:16."""
    return f"{LAKE}/{RECORDS}/{hive_folder(partition)}{below}"


def records_of(storage: Storage, partition: str) -> list[Clip]:
    """The records of an episode's finished clips in every aspect and look; without those of an incompatible version.

    One that is removed meanwhile, with another look of the episode, is left out.
    """
    clips = []
    for stored in storage.list_objects(records_folder(partition)):
        with suppress(ValidationError, FileNotFoundError):
            clips.append(Clip.model_validate_json(storage.read_bytes(stored.key)))
    return clips


def record_key(partition: str, rendition: Rendition, index: int) -> str:
    """Key of a finished clip's record: written last and removed first, so that it always matches the stored file."""
    return f"{records_folder(partition, rendition.folder)}/clip_{index}.json"


def read_record(storage: Storage, partition: str, rendition: Rendition, index: int) -> Clip | None:
    """The record of a finished clip; None if there is none or an incompatible version wrote it."""
    key = record_key(partition, rendition, index)
    try:
        return Clip.model_validate_json(storage.read_bytes(key)) if storage.exists(key) else None
    except ValidationError:
        return None


def recorded(storage: Storage, partition: str, rendition: Rendition, index: int) -> Clip | None:
    """The record of a finished clip, if all its files exist and the video has the recorded size."""
    clip = read_record(storage, partition, rendition, index)
    if clip is None:
        return None
    found = [storage.stat(file) for file in clip.keys]
    whole = all(found) and found[0] is not None and found[0].size_bytes == clip.bytes
    return clip if whole else None


def whole_clips(storage: Storage, manifest: Manifest) -> list[Clip]:
    """The clips of a manifest whose stored files are still those of their records."""
    return [
        clip
        for clip in manifest.clips
        if (record := recorded(storage, manifest.episode, clip.rendition, clip.clip_index))
        and record.sha256 == clip.sha256
    ]
