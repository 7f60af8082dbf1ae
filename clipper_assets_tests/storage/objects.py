"""Helpers for tests of storages."""

from clipper_assets.storage.base import Storage

KEY = "test1/sample.mp4"


def object_keys(storage: Storage) -> list[str]:
    """Sorted keys of all objects."""
    return sorted(stored.key for stored in storage.list_objects())
