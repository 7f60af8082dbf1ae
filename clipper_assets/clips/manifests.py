"""All manifests of an episode: of its clips in every aspect, and in every look."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from pathlib import PurePosixPath
from typing import NamedTuple

from pydantic import ValidationError

from clipper_assets.clips.folders import MANIFEST, manifest_key
from clipper_assets.clips.looks import Rendition
from clipper_assets.clips.manifest import Clip, Manifest, read_manifest
from clipper_assets.clips.records import records_folder
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.frame import Aspect
from clipper_assets.storage.base import Storage
from clipper_assets.storage.damaged import DamagedError


class Finished(NamedTuple):
    """A finished manifest, and when it was written."""

    manifest: Manifest
    at: datetime


def manifests_of(storage: Storage, partition: str) -> list[Finished]:
    """The finished manifests of an episode that have clips, in every aspect and look.

    They are found by the records of the clips. Raises DamagedError if a manifest cannot be read.
    """
    folder = records_folder(partition)
    records: dict[str, list[str]] = defaultdict(list)
    for stored in storage.list_objects(folder):
        records[str(PurePosixPath(stored.key).parent.relative_to(folder))].append(stored.key)
    found: list[Finished] = []
    for _, keys in sorted(records.items()):
        clip = _first(storage, keys)
        if clip is None:
            continue
        key = str(PurePosixPath(clip.key).with_name(MANIFEST))
        manifest, written = read_manifest(storage, key), storage.stat(key)
        if manifest.episode == partition and manifest.status == "done" and written:
            found.append(Finished(manifest, written.changed_at))
    return found


def manifests_beside(
    storage: Storage, source: RawVideo, aspect: Aspect, warn: Callable[[str], None]
) -> dict[Aspect, tuple[str, Manifest]]:
    """Key and content of the finished manifests of the same upload in the other aspects, without those of looks.

    One that cannot be read is left out with a warning: the clips of this aspect do not need it.
    """
    found: dict[Aspect, tuple[str, Manifest]] = {}
    for other in (each for each in Aspect if each is not aspect):
        key = manifest_key(storage, source.key, source.episode, Rendition(other))
        if key is None:
            continue
        try:
            manifest = read_manifest(storage, key)
        except DamagedError as damaged:
            warn(str(damaged))
            continue
        if manifest.status == "done" and manifest.source.etag == source.etag:
            found[other] = key, manifest
    return found


def _first(storage: Storage, records: list[str]) -> Clip | None:
    """The first clip whose record can be read; None if an incompatible version wrote them."""
    for key in sorted(records):
        try:
            return Clip.model_validate_json(storage.read_bytes(key))
        except (ValidationError, FileNotFoundError):
            continue
    return None
