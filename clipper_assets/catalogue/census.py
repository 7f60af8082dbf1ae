"""Counts what is stored for each episode, in one listing of the storage root."""

import re
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import PurePosixPath
from urllib.parse import unquote

from clipper_assets.clips.folders import MANIFEST, owner
from clipper_assets.clips.looks import LOOKS, look_in
from clipper_assets.clips.records import RECORDS
from clipper_assets.clips.removal import is_clip_file
from clipper_assets.episodes.partitions import object_key, partition_key
from clipper_assets.episodes.uploads import is_upload
from clipper_assets.runtime.asset_names import CLIP_VARIANTS
from clipper_assets.storage.base import Storage
from clipper_assets.storage.lake import LAKE
from clipper_assets.storage.stored import Stored

READERS = 16
"""Manifests that are read at once: S3 answers each in about 20 ms."""
KILLED = timedelta(days=1)
"""A temporary file this old belongs to a copy that was killed; the longest copy takes minutes."""
_EPISODE = re.compile(rf"{LAKE}/(?P<table>[^/]+)/(?:[^/]+/)*?episode=(?P<episode>[^/]+)(?P<below>/|$)")
_TEMPORARY = re.compile(r"\.[a-z0-9_]{8}\.part")
"""Name of the temporary files of `DirectoryStorage`, as `tempfile.mkstemp` makes them."""


@dataclass
class Amount:
    """Objects and their bytes."""

    objects: int = 0
    size_bytes: int = 0

    def add(self, stored: Stored) -> None:
        self.objects += 1
        self.size_bytes += stored.size_bytes

    def include(self, other: "Amount") -> None:
        self.objects += other.objects
        self.size_bytes += other.size_bytes


@dataclass
class Census:
    """What lies below the storage root.

    Attributes:
        uploads: The recordings that exist, archived ones included, by partition key.
        tables: Names of the lake's folders that hold something of an episode, by partition key.
        lake: What the lake holds of an episode, by partition key.
        clips: What the folders of clips hold, by folder.
        manifests: The manifests in these folders, by object key.
        owners: Partition keys of the episodes that own the folders, by folder, as their manifests say.
        looks: What there is of each look of an episode, in folders of clips and in the lake, by look and partition key.
        killed: Keys of temporary files that killed copies left behind.
    """

    uploads: dict[str, Stored] = field(default_factory=dict)
    tables: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    lake: defaultdict[str, Amount] = field(default_factory=lambda: defaultdict(Amount))
    clips: defaultdict[str, Amount] = field(default_factory=lambda: defaultdict(Amount))
    manifests: dict[str, Stored] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    looks: defaultdict[str, defaultdict[str, Amount]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Amount))
    )
    killed: list[Stored] = field(default_factory=list)

    def episodes(self) -> set[str]:
        """Partition keys of the episodes of which the lake or a folder of clips holds something."""
        return {partition for partition in {*self.lake, *self.owners.values()} if is_episode(partition)}

    def clips_of(self, partition: str) -> Amount:
        """What the folders of clips hold of an episode."""
        amounts = [self.clips[folder] for folder, owner in self.owners.items() if owner == partition]
        return Amount(sum(each.objects for each in amounts), sum(each.size_bytes for each in amounts))


def take_census(storage: Storage, now: datetime) -> Census:
    """List a storage root and count its objects; reads the manifests of all clips."""
    census = Census()
    for stored in storage.list_objects():
        path = PurePosixPath(stored.key)
        if _TEMPORARY.fullmatch(path.name):
            if now - stored.changed_at > KILLED:
                census.killed.append(stored)
        elif path.parts[0] == LAKE:
            _count_in_lake(census, stored)
        elif is_upload(stored.key):
            if partition := _partition(stored.key):
                census.uploads[partition] = stored
        elif "clips" in path.parts[:-1] and is_clip_file(path.name):
            census.clips[path.parent.as_posix()].add(stored)
            if path.name == MANIFEST:
                census.manifests[stored.key] = stored
    with ThreadPoolExecutor(READERS) as pool:
        for manifest, episode in zip(
            census.manifests, pool.map(partial(owner, storage), census.manifests), strict=True
        ):
            if episode:
                folder = manifest.removesuffix(f"/{MANIFEST}")
                census.owners[folder] = episode
                if look := look_in(folder):
                    census.looks[look][episode].include(census.clips[folder])
    return census


def is_episode(partition: str) -> bool:
    """Whether an upload can have this partition key; a person can add any other in Dagster."""
    try:
        key = object_key(partition)
        return is_upload(key) and partition_key(key) == partition
    except ValueError:
        return False


def _count_in_lake(census: Census, stored: Stored) -> None:
    match = _EPISODE.match(stored.key)
    if match is None:
        return
    if match["below"]:
        episode = unquote(match["episode"])
        census.tables[episode].add(match["table"])
        if look := _look(match["table"], stored.key[match.end() :]):
            census.looks[look][episode].add(stored)
    else:
        episode = unquote(match["episode"].removesuffix(".bin"))
    census.lake[episode].add(stored)


def _look(table: str, below: str) -> str | None:
    """The look that a file of an episode in the lake belongs to; `below` is its key below the episode's folder."""
    folder, _, rest = below.partition("/")
    if table == CLIP_VARIANTS and folder.startswith("look="):
        return unquote(folder.removeprefix("look="))
    look, _, file = rest.partition("/")
    return look if table == RECORDS and folder == LOOKS and file else None


def _partition(key: str) -> str | None:
    """The partition key of an upload; None for one whose key no episode can have."""
    try:
        return partition_key(key)
    except ValueError:
        return None
