"""Pictures of materializations: files in the lake, which Dagster's event log only links to."""

import dagster as dg

from clipper_assets.storage.base import Storage
from clipper_assets.storage.hive import hive_folder
from clipper_assets.storage.lake import LAKE

PICTURES = "pictures"
"""Folder of the lake."""


def store_picture(storage: Storage, episode: str, name: str, png: bytes | None) -> dg.MetadataValue[str | None]:
    """Store the picture `name` of an episode, and return the link for the metadata; None stands for no picture."""
    if png is None:
        return dg.MetadataValue.text("nothing to draw")
    key = f"{LAKE}/{PICTURES}/{hive_folder(episode)}/{name}.png"
    storage.put_bytes(key, png)
    return dg.MetadataValue.url(storage.uri(key))
