"""Episodes as dynamic partitions, whose keys resemble the object keys of their uploads."""

import re
import warnings
from urllib.parse import unquote

import dagster as dg

from clipper_assets.runtime.tenant import partition_set
from clipper_assets.storage.hive import escape, hive_folder

EPISODES = partition_set("episodes")
episodes = dg.DynamicPartitionsDefinition(name=EPISODES)

MAX_KEY_BYTES = 220
"""Longest folder name of an episode in the lake. File systems allow 255 bytes; the rest is spare."""

# Characters that break Dagster's partition selection syntax, its tags or a log line: `...` and control characters are
# in `INVALID_PARTITION_SUBSTRINGS` of dagster/_core/definitions/partitions/utils/base.py; commas, brackets and quotes
# are syntax of Dagster's UI. `%` is escaped so that the mapping is reversible.
_UNSAFE_IN_PARTITION = re.compile(r"[%,\[\]\"\x00-\x1f\x7f-\x9f\u2028\u2029]|^\s+|\s+$|\.{3,}")
_SURROGATE = re.compile(r"[\ud800-\udfff]")  # Python decodes file name bytes that are not UTF-8 to these


def per_episode(
    *specs: dg.AssetCheckSpec, partitions_def: dg.PartitionsDefinition[str] = episodes
) -> list[dg.AssetCheckSpec]:
    """The same checks with a status for each partition, instead of one that the latest episode overwrites.

    Every check of an asset of episodes is declared through here, because partitions of checks are in preview in Dagster
    1.13; `return list(specs)` reverts it. Results need no change: Dagster stores the partition of the step with them.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Specifying a partitions_def on an AssetCheckSpec", dg.PreviewWarning)
        return [
            dg.AssetCheckSpec(
                spec.name,
                asset=spec.asset_key,
                description=spec.description,
                blocking=spec.blocking,
                partitions_def=partitions_def,
            )
            for spec in specs
        ]


def is_utf8(object_key: str) -> bool:
    return not _SURROGATE.search(object_key)


def partition_key(object_key: str) -> str:
    """The partition key for the upload at `object_key`, relative to the storage root.

    Raises ValueError, with one sentence, if the object key is empty, not UTF-8 or too long for a folder name.
    """
    if not object_key:
        raise ValueError("the object key is empty; name a video below the storage root, like test1/sample.mp4")
    if not is_utf8(object_key):
        raise ValueError(f"the object key {object_key!r} is not UTF-8; rename the upload")
    partition = escaped(object_key)
    if len(hive_folder(partition).encode()) > MAX_KEY_BYTES:
        raise ValueError(
            f"the object key {object_key!r} is too long for an episode; rename or move the upload so that its key "
            f"has fewer than {MAX_KEY_BYTES} bytes"
        )
    return partition


def escaped(key: str) -> str:
    """The key with everything percent-encoded that Dagster stumbles over."""
    return _UNSAFE_IN_PARTITION.sub(escape, key)


def object_key(partition: str) -> str:
    """The object key for a partition key; the inverse of `partition_key`."""
    return unquote(partition, errors="strict")
