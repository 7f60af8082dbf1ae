"""An episode is a dynamic partition whose key reads like the object key of its upload."""

import re
from urllib.parse import unquote

import dagster as dg

from clipper_assets.storage.hive import escape, hive_folder

episodes = dg.DynamicPartitionsDefinition(name="episodes")

MAX_KEY_BYTES = 220
"""A partition key is one folder name of the lake; file systems allow 255 bytes, the rest is for `episode=`, escapes."""

# What breaks Dagster's partition selection syntax, its tags or a line of log: see `INVALID_PARTITION_SUBSTRINGS` in
# dagster/_core/definitions/partitions/utils/base.py for `...` and control characters; commas, brackets and quotes
# are the UI's own syntax. `%` itself is escaped so that the mapping can be undone.
_UNSAFE_IN_PARTITION = re.compile(r"[%,\[\]\"\x00-\x1f\x7f-\x9f\u2028\u2029]|^\s+|\s+$|\.{3,}")
_SURROGATE = re.compile(r"[\ud800-\udfff]")  # what Python makes of bytes of a file name that are not UTF-8


def partition_key(object_key: str) -> str:
    """The partition of the upload at `object_key` (relative to the storage root).

    Raises ValueError, in one sentence, for an empty key, one that is not UTF-8 and one too long to be a folder name.
    """
    if not object_key:
        raise ValueError("the object key is empty; name a video below the storage root, like test1/sample.mp4")
    if _SURROGATE.search(object_key):
        raise ValueError(f"the object key {object_key!r} is not UTF-8; rename the upload")
    partition = _UNSAFE_IN_PARTITION.sub(escape, object_key)
    if len(hive_folder(partition).encode()) > MAX_KEY_BYTES:
        raise ValueError(
            f"the object key {object_key!r} is too long to be an episode; rename or move the upload so that its key "
            f"has fewer than {MAX_KEY_BYTES} bytes"
        )
    return partition


def object_key(partition: str) -> str:
    """The inverse of `partition_key`."""
    return unquote(partition, errors="strict")
