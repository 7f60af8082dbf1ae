"""Shows as dynamic partitions: a show is the folder of its uploads."""

import dagster as dg

from clipper_assets.episodes.partitions import partition_key
from clipper_assets.runtime.tenant import partition_set

shows = dg.DynamicPartitionsDefinition(name=partition_set("shows"))
SHOW_TAG = "clipper/show"
"""Tag of every run of an episode: the partition key of its show."""
ROOT = "."
"""The show of uploads that lie in the storage root itself."""


def show_of(upload: str) -> str:
    """The partition key of the show of an upload (an object key). Raises as `partition_key`."""
    folder = upload.rpartition("/")[0]
    return partition_key(folder) if folder else ROOT
