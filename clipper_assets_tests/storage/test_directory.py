import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from clipper_assets.runtime.errors import StorageError
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.storage.objects import KEY, object_keys


def test_links_out_of_the_root_are_neither_read_nor_written_nor_listed(
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
    assert object_keys(storage) == [KEY]


def test_a_link_inside_the_root_is_an_object(storage: DirectoryStorage) -> None:
    storage.put_bytes(KEY, b"x")
    (Path(storage.root) / "again.mp4").symlink_to("test1/sample.mp4")
    assert object_keys(storage) == ["again.mp4", KEY]
    assert storage.read_bytes("again.mp4") == b"x"


def test_files_with_invalid_names_and_broken_links_are_not_listed(storage: DirectoryStorage) -> None:
    root = Path(storage.root)
    (root / "back\\slash.mp4").write_bytes(b"x")
    (root / "dangling.mp4").symlink_to("nowhere.mp4")
    (root / "circle.mp4").symlink_to("circle.mp4")
    storage.put_bytes(KEY, b"x")
    assert object_keys(storage) == [KEY]


@pytest.mark.parametrize("method", ["put_file", "put_bytes", "create"])
def test_a_failed_write_leaves_no_file_and_keeps_the_old_content(
    storage: DirectoryStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    local = tmp_path / "local"
    local.write_bytes(b"new")
    storage.put_bytes("old.mp4", b"old")

    def write_one_byte(*args: Any, **_: Any) -> None:
        """Write one byte and fail like a full disk."""
        file = args[-1] if method == "put_file" else args[0]
        with Path(file).open("wb") as stream:
            stream.write(b"n")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", write_one_byte)
    monkeypatch.setattr(Path, "write_bytes", write_one_byte)
    for key in ("new/new.mp4", "old.mp4"):
        with pytest.raises(OSError, match="No space left"):
            getattr(storage, method)(key, local if method == "put_file" else b"new")
    files = [path.relative_to(storage.root).as_posix() for path in Path(storage.root).rglob("*") if path.is_file()]
    assert files == ["old.mp4"]
    assert storage.read_bytes("old.mp4") == b"old"


def test_readers_see_the_old_or_the_new_object_but_never_a_partial_one(
    storage: DirectoryStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.put_bytes(KEY, b"old")
    seen: list[tuple[bytes, list[str]]] = []
    replace = Path.replace

    def read_before_replacing(temporary: Path, target: Path) -> Path:
        visible = [key for key in object_keys(storage) if not Path(key).name.startswith(".")]
        seen.append((storage.read_bytes(KEY), visible))
        return replace(temporary, target)

    monkeypatch.setattr(Path, "replace", read_before_replacing)
    storage.put_bytes(KEY, b"new")
    assert seen == [(b"old", [KEY])]
    assert storage.read_bytes(KEY) == b"new"


def test_files_are_readable_by_other_users(storage: DirectoryStorage) -> None:
    storage.put_bytes(KEY, b"x")
    assert storage.create("created", b"x")
    assert {(Path(storage.root) / key).stat().st_mode & 0o777 for key in (KEY, "created")} == {0o644}


def test_a_missing_root_lists_no_objects(tmp_path: Path) -> None:
    assert object_keys(DirectoryStorage(root=str(tmp_path / "not-yet"))) == []


def test_listing_an_unreadable_folder_raises(storage: DirectoryStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    storage.put_bytes(KEY, b"x")
    scandir = os.scandir

    def deny(folder: str) -> Any:
        if folder.endswith("test1"):
            raise PermissionError(13, "Permission denied", folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", deny)
    with pytest.raises(PermissionError):
        object_keys(storage)
