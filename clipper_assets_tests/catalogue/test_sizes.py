import errno
from datetime import UTC, datetime

import dagster as dg
import pytest

from clipper_assets.catalogue.census import take_census
from clipper_assets.catalogue.orphans import orphans
from clipper_assets.catalogue.sizes import stored_sizes
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.catalogue.library import BYSTANDERS, Library


def test_sizes_are_those_of_the_files_of_episodes(storage: DirectoryStorage, instance: dg.DagsterInstance) -> None:
    library = Library(storage, instance)
    for key in ("a.mp4", "b.mp4"):
        library.upload(key)
        library.make(key)
    of_episodes = library.contents()
    for key in BYSTANDERS:
        storage.put_bytes(key, b"a person's")
    sizes = stored_sizes(take_census(storage, datetime.now(UTC)))
    assert sizes["upload_bytes"] == len(b"recording a.mp4") * 2
    assert sum(sizes.values()) == sum(map(len, of_episodes.values()))
    assert sizes["lake_bytes"] == sum(len(data) for key, data in of_episodes.items() if key.startswith("lake/"))


@pytest.mark.parametrize("content", [b"[" * 200_000, b'{"name": "web app"}', b'{"episode": ["a.mp4"]}', b"\xff"])
def test_a_manifest_of_other_software_names_no_episode(storage: DirectoryStorage, content: bytes) -> None:
    storage.put_bytes("a/clips/manifest.json", content)
    census = take_census(storage, datetime.now(UTC))
    assert census.owners == {}
    assert orphans(census, []) == ["a/clips/ has clips, but no manifest.json that names their episode"]


def test_a_manifest_that_is_removed_during_the_census_names_no_episode(
    storage: DirectoryStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.put_bytes("a/clips/manifest.json", b"{}")

    def removed(_: DirectoryStorage, key: str, at_most: int | None = None) -> bytes:
        raise FileNotFoundError(errno.ENOENT, "No such file", key)

    monkeypatch.setattr(DirectoryStorage, "read_bytes", removed)
    assert take_census(storage, datetime.now(UTC)).owners == {}
