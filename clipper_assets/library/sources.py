"""Reads what the rows of an episode are made from, and its version, which is known without reading it."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote

import pyarrow as pa

from clipper_assets.adverts.spans import AD_SPANS_TABLE, read_spans
from clipper_assets.clips.manifest import CLIPS
from clipper_assets.clips.manifests import Finished, manifests_of
from clipper_assets.costs.rows import COSTS
from clipper_assets.edits.adverts import SpanInForce, spans_in_force
from clipper_assets.edits.model import Edits
from clipper_assets.edits.store import latest_edits
from clipper_assets.episodes.source import SOURCE, RawVideo
from clipper_assets.highlights.window import WINDOWS
from clipper_assets.runtime.asset_names import (
    AD_SPANS,
    ALIGNED_TRANSCRIPT,
    CLIP_VARIANTS,
    EPISODE_COSTS,
    HIGHLIGHT_WINDOWS,
    RAW_VIDEO,
    RENDERED_CLIPS,
)
from clipper_assets.storage.base import Storage
from clipper_assets.storage.damaged import DamagedError
from clipper_assets.storage.hive import hive_folder
from clipper_assets.storage.lake import LAKE, stored_table, table_key
from clipper_assets.storage.stored import Stored
from clipper_assets.transcript.words import WORDS

ROWS_VERSION = "1"
"""Part of every version: raise it when `rows` makes other rows of the same sources."""
FOLDERS = (
    RAW_VIDEO,
    ALIGNED_TRANSCRIPT,
    AD_SPANS,
    HIGHLIGHT_WINDOWS,
    RENDERED_CLIPS,
    CLIP_VARIANTS,
    EPISODE_COSTS,
    "edits",
)
"""Folders of the lake that the rows are made from; the manifests change with the tables of clips."""
_EPISODE = "episode="


@dataclass(frozen=True)
class Sources:
    """What the rows of an episode are made from.

    Attributes:
        source: Facts about the upload.
        uploaded_at: When it was uploaded, or its table was written if it is gone.
        words: The words table, as it was recognized.
        windows: The table of windows, as edits leave them.
        spans: Adverts and the like, as edits leave them.
        edits: The newest edits.
        manifests: The finished manifests of its clips.
        finished_at: When the table of the clips was written.
        costs: The table of costs; without rows if nobody collected them.
        version: Hash of the versions of the objects that all this was read from.
    """

    source: RawVideo
    uploaded_at: datetime
    words: pa.Table
    windows: pa.Table
    spans: Sequence[SpanInForce]
    edits: Edits
    manifests: Sequence[Finished]
    finished_at: datetime
    costs: pa.Table
    version: str


def read_sources(storage: Storage, episode: str) -> Sources:
    """Read what the rows of an episode (a partition key) are made from. Raises DamagedError if something is missing."""
    version = version_of(storage, episode)  # first, so that a change while reading gives another version
    source = RawVideo.from_table(stored_table(storage, RAW_VIDEO, SOURCE, episode))
    edits = latest_edits(storage, episode)
    detected = read_spans(stored_table(storage, AD_SPANS, AD_SPANS_TABLE, episode))
    has_costs = storage.exists(table_key(EPISODE_COSTS, COSTS.name, episode))
    clips = _stat(storage, table_key(RENDERED_CLIPS, CLIPS.name, episode), RENDERED_CLIPS)
    upload = storage.stat(source.key) or _stat(storage, table_key(RAW_VIDEO, SOURCE.name, episode), RAW_VIDEO)
    return Sources(
        source=source,
        uploaded_at=upload.changed_at,
        words=stored_table(storage, ALIGNED_TRANSCRIPT, WORDS, episode),
        windows=stored_table(storage, HIGHLIGHT_WINDOWS, WINDOWS, episode),
        spans=spans_in_force(detected, edits),
        edits=edits,
        manifests=manifests_of(storage, episode),
        finished_at=clips.changed_at,
        costs=stored_table(storage, EPISODE_COSTS, COSTS, episode) if has_costs else COSTS.table([]),
        version=version,
    )


def version_of(storage: Storage, episode: str) -> str:
    """The version of an episode's sources now: one listing of each folder, and nothing is read."""
    return _version(
        stored for folder in FOLDERS for stored in storage.list_objects(f"{LAKE}/{folder}/{hive_folder(episode)}")
    )


def versions(storage: Storage) -> dict[str, str]:
    """The versions of all episodes that have clips, by partition key."""
    found: dict[str, list[Stored]] = defaultdict(list)
    for folder in FOLDERS:
        root = f"{LAKE}/{folder}/{_EPISODE}"
        for stored in storage.list_objects(f"{LAKE}/{folder}"):
            if stored.key.startswith(root):
                found[unquote(stored.key.removeprefix(root).partition("/")[0])].append(stored)
    clips = {episode: table_key(RENDERED_CLIPS, CLIPS.name, episode) for episode in found}
    return {
        episode: _version(objects)
        for episode, objects in found.items()
        if any(stored.key == clips[episode] for stored in objects)
    }


def _version(objects: Iterable[Stored]) -> str:
    lines = sorted(f"{stored.key} {stored.version}" for stored in objects)
    return hashlib.sha256("\n".join([ROWS_VERSION, *lines]).encode()).hexdigest()[:16]


def _stat(storage: Storage, key: str, asset: str) -> Stored:
    stored = storage.stat(key)
    if stored is None:
        raise DamagedError(f"{key} is missing; materialize {asset} of the episode again")
    return stored
