"""What both storages, the directory and S3, have in common."""

from itertools import product
from pathlib import Path
from typing import Any

import av
import pytest

from clipper_assets.runtime.errors import StorageError
from clipper_assets.storage.base import Storage
from clipper_assets.storage.stored import Folder, Stored
from clipper_assets_tests.storage.objects import KEY, object_keys

AWKWARD = ["a b/ü & (1).mp4", "50%25 + c#d?e=f.mp4", "日本語/🎙.mp4", 'it\'s "here".mp4']
OUTSIDE = ["../x", "/etc/passwd", "", "a//b", "a/../../x", "a/..", "./a", "a/", "a\0b", "..\\x", "a\\b"]


def test_a_new_storage_is_empty(any_storage: Storage) -> None:
    assert object_keys(any_storage) == []
    assert any_storage.stat(KEY) is None
    assert not any_storage.exists(KEY)


def test_objects_are_written_read_listed_and_deleted(any_storage: Storage) -> None:
    for key in (KEY, *AWKWARD):
        any_storage.put_bytes(key, b"moving pictures")
        assert any_storage.read_bytes(key) == b"moving pictures"
        stored = any_storage.stat(key)
        assert stored == Stored(key, 15, stored.version if stored else "")
        assert list(any_storage.list_objects()) == [stored]
        any_storage.delete(key)
        assert object_keys(any_storage) == []
        assert not any_storage.exists(key)


def test_listing_a_folder_excludes_siblings_with_the_same_prefix(any_storage: Storage) -> None:
    for key in ("a/b/1", "a/b/c/2", "a/b2/3", "a/b.json", "ab/4"):
        any_storage.put_bytes(key, b"x")
    assert sorted(stored.key for stored in any_storage.list_objects("a/b")) == ["a/b/1", "a/b/c/2"]
    assert next(iter(any_storage.list_objects("a/b"))) == any_storage.stat("a/b/1")
    assert list(any_storage.list_objects("a/none")) == []
    assert len(object_keys(any_storage)) == 5


def test_listing_one_folder_excludes_the_folders_inside(any_storage: Storage) -> None:
    for key in ("a/b/1", "a/b/2", "a/b/c/3", "a/b2/4", "5"):
        any_storage.put_bytes(key, b"x")
    folder = any_storage.list_folder("a/b", "", 10)
    assert folder == Folder([stored for key in ("a/b/1", "a/b/2") if (stored := any_storage.stat(key))], complete=True)
    assert [stored.key for stored in any_storage.list_folder("a/b", "2", 10).objects] == ["a/b/2"]
    assert [stored.key for stored in any_storage.list_folder("", "", 10).objects] == ["5"]
    assert any_storage.list_folder("a/none", "", 10) == Folder([], complete=True)


@pytest.mark.parametrize(("at_most", "complete"), [(3, False), (4, True), (5, True)])
def test_listing_one_folder_stops_at_a_number_of_names(any_storage: Storage, at_most: int, complete: bool) -> None:
    for key in ("a/1", "a/2", "a/b/3", "a/b/4", "a/c"):
        any_storage.put_bytes(key, b"x")
    folder = any_storage.list_folder("a", "", at_most)
    assert folder.complete is complete
    assert {stored.key for stored in folder.objects} <= {"a/1", "a/2", "a/c"}


@pytest.mark.parametrize("folder", [key for key in OUTSIDE if key])
def test_listing_a_folder_outside_the_root_is_rejected(any_storage: Storage, folder: str) -> None:
    with pytest.raises(StorageError, match="does not lie inside the storage root"):
        list(any_storage.list_objects(folder))


def test_deleting_a_missing_object_does_nothing(any_storage: Storage) -> None:
    any_storage.delete(KEY)
    assert not any_storage.exists(KEY)


def test_replacing_an_object_changes_its_version_and_fingerprint(any_storage: Storage, tmp_path: Path) -> None:
    any_storage.put_bytes(KEY, b"one")
    before, first = any_storage.stat(KEY), any_storage.fingerprint(KEY)
    (tmp_path / "new").write_bytes(b"three")
    any_storage.put_file(KEY, tmp_path / "new")
    assert any_storage.read_bytes(KEY) == b"three"
    after = any_storage.stat(KEY)
    assert before
    assert after
    assert (before.version, before.size_bytes) != (after.version, after.size_bytes)
    assert any_storage.fingerprint(KEY) != first
    any_storage.put_bytes(KEY, b"one")
    assert any_storage.fingerprint(KEY) == first


def test_a_folder_is_not_an_object(any_storage: Storage) -> None:
    any_storage.put_bytes(KEY, b"x")
    assert any_storage.stat("test1") is None
    assert any_storage.stat(f"{KEY}/below") is None


def test_create_does_not_replace_an_existing_object(any_storage: Storage) -> None:
    assert any_storage.create("clips/manifest.json", b"first")
    assert not any_storage.create("clips/manifest.json", b"second")
    assert any_storage.read_bytes("clips/manifest.json") == b"first"
    assert object_keys(any_storage) == ["clips/manifest.json"]


def test_a_local_copy_has_the_content_and_suffix_of_the_object(any_storage: Storage, tmp_path: Path) -> None:
    any_storage.put_bytes("test1/talk.srt", b"words")
    copy = any_storage.local_copy("test1/talk.srt", tmp_path)
    assert copy.read_bytes() == b"words"
    assert copy.suffix == ".srt"


def test_pyav_opens_the_media_source(any_storage: Storage, cut: Path) -> None:
    for key in (KEY, *AWKWARD):
        any_storage.put_file(key, cut)
        with av.open(any_storage.media_source(key)) as container:
            assert container.duration
            assert container.duration / av.time_base == pytest.approx(10, abs=0.1)


def test_the_uri_contains_the_key_and_no_credentials(any_storage: Storage) -> None:
    uri = any_storage.uri(KEY)
    assert uri.startswith(("file:///", "s3://"))
    assert uri.endswith("/test1/sample.mp4")
    assert not any(secret in uri for secret in ("an-access-key", "a-secret-access-key", "?", "@"))


def test_every_method_rejects_a_key_outside_the_root(any_storage: Storage, tmp_path: Path) -> None:
    local = tmp_path / "local"
    local.write_bytes(b"x")
    methods: list[Any] = [
        any_storage.checked,
        any_storage.uri,
        any_storage.path,
        any_storage.stat,
        any_storage.exists,
        any_storage.read_bytes,
        any_storage.fingerprint,
        any_storage.media_source,
        any_storage.delete,
        lambda key: any_storage.put_bytes(key, b"x"),
        lambda key: any_storage.put_file(key, local),
        lambda key: any_storage.create(key, b"x"),
        lambda key: any_storage.local_copy(key, tmp_path),
    ]
    for method, key in product(methods, OUTSIDE):
        with pytest.raises(StorageError, match="does not lie inside the storage root"):
            method(key)
    assert object_keys(any_storage) == []
