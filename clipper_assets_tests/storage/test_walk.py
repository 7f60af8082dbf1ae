"""Listing a storage without the folders that nobody asked for."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from clipper_assets.episodes.uploads import is_pruned
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.s3 import S3Storage

KEYS = ("a.mp4", "show/b.mp4", "show/clips.mp4", "show/clips0/c.mp4", "show/x/lake/d.mp4", "zoo/e.mp4")
PRUNED = (
    "lake/words/episode=a/f.mp4",
    "clips/g.mp4",
    "show/clips/h.mp4",
    "show/clips/1x1/i.mp4",
    "show/clips/b/4x5/j.mp4",
    "show/.trash/k.mp4",
)


def walked(storage: Storage) -> list[str]:
    return sorted(each.key for each in storage.walk(is_pruned, lambda key: key.endswith(".mp4")))


def test_wanted_objects_outside_pruned_folders_are_listed(any_storage: Storage) -> None:
    for key in (*KEYS, *PRUNED, "show/b.srt"):
        any_storage.put_bytes(key, b"x")
    assert walked(any_storage) == sorted(KEYS)
    listed = next(iter(any_storage.walk(is_pruned, lambda key: key == "show/b.mp4")))
    assert listed.stored == any_storage.stat("show/b.mp4")


def test_a_walk_skips_what_a_listing_skips(storage: DirectoryStorage, tmp_path: Path) -> None:
    root = Path(storage.root)
    (tmp_path / "secret.mp4").write_bytes(b"x")
    (root / "out.mp4").symlink_to(tmp_path / "secret.mp4")
    (root / "dangling.mp4").symlink_to("nowhere.mp4")
    (root / "circle.mp4").symlink_to("circle.mp4")
    (root / "back\\slash.mp4").write_bytes(b"x")
    (root / "folder.mp4").mkdir()
    storage.put_bytes("a.mp4", b"x")
    (root / "again.mp4").symlink_to("a.mp4")
    (root / "folder").symlink_to(tmp_path)
    assert walked(storage) == ["a.mp4", "again.mp4"]
    assert walked(DirectoryStorage(root=str(tmp_path / "not-yet"))) == []


def test_a_walk_opens_no_pruned_folder_and_raises_if_another_cannot_be_read(
    storage: DirectoryStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in (*KEYS, *PRUNED):
        storage.put_bytes(key, b"x")
    opened: list[str] = []
    scandir = os.scandir

    def recorded(folder: Path) -> Any:
        opened.append(folder.relative_to(storage.root).as_posix())
        if folder.name == "zoo":
            raise PermissionError(13, "Permission denied", folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", recorded)
    with pytest.raises(PermissionError):
        walked(storage)
    monkeypatch.undo()
    assert set(opened) <= {".", "show", "show/clips0", "show/x", "show/x/lake", "zoo"}
    assert walked(storage) == sorted(KEYS)


def test_a_renamed_folder_changes_the_files_in_it(storage: DirectoryStorage) -> None:
    storage.put_bytes("show/season/a.mp4", b"x")
    (before,) = storage.walk(is_pruned, lambda _: True)
    time.sleep(0.02)  # file systems count time in steps of up to 10 ms
    (Path(storage.root) / "show").rename(Path(storage.root) / "renamed")
    (after,) = storage.walk(is_pruned, lambda _: True)
    assert after.key == "renamed/season/a.mp4"
    assert after.version == before.version
    assert after.changed_ns > before.changed_ns


def test_a_link_to_another_old_file_is_a_change(storage: DirectoryStorage) -> None:
    for name, content in (("b", b"other"), ("a", b"x")):
        storage.put_bytes(f"takes/{name}.mkv", content)
    link = Path(storage.root) / "talk.mp4"
    link.symlink_to("takes/a.mkv")
    (before,) = storage.walk(is_pruned, lambda key: key.endswith(".mp4"))
    time.sleep(0.02)
    link.unlink()
    link.symlink_to("takes/b.mkv")
    (after,) = storage.walk(is_pruned, lambda key: key.endswith(".mp4"))
    assert after.version != before.version
    assert after.changed_ns > before.changed_ns


@pytest.fixture
def lists(s3_storage: S3Storage) -> list[str]:
    """Where each LIST of the storage starts; a page holds two keys."""
    starts: list[str] = []

    def record(params: dict[str, Any], **_: object) -> None:
        starts.append(params.get("StartAfter", "").removeprefix(s3_storage.prefix))
        params["MaxKeys"] = 2

    s3_storage.client.meta.events.register("provide-client-params.s3.ListObjectsV2", record)
    return starts


def test_a_listing_of_s3_jumps_over_pruned_folders_where_a_page_ends(s3_storage: S3Storage, lists: list[str]) -> None:
    for key in (*KEYS, *PRUNED, *(f"lake/{number}.mp4" for number in range(9))):
        s3_storage.put_bytes(key, b"x")
    lists.clear()
    assert walked(s3_storage) == sorted(KEYS)
    assert [start for start in lists if start.startswith("lake")] == ["lake/\U0010ffff"]
    assert len(lists) <= len(KEYS) + len(PRUNED)


def test_a_key_behind_all_others_of_a_pruned_folder_does_not_stop_a_listing(
    s3_storage: S3Storage, lists: list[str]
) -> None:
    for key in ("lake/a.mp4", *(f"lake/\U0010ffff{number}.mp4" for number in range(4)), "z.mp4"):
        s3_storage.put_bytes(key, b"x")
    assert walked(s3_storage) == ["z.mp4"]


def test_a_listing_of_s3_goes_on_behind_a_page(s3_storage: S3Storage, lists: list[str]) -> None:
    for key in (*KEYS, *PRUNED):
        s3_storage.put_bytes(key, b"x")
    after, keys = "", list[str]()
    while True:
        page = next(s3_storage.walk_pages(is_pruned, lambda _: True, after))
        keys += [each.key for each in page.objects]
        if page.last is None:
            break
        after = page.last
    assert keys == sorted(KEYS)
