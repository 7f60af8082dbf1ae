"""Pictures of materializations."""

import dagster as dg

from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.pictures import store_picture


def test_a_picture_is_stored_in_the_lake_and_linked(storage: DirectoryStorage) -> None:
    link = store_picture(storage, "show/a.mp4", "pace", b"png")
    key = "lake/pictures/episode=show%2Fa.mp4/pace.png"
    assert storage.read_bytes(key) == b"png"
    assert link == dg.MetadataValue.url(storage.uri(key))


def test_without_a_picture_nothing_is_stored(storage: DirectoryStorage) -> None:
    assert store_picture(storage, "show/a.mp4", "pace", None) == dg.MetadataValue.text("nothing to draw")
    assert list(storage.list_objects()) == []
