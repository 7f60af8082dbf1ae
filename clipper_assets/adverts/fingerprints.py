"""The text of a show's episodes as fingerprints, by which an episode finds what it shares with the others.

Each episode writes one small object, `lake/ad_fingerprints/show=<folder>/episode=<key>.bin`: the hashes of its shingles
(see repeats.py), without the text; 40 kB for 10,000 words. So adding an episode changes no other, and runs of one show
do not wait for each other.

MinHash (datasketch 2.0, windows of 20 and 40 words, 64 and 128 permutations) was measured on two episodes of one show.
It found 1.1 to 1.3 times as many words of the adverts that both have, but took 5 to 14 times as many other words for
them, in 4 to 14 times as many bytes. The sentences that it finds in addition have cues around them anyway.
"""

import struct
import zlib
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from clipper_assets.episodes.partitions import object_key
from clipper_assets.runtime.asset_names import AD_SPANS
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.storage.base import Storage
from clipper_assets.storage.hive import hive_folder, hive_value
from clipper_assets.storage.lake import LAKE

FOLDER = f"{LAKE}/ad_fingerprints"
MOST_EPISODES = 50
"""Other episodes that are read, the newest first: adverts change within weeks, intros and outros are in all."""
MOST_NAMES = 5000
MOST_SHINGLES = 250_000
"""Most shingles of a fingerprint: a day of speech has this many. Of more, the smallest hashes are a fair sample."""
_MAGIC, _HEADER = b"shng", struct.Struct("<4sI")
"""A fingerprint is the magic, the CRC-32 of what follows, and the sorted hashes, all little-endian."""
_MOST_BYTES = 4 * MOST_SHINGLES + _HEADER.size


@dataclass(frozen=True)
class Fingerprints:
    """The hashes of other episodes of a show, and the keys of fingerprints that could not be read."""

    hashes: list[NDArray[np.uint32]] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class OtherEpisodes:
    """The shingles of other episodes of a show, and what could not be read."""

    shingles: list[NDArray[np.uint32]] = field(default_factory=list)
    degraded: list[Degraded] = field(default_factory=list)


def fingerprint_key(episode: str, folder: str = FOLDER) -> str:
    """Object key of an episode's fingerprint; `episode` is its partition key."""
    return f"{_show_folder(episode, folder)}/{hive_folder(episode)}.bin"


def fingerprint_bytes(hashes: NDArray[np.uint32]) -> bytes:
    """The content of a fingerprint."""
    data = np.unique(hashes)[:MOST_SHINGLES].astype("<u4").tobytes()
    return _HEADER.pack(_MAGIC, zlib.crc32(data)) + data


def save_fingerprint(storage: Storage, episode: str, hashes: NDArray[np.uint32]) -> None:
    """Store the fingerprint of an episode, or replace it."""
    storage.put_bytes(fingerprint_key(episode), fingerprint_bytes(hashes))


def load_others(storage: Storage, episode: str) -> OtherEpisodes:
    """The fingerprints of the newest other episodes in the folder of an episode's upload."""
    found = load_fingerprints(storage, episode)
    return OtherEpisodes(
        found.hashes,
        [
            Degraded(
                AD_SPANS,
                f"the fingerprint {key} is damaged, so adverts were not compared with that episode; "
                "materialize ad_spans of it with `afresh: true`",
            )
            for key in found.damaged
        ],
    )


def load_fingerprints(
    storage: Storage, episode: str, folder: str = FOLDER, before: datetime | None = None
) -> Fingerprints:
    """The fingerprints in a folder of the newest other episodes of the show; only those written before a time."""
    listed = storage.list_folder(_show_folder(episode, folder), "", MOST_NAMES).objects
    others = [
        stored
        for stored in listed
        if stored.key != fingerprint_key(episode, folder) and (before is None or stored.changed_at < before)
    ]
    loaded = Fingerprints()
    for stored in sorted(others, key=lambda stored: stored.changed_at, reverse=True)[:MOST_EPISODES]:
        try:
            loaded.hashes.append(_read(storage.read_bytes(stored.key, _MOST_BYTES + 1)))
        except FileNotFoundError:
            continue  # its episode was removed just now
        except ValueError:
            loaded.damaged.append(stored.key)
    return loaded


def _read(data: bytes) -> NDArray[np.uint32]:
    """Raises ValueError if the data is not a fingerprint."""
    if not _HEADER.size <= len(data) <= _MOST_BYTES or len(data) % 4:
        raise ValueError("wrong size")
    magic, checksum = _HEADER.unpack_from(data)
    if magic != _MAGIC or checksum != zlib.crc32(data[_HEADER.size :]):
        raise ValueError("wrong header")
    return np.frombuffer(data, dtype="<u4", offset=_HEADER.size).astype(np.uint32)


def _show_folder(episode: str, folder: str) -> str:
    return f"{folder}/show={hive_value(object_key(episode).rpartition('/')[0])}"
