"""After an upload is gone for long enough, everything of its episode is removed, and nothing of another one."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clipper_assets.catalogue.garbage import Garbage, find_garbage, remove_gone, remove_leftovers
from clipper_assets.episodes.partitions import partition_key
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.multipart import S3Multipart
from clipper_assets.storage.s3 import S3Storage
from clipper_assets_tests.catalogue.library import BYSTANDERS, Library

START = datetime(2026, 1, 1, 3, tzinfo=UTC)
AFTER_DAYS = 2
KEYS = (
    "a.mp4",
    "a.mov",
    "a.wav",
    "a b.mp4",
    "a/b.mp4",
    "a/b.mp4.mp4",
    "a/b/c.mp4",
    "a/1x1.mp4",
    "a%2Fb.mp4",
    "a,[b].mp4",
    "a/ü…é.mp4",
    "A.mp4",
)
"""Names like each other: in one folder of clips, in folders of each other, with the other's suffix or escape."""

History = Sequence[tuple[str, str, str]]


def look(library: Library, day: int) -> Garbage:
    now = START + timedelta(days=day)
    return find_garbage(library.storage, library.instance, now, timedelta(days=AFTER_DAYS), 1)


def collect(library: Library, day: int) -> list[str]:
    """One daily run of `collect_garbage`; returns the partition keys that were removed."""
    garbage = look(library, day)
    due = garbage.due(START + timedelta(days=day))
    assert [remove_gone(library.storage, library.instance, gone) for gone in due] == [None] * len(due)
    return [gone.partition for gone in due]


def change(library: Library, uploads: set[str], action: str, key: str, other: str) -> None:
    if action != "return" and key in uploads:
        library.storage.delete(key)
        uploads.discard(key)
        if action == "rename":
            library.upload(other)
            uploads.add(other)
    elif action == "return":
        library.upload(key)
        uploads.add(key)


def empty_folders(storage: Storage) -> list[str]:
    """Folders of episodes and of clips in a directory in which nothing lies."""
    if not isinstance(storage, DirectoryStorage):
        return []
    folders = (parent for parent, folders, files in os.walk(storage.root) if not folders and not files)
    return [folder for folder in folders if "episode=" in folder or "/clips" in folder]


def check_history(storage: Storage, keys: Sequence[str], history: History) -> None:
    library = Library(storage, dg.DagsterInstance.ephemeral())
    for key in BYSTANDERS:
        storage.put_bytes(key, b"a person's")
    for key in keys:
        library.upload(key)
        library.make(key)
    uploads, missing = set(keys), dict[str, int]()
    before = library.contents()
    for day, (action, key, other) in enumerate([*history, *AFTER_DAYS * [("none", "", "")]]):
        change(library, uploads, action, key, other)
        removed = collect(library, day)
        missing = {each: missing.get(each, day) for each in library.owned if each not in uploads}
        expected = {each for each, since in missing.items() if day - since >= AFTER_DAYS}
        assert set(removed) == {partition_key(each) for each in expected}
        for each in expected:
            del library.owned[each]
        after = library.contents()
        kept = uploads.union(BYSTANDERS, *library.owned.values())
        assert empty_folders(storage) == []
        assert after.keys() == kept
        assert all(after[each] == before[each] for each in kept & before.keys())
        episodes = {partition_key(each) for each in library.owned}
        assert set(library.instance.get_dynamic_partitions("episodes")) == episodes
        assert library.episodes_with_runs() == episodes


@settings(max_examples=8)
@given(
    st.lists(st.sampled_from(KEYS), min_size=2, max_size=5, unique=True),
    st.lists(
        st.tuples(st.sampled_from(("delete", "rename", "return")), st.sampled_from(KEYS), st.sampled_from(KEYS)),
        max_size=4,
    ),
)
@example(["a.mp4", "a.mov", "a.wav"], [("delete", "a.mp4", "")])
@example(["a/b.mp4", "a%2Fb.mp4", "a/b/c.mp4"], [("delete", "a/b.mp4", ""), ("rename", "a/b/c.mp4", "a/b.mp4")])
@example(["a.mp4", "a b.mp4"], [("delete", "a.mp4", ""), ("return", "a.mp4", ""), ("delete", "a.mp4", "")])
def test_nothing_of_another_episode_is_touched(keys: list[str], history: History) -> None:
    with TemporaryDirectory() as folder:
        check_history(DirectoryStorage(root=folder), keys, history)


def test_s3_is_collected_alike(s3_storage: S3Storage) -> None:
    check_history(s3_storage, ["a/b.mp4", "a/b.mp4.mp4"], [("rename", "a/b.mp4", "a/c.mp4")])


@pytest.fixture
def library(storage: DirectoryStorage, instance: dg.DagsterInstance) -> Library:
    made = Library(storage, instance)
    for key in ("a.mp4", "b.mp4"):
        made.upload(key)
        made.make(key)
    return made


def test_an_interrupted_removal_is_finished_the_next_day(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    library.storage.delete("a.mp4")
    collect(library, 0)
    deleted: list[str] = []
    delete = DirectoryStorage.delete

    def killed_at(number: int) -> None:
        def dying(storage: DirectoryStorage, key: str) -> None:
            if len(deleted) == number:
                raise KeyboardInterrupt
            deleted.append(key)
            delete(storage, key)

        monkeypatch.setattr(DirectoryStorage, "delete", dying)

    for number in (0, 1, 4, 9, 20):
        killed_at(number)
        with pytest.raises(KeyboardInterrupt):
            collect(library, AFTER_DAYS)
    monkeypatch.setattr(DirectoryStorage, "delete", delete)
    assert collect(library, AFTER_DAYS) == ["a.mp4"]
    assert library.contents().keys() == {"b.mp4", *library.owned["b.mp4"]}


def test_what_is_removed_is_said_beforehand(library: Library) -> None:
    library.storage.delete("a.mp4")
    before = library.contents()
    (gone,) = look(library, 0).gone
    assert (gone.partition, gone.edited, gone.since, gone.due) == ("a.mp4", True, START, START + timedelta(days=2))
    owned = library.owned["a.mp4"]
    assert gone.objects == len(owned)
    assert gone.size_bytes == sum(len(before[key]) for key in owned)
    assert library.contents() == before


def test_an_episode_without_partition_and_tables_is_found_by_its_clips(library: Library) -> None:
    library.instance.delete_dynamic_partition("episodes", "a.mp4")
    for key in library.owned["a.mp4"]:
        if key.startswith("lake/"):
            library.storage.delete(key)
    library.storage.delete("a.mp4")
    collect(library, 0)
    assert collect(library, AFTER_DAYS) == ["a.mp4"]
    assert library.contents().keys() == {"b.mp4", *library.owned["b.mp4"]}


def test_a_show_goes_with_its_last_episode(library: Library) -> None:
    library.instance.add_dynamic_partitions("shows", [".", "other"])
    for key in ("a.mp4", "b.mp4"):
        library.storage.delete(key)
        collect(library, 0)
        assert "." in library.instance.get_dynamic_partitions("shows")
        collect(library, AFTER_DAYS)
    assert library.instance.get_dynamic_partitions("shows") == ["other"]


def test_a_partition_that_a_person_added_stays(library: Library) -> None:
    library.instance.add_dynamic_partitions("episodes", ["a note", "clips/x.mp4"])
    assert look(library, 0).gone == []


def test_an_upload_that_returns_or_runs_is_spared_at_the_last_moment(library: Library) -> None:
    library.storage.delete("a.mp4")
    look(library, 0)
    (gone,) = look(library, AFTER_DAYS).due(START + timedelta(days=AFTER_DAYS))
    before = library.contents()
    started = dg.DagsterRun("clip_episode", tags={"dagster/partition": "a.mp4"}, status=dg.DagsterRunStatus.STARTED)
    library.instance.add_run(started)
    assert remove_gone(library.storage, library.instance, gone) == "a run of it is in progress"
    library.upload("a.mp4")
    assert remove_gone(library.storage, library.instance, gone) == "its upload is back"
    assert library.contents() == {**before, "a.mp4": b"recording a.mp4"}


def test_files_of_killed_copies_are_removed_after_a_day(library: Library) -> None:
    root = Path(library.storage.path("a.mp4")).parent
    killed, uploading = root / "show" / ".x1_abcde.part", root / ".uploads" / "0a" / "1.part"
    for file in (killed, uploading, root / "show" / ".my own.part"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"half")
    now = datetime.now(UTC)
    for age, expected in [(timedelta(hours=23), []), (timedelta(hours=25), ["show/.x1_abcde.part"])]:
        garbage = find_garbage(library.storage, library.instance, now + age, timedelta(days=30), 1)
        assert [stored.key for stored in garbage.killed] == expected
        assert garbage.abandoned == []
    remove_leftovers(library.storage, garbage)
    assert sorted(file.name for file in root.rglob("*.part")) == [".my own.part", "1.part"]


def test_an_archived_upload_is_not_gone(s3_storage: S3Storage) -> None:
    library = Library(s3_storage, dg.DagsterInstance.ephemeral())
    library.make("a.mp4")
    s3_storage.client.put_object(**s3_storage.location("a.mp4"), Body=b"x", StorageClass="DEEP_ARCHIVE")
    assert look(library, 0).gone == []


def test_only_multipart_uploads_that_receive_nothing_are_aborted(s3_storage: S3Storage) -> None:
    multipart, instance = S3Multipart(s3_storage), dg.DagsterInstance.ephemeral()
    abandoned, active = (multipart.begin(key, "video/mp4") for key in ("old.mp4", "new.mp4"))
    outside = s3_storage.client.create_multipart_upload(Bucket=s3_storage.bucket, Key="other/old.mp4")["UploadId"]
    part = {"UploadId": active, "PartNumber": 1, "Body": b"x"}
    s3_storage.client.upload_part(**s3_storage.location("new.mp4"), **part)  # type: ignore[arg-type]
    garbage = find_garbage(s3_storage, instance, datetime.now(UTC), timedelta(days=30), 1)
    assert [upload.upload_id for upload in garbage.abandoned] == [abandoned]  # moto says that all began in 2010
    remove_leftovers(s3_storage, garbage)
    left = s3_storage.client.list_multipart_uploads(Bucket=s3_storage.bucket)["Uploads"]
    assert {upload["UploadId"] for upload in left} == {active, outside}


def test_without_the_permission_to_list_multipart_uploads_the_rest_is_found(
    s3_storage: S3Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.exceptions import ClientError

    def denied(*_: object, **__: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "ListMultipartUploads")

    library = Library(s3_storage, dg.DagsterInstance.ephemeral())
    library.upload("a.mp4")
    monkeypatch.setattr(s3_storage.client, "list_multipart_uploads", denied)
    garbage = look(library, 0)
    assert (
        garbage.not_listed
        == "S3 denies ListMultipartUploads (AccessDenied); allow it to the credentials of this service"
    )
