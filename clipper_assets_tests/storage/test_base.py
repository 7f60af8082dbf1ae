import os
import shutil
from itertools import product
from pathlib import Path
from typing import Any

import av
import pytest
from botocore.exceptions import ClientError

from clipper_assets.runtime.errors import StorageError
from clipper_assets.storage.base import Storage, Stored
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.root import storage_at
from clipper_assets.storage.s3 import S3Storage

KEY = "test1/sample.mp4"
AWKWARD = ["a b/ü & (1).mp4", "50%25 + c#d?e=f.mp4", "日本語/🎙.mp4", 'it\'s "here".mp4']
OUTSIDE = ["../x", "/etc/passwd", "", "a//b", "a/../../x", "a/..", "./a", "a/", "a\0b", "..\\x", "a\\b"]


def keys(storage: Storage) -> list[str]:
    return sorted(stored.key for stored in storage.list_objects())


def files(root: str) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in Path(root).rglob("*") if path.is_file())


def test_nothing_is_there_at_first(any_storage: Storage) -> None:
    assert keys(any_storage) == []
    assert any_storage.stat(KEY) is None
    assert not any_storage.exists(KEY)


def test_what_is_put_is_read_listed_and_deleted(any_storage: Storage) -> None:
    for key in (KEY, *AWKWARD):
        any_storage.put_bytes(key, b"moving pictures")
        assert any_storage.read_bytes(key) == b"moving pictures"
        stored = any_storage.stat(key)
        assert stored == Stored(key, 15, stored.version if stored else "")
        assert list(any_storage.list_objects()) == [stored]
        any_storage.delete(key)
        assert keys(any_storage) == []
        assert not any_storage.exists(key)


def test_a_folder_is_listed_without_others_whose_names_begin_alike(any_storage: Storage) -> None:
    for key in ("a/b/1", "a/b/c/2", "a/b2/3", "a/b.json", "ab/4"):
        any_storage.put_bytes(key, b"x")
    assert sorted(stored.key for stored in any_storage.list_objects("a/b")) == ["a/b/1", "a/b/c/2"]
    assert next(iter(any_storage.list_objects("a/b"))) == any_storage.stat("a/b/1")
    assert list(any_storage.list_objects("a/none")) == []
    assert len(keys(any_storage)) == 5


@pytest.mark.parametrize("folder", [key for key in OUTSIDE if key])
def test_a_folder_outside_the_root_is_not_listed(any_storage: Storage, folder: str) -> None:
    with pytest.raises(StorageError, match="does not lie inside the storage root"):
        list(any_storage.list_objects(folder))


def test_deleting_what_is_not_there_is_nothing(any_storage: Storage) -> None:
    any_storage.delete(KEY)
    assert not any_storage.exists(KEY)


def test_put_replaces_and_version_and_fingerprint_tell(any_storage: Storage, tmp_path: Path) -> None:
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


def test_only_the_first_creates(any_storage: Storage) -> None:
    assert any_storage.create("clips/manifest.json", b"first")
    assert not any_storage.create("clips/manifest.json", b"second")
    assert any_storage.read_bytes("clips/manifest.json") == b"first"
    assert keys(any_storage) == ["clips/manifest.json"]


def test_a_local_copy_has_the_content_and_keeps_the_suffix(any_storage: Storage, tmp_path: Path) -> None:
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


def test_the_uri_names_the_object_and_no_credential(any_storage: Storage) -> None:
    uri = any_storage.uri(KEY)
    assert uri.startswith(("file:///", "s3://"))
    assert uri.endswith("/test1/sample.mp4")
    assert not any(secret in uri for secret in ("an-access-key", "a-secret-access-key", "?", "@"))


def test_a_key_outside_the_root_is_refused_by_every_verb(any_storage: Storage, tmp_path: Path) -> None:
    local = tmp_path / "local"
    local.write_bytes(b"x")
    verbs: list[Any] = [
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
    for verb, key in product(verbs, OUTSIDE):
        with pytest.raises(StorageError, match="does not lie inside the storage root"):
            verb(key)
    assert keys(any_storage) == []


def test_a_link_out_of_the_root_is_neither_read_nor_written_nor_listed(
    storage: DirectoryStorage, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.mp4").write_bytes(b"secret")
    (Path(storage.root) / "out").symlink_to(tmp_path / "outside")
    (Path(storage.root) / "out.mp4").symlink_to(tmp_path / "outside" / "secret.mp4")
    for key in ("out/secret.mp4", "out.mp4"):
        with pytest.raises(StorageError, match="leads out of the storage root"):
            storage.read_bytes(key)
        with pytest.raises(StorageError, match="leads out of the storage root"):
            storage.put_bytes(key, b"mine now")
    assert (tmp_path / "outside" / "secret.mp4").read_bytes() == b"secret"
    storage.put_bytes(KEY, b"x")
    assert keys(storage) == [KEY]


def test_a_link_inside_the_root_is_an_object(storage: DirectoryStorage) -> None:
    storage.put_bytes(KEY, b"x")
    (Path(storage.root) / "again.mp4").symlink_to("test1/sample.mp4")
    assert keys(storage) == ["again.mp4", KEY]
    assert storage.read_bytes("again.mp4") == b"x"


def test_names_that_are_no_keys_do_not_spoil_the_listing(storage: DirectoryStorage) -> None:
    root = Path(storage.root)
    (root / "back\\slash.mp4").write_bytes(b"x")
    (root / "dangling.mp4").symlink_to("nowhere.mp4")
    (root / "circle.mp4").symlink_to("circle.mp4")
    storage.put_bytes(KEY, b"x")
    assert keys(storage) == [KEY]


def test_objects_that_are_no_keys_do_not_spoil_the_listing(s3_storage: S3Storage) -> None:
    for name in ("folder/", "a//b.mp4", "../up.mp4", "back\\slash.mp4"):
        s3_storage.client.put_object(Bucket=s3_storage.bucket, Key=s3_storage.prefix + name, Body=b"x")
    s3_storage.client.put_object(Bucket=s3_storage.bucket, Key="team/podcasts-of-others/x.mp4", Body=b"x")
    s3_storage.put_bytes(KEY, b"x")
    assert keys(s3_storage) == [KEY]


def test_a_listing_longer_than_a_page_of_s3_is_whole(s3_storage: S3Storage) -> None:
    def two_at_once(params: dict[str, Any], **_: Any) -> None:
        params["MaxKeys"] = 2

    s3_storage.client.meta.events.register("provide-client-params.s3.ListObjectsV2", two_at_once)
    for number in range(5):
        s3_storage.put_bytes(f"{number}.mp4", b"")
    assert keys(s3_storage) == [f"{number}.mp4" for number in range(5)]


@pytest.mark.parametrize("verb", ["put_file", "put_bytes", "create"])
def test_a_failing_write_leaves_no_trace_and_the_old_content(
    storage: DirectoryStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    local = tmp_path / "local"
    local.write_bytes(b"new")
    storage.put_bytes("old.mp4", b"old")

    def half(*args: Any, **_: Any) -> None:
        """Writes a part of what it should and fails, like a full disk."""
        aside = args[-1] if verb == "put_file" else args[0]
        with Path(aside).open("wb") as stream:
            stream.write(b"n")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", half)
    monkeypatch.setattr(Path, "write_bytes", half)
    for key in ("new/new.mp4", "old.mp4"):
        with pytest.raises(OSError, match="No space left"):
            getattr(storage, verb)(key, local if verb == "put_file" else b"new")
    assert files(storage.root) == ["old.mp4"]
    assert storage.read_bytes("old.mp4") == b"old"


def test_a_reader_meets_the_old_or_the_new_object_but_never_a_part(
    storage: DirectoryStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.put_bytes(KEY, b"old")
    seen: list[tuple[bytes, list[str]]] = []
    replace = Path.replace

    def spied(aside: Path, target: Path) -> Path:
        seen.append((storage.read_bytes(KEY), [key for key in keys(storage) if not Path(key).name.startswith(".")]))
        return replace(aside, target)

    monkeypatch.setattr(Path, "replace", spied)
    storage.put_bytes(KEY, b"new")
    assert seen == [(b"old", [KEY])]
    assert storage.read_bytes(KEY) == b"new"


def test_a_file_is_readable_by_others(storage: DirectoryStorage) -> None:
    storage.put_bytes(KEY, b"x")
    assert storage.create("created", b"x")
    assert {(Path(storage.root) / key).stat().st_mode & 0o777 for key in (KEY, "created")} == {0o644}


def test_a_root_that_is_not_there_yet_holds_nothing(tmp_path: Path) -> None:
    assert keys(DirectoryStorage(root=str(tmp_path / "not-yet"))) == []


def test_a_folder_that_cannot_be_read_is_not_an_empty_one(
    storage: DirectoryStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.put_bytes(KEY, b"x")
    scandir = os.scandir

    def refuse(folder: str) -> Any:
        if folder.endswith("test1"):
            raise PermissionError(13, "Permission denied", folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(PermissionError):
        keys(storage)


def test_a_bucket_that_cannot_be_listed_is_not_an_empty_one(s3_storage: S3Storage) -> None:
    s3_storage.client.delete_bucket(Bucket=s3_storage.bucket)
    with pytest.raises(ClientError, match="NoSuchBucket"):
        keys(s3_storage)


def test_an_error_of_s3_is_not_taken_for_a_missing_object(s3_storage: S3Storage) -> None:
    s3_storage.client.meta.events.register("before-sign.s3.HeadObject", _forbidden)
    with pytest.raises(ClientError, match="403"):
        s3_storage.exists(KEY)
    s3_storage.client.meta.events.register("before-sign.s3.PutObject", _forbidden)
    with pytest.raises(ClientError, match="403"):
        s3_storage.create(KEY, b"x")


def _forbidden(**_: Any) -> None:
    raise ClientError({"Error": {"Code": "403", "Message": "Forbidden"}}, "any")


def test_the_fingerprint_of_a_missing_object_is_a_storage_error(s3_storage: S3Storage) -> None:
    with pytest.raises(StorageError, match="does not exist"):
        s3_storage.fingerprint(KEY)


def test_presigned_urls_are_of_version_4_and_expire(s3_storage: S3Storage) -> None:
    url = s3_storage.media_source(KEY)
    assert "X-Amz-Signature=" in url
    assert "X-Amz-Expires=3600" in url
    assert "a-secret-access-key" not in url


@pytest.mark.parametrize(
    ("root", "prefix"),
    [("s3://bucket", ""), ("s3://bucket/", ""), ("s3://bucket/a/b", "a/b/"), ("s3://bucket/a/", "a/")],
)
def test_an_s3_root_is_a_bucket_and_a_prefix(root: str, prefix: str) -> None:
    storage = storage_at(root, 600)
    assert isinstance(storage, S3Storage)
    assert (storage.bucket, storage.prefix, storage.url_expiry_s) == ("bucket", prefix, 600)


def test_a_directory_root_is_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/somebody")
    assert storage_at("./data", 600) == DirectoryStorage(root=str(tmp_path / "data"))
    assert storage_at("~/data", 600) == DirectoryStorage(root="/home/somebody/data")


@pytest.mark.parametrize("root", ["gs://bucket", "https://bucket.s3.amazonaws.com", "s3://", "S4://x"])
def test_any_other_root_is_refused(root: str) -> None:
    with pytest.raises(StorageError, match="it must be a directory or s3://"):
        storage_at(root, 600)
