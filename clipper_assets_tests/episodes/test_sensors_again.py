"""Which uploads the sensor requests again, and which have had their run."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from clipper_assets.episodes.claims import ATTEMPT_TAG, UPLOAD_TAG, Launch, Requester, claim_run, release
from clipper_assets.episodes.discovery.cursor import Cursor
from clipper_assets.storage.s3 import S3Storage
from clipper_assets_tests.episodes.ticks import Ticks

KEY = "test1/sample.mp4"


def test_a_replaced_upload_is_requested_again_for_the_same_episode(ticks: Ticks) -> None:
    ticks.storage.put_bytes(KEY, b"video")
    first = ticks.run_until_settled()
    ticks.storage.put_bytes(KEY, b"another video")
    second = ticks.run_until_settled()
    assert second == [ticks.run_key(KEY)]
    assert second != first
    assert ticks.instance.get_dynamic_partitions("episodes") == [KEY]


def test_an_upload_claimed_by_the_api_waits_for_a_later_tick(ticks: Ticks) -> None:
    ticks.storage.put_bytes(KEY, b"video")
    stored = ticks.storage.stat(KEY)
    assert stored
    assert claim_run(ticks.storage, ticks.instance, stored, Requester.api) == Launch(1)
    assert ticks.run_until_settled() == []
    assert ticks.tick() == []
    release(ticks.storage, stored, 1)
    assert ticks.tick() == [ticks.run_key(KEY)]


def test_an_upload_with_a_run_is_not_requested(ticks: Ticks) -> None:
    ticks.storage.put_bytes(KEY, b"video")
    ticks.instance.add_run(dg.DagsterRun("clip_episode", tags={UPLOAD_TAG: ticks.run_key(KEY)}))
    assert ticks.run_until_settled() == []
    assert ticks.tick() == []


def test_a_repeated_tick_requests_the_same_run(directory_ticks: Ticks) -> None:
    directory_ticks.storage.put_bytes(KEY, b"video")
    assert directory_ticks.tick() == []
    cursor = directory_ticks.cursor
    run_keys = directory_ticks.tick()
    directory_ticks.cursor = cursor
    assert directory_ticks.tick() == run_keys == [directory_ticks.run_key(KEY)]


def test_uploading_the_same_bytes_again_requests_a_new_run(ticks: Ticks, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks.storage.put_bytes(KEY, b"video")
    (first,) = ticks.run_until_settled()
    ticks.instance.add_run(dg.DagsterRun("clip_episode", tags={UPLOAD_TAG: first}, status=dg.DagsterRunStatus.FAILURE))
    content = ticks.storage.fingerprint(KEY)
    ticks.storage.delete(KEY)
    assert ticks.tick() == []
    advance_s3_clock(monkeypatch)
    ticks.storage.put_bytes(KEY, b"video")
    assert ticks.run_until_settled() == [ticks.run_key(KEY)] != [first]
    assert ticks.storage.fingerprint(KEY) == content


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED])
def test_a_file_copied_back_with_its_old_time_is_requested_again_once(
    directory_ticks: Ticks, status: dg.DagsterRunStatus
) -> None:
    ticks, file = directory_ticks, Path(directory_ticks.storage.path(KEY))
    ticks.storage.put_bytes(KEY, b"video")
    (first,) = ticks.run_until_settled()
    tags = {UPLOAD_TAG: first, ATTEMPT_TAG: "1"}
    ticks.instance.add_run(dg.DagsterRun("clip_episode", tags=tags, status=status))
    moved = file.rename(file.with_suffix(".moved"))
    assert ticks.tick() == []
    time.sleep(0.02)  # file systems count time in steps of up to 10 ms, runs do not
    moved.rename(file)
    assert ticks.run_key(KEY) == first
    cursor = ticks.cursor
    assert ticks.run_until_settled() == [f"{first}#2"]
    assert ticks.tick() == []
    ticks.cursor = cursor
    assert ticks.run_until_settled() == [f"{first}#2"], "a repeated tick requests the same run"


def test_a_file_that_returns_after_a_successful_run_is_not_requested_again(directory_ticks: Ticks) -> None:
    ticks, file = directory_ticks, Path(directory_ticks.storage.path(KEY))
    ticks.storage.put_bytes(KEY, b"video")
    (first,) = ticks.run_until_settled()
    ticks.instance.add_run(dg.DagsterRun("clip_episode", tags={UPLOAD_TAG: first}, status=dg.DagsterRunStatus.SUCCESS))
    moved = file.rename(file.with_suffix(".moved"))
    assert ticks.tick() == []
    moved.rename(file)
    assert ticks.run_until_settled() == ticks.tick() == []


def advance_s3_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the clock of S3 two seconds ahead for the uploads that follow."""
    later = datetime.now(UTC) + timedelta(seconds=2)
    monkeypatch.setattr("moto.s3.models.utcnow", lambda: later.replace(tzinfo=None))


def test_cursors_and_tags_of_earlier_releases_request_nothing_again(
    s3_storage: S3Storage, instance: dg.DagsterInstance
) -> None:
    """Earlier releases stored only the ETag, in the cursor and as a run's tag."""
    for key in ("a.mp4", "b.mp4"):
        s3_storage.put_bytes(key, b"video")
    etag = s3_storage.fingerprint("a.mp4")
    ticks = Ticks(s3_storage, instance)
    ticks.cursor = json.dumps({"requested": {"a.mp4": etag}, "settling": {}})
    instance.add_run(dg.DagsterRun("clip_episode", tags={UPLOAD_TAG: f"b.mp4@{etag}"}))
    assert ticks.tick() == []
    assert Cursor.read(ticks.cursor).requested == {}
    s3_storage.put_bytes("a.mp4", b"another video")
    assert ticks.tick() == [ticks.run_key("a.mp4")]


def test_the_run_of_an_earlier_upload_of_the_same_bytes_does_not_count_for_a_later_one(
    s3_storage: S3Storage, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3_storage.put_bytes(KEY, b"video")
    instance.add_run(dg.DagsterRun("clip_episode", tags={UPLOAD_TAG: f"{KEY}@{s3_storage.fingerprint(KEY)}"}))
    monkeypatch.setattr("moto.s3.models.utcnow", lambda: datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=1))
    s3_storage.put_bytes(KEY, b"video")
    ticks = Ticks(s3_storage, instance)
    assert ticks.tick() == [ticks.run_key(KEY)]
