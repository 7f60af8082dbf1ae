import json
import os
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from botocore.exceptions import ClientError

from clipper_assets.episodes.claims import ATTEMPT_TAG, UPLOAD_TAG, Launch, Requester, claim_run, release
from clipper_assets.episodes.discovery.cursor import Cursor
from clipper_assets.episodes.discovery.requests import REQUESTS_PER_TICK
from clipper_assets.episodes.sensors import build_new_uploads
from clipper_assets.job import clip_episode
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.s3 import S3Storage
from clipper_assets.storage.stored import Listed
from clipper_assets_tests.support.sensors import observe_nothing

KEY = "test1/sample.mp4"


class Ticks:
    """Runs the sensor on one storage and instance; each tick gets the cursor of the previous one."""

    def __init__(self, storage: Storage, instance: dg.DagsterInstance):
        self.storage, self.instance = storage, instance
        self.cursor: str | None = None
        self.sensor = build_new_uploads(clip_episode, 15, observe_nothing)

    def tick(self) -> list[str]:
        """Run one tick, add the partitions that it requests and return the run keys that it requests."""
        with dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, resources={"storage": self.storage}
        ) as context:
            result = self.sensor(context)
        assert isinstance(result, dg.SensorResult)
        self.cursor = result.cursor
        for request in result.dynamic_partitions_requests or []:
            assert isinstance(request, dg.AddDynamicPartitionsRequest)
            self.instance.add_dynamic_partitions(request.partitions_def_name, list(request.partition_keys))
        partitions = [request.partition_key for request in result.run_requests or []]
        assert set(partitions) <= set(self.instance.get_dynamic_partitions("episodes"))
        assert bool(partitions) != bool(result.skip_reason)
        return [str(request.run_key) for request in result.run_requests or []]

    def run_until_settled(self) -> list[str]:
        """Run as many ticks as an unchanged upload needs: one for S3, two for a directory."""
        first = self.tick()
        if not isinstance(self.storage, DirectoryStorage):
            return first
        assert first == []
        return self.tick()

    def run_key(self, key: str) -> str:
        stored = self.storage.stat(key)
        assert stored
        return f"{key}@{stored.version}"


@pytest.fixture
def ticks(any_storage: Storage, instance: dg.DagsterInstance) -> Ticks:
    return Ticks(any_storage, instance)


@pytest.fixture
def directory_ticks(storage: DirectoryStorage, instance: dg.DagsterInstance) -> Ticks:
    return Ticks(storage, instance)


def test_an_upload_is_requested_once_with_its_version_as_run_key(ticks: Ticks) -> None:
    assert ticks.tick() == []
    ticks.storage.put_bytes(KEY, b"video")
    assert ticks.run_until_settled() == [ticks.run_key(KEY)]
    assert ticks.instance.get_dynamic_partitions("episodes") == [KEY]
    assert ticks.tick() == []


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


def test_only_recordings_are_requested(ticks: Ticks) -> None:
    for key in ("lake/raw_video/a.mp4", "test1/clips/clip_0.mp4", ".a.mp4", "a.mp4.part", "test1/sample.srt"):
        ticks.storage.put_bytes(key, b"x")
    ticks.storage.put_bytes("test1/Sample.MP4", b"video")
    ticks.storage.put_bytes("test1/Sample.wav", b"its sound")
    ticks.storage.put_bytes("test1/talk.mp3", b"sound")
    assert ticks.run_until_settled() == [ticks.run_key("test1/Sample.MP4"), ticks.run_key("test1/talk.mp3")]


def test_the_partition_key_of_an_upload_is_escaped(ticks: Ticks) -> None:
    ticks.storage.put_bytes("a, [b]...mp4.mp4", b"video")
    ticks.run_until_settled()
    assert ticks.instance.get_dynamic_partitions("episodes") == ["a%2C %5Bb%5D%2E%2E%2Emp4.mp4"]


def test_shows_are_registered_with_their_episodes_and_those_of_earlier_releases_too(ticks: Ticks) -> None:
    ticks.instance.add_dynamic_partitions("episodes", ["earlier/a.mp4"])
    for key in ("root.mp4", "team/show/a.mp4", "team/show/b.mp4"):
        ticks.storage.put_bytes(key, b"video")
    ticks.run_until_settled()
    assert sorted(ticks.instance.get_dynamic_partitions("shows")) == [".", "earlier", "team/show"]


def test_a_key_too_long_for_an_episode_does_not_block_other_uploads(ticks: Ticks) -> None:
    ticks.storage.put_bytes("/".join(["long"] * 60) + ".mp4", b"video")
    ticks.storage.put_bytes(KEY, b"video")
    assert ticks.run_until_settled() == [ticks.run_key(KEY)]


def test_a_growing_file_is_requested_when_it_stops_growing(directory_ticks: Ticks) -> None:
    directory_ticks.storage.put_bytes(KEY, b"vi")
    assert directory_ticks.tick() == []
    directory_ticks.storage.put_bytes(KEY, b"vide")
    assert directory_ticks.tick() == []
    directory_ticks.storage.put_bytes(KEY, b"video")
    assert directory_ticks.tick() == []
    assert directory_ticks.tick() == [directory_ticks.run_key(KEY)]


def test_a_file_name_that_is_not_utf8_does_not_block_other_uploads(directory_ticks: Ticks) -> None:
    storage = directory_ticks.storage
    assert isinstance(storage, DirectoryStorage)
    (Path(storage.root) / os.fsdecode(b"\xff.mp4")).write_bytes(b"video")
    storage.put_bytes(KEY, b"video")
    assert directory_ticks.run_until_settled() == [directory_ticks.run_key(KEY)]


def test_an_input_comes_again_until_all_of_its_show_is_observed(directory_ticks: Ticks) -> None:
    parts = [[dg.AssetObservation("sidecars", partition=key)] for key in ("a.mp4", "b.mp4")]
    calls: list[list[str]] = []

    def observe(_: object, storage: Storage, keys: Collection[str]) -> Sequence[dg.AssetObservation]:
        calls.append(list(keys))
        return parts.pop(0) if parts else []

    directory_ticks.sensor = build_new_uploads(clip_episode, 15, observe)
    directory_ticks.tick()
    directory_ticks.storage.put_bytes("show.toml", b"")
    for _ in range(5):
        directory_ticks.tick()
    assert calls == [["show.toml"]] * 3


def test_a_large_first_listing_is_requested_over_several_ticks(directory_ticks: Ticks) -> None:
    for number in range(REQUESTS_PER_TICK + 5):
        directory_ticks.storage.put_bytes(f"{number}.mp4", b"video")
    assert len(directory_ticks.run_until_settled()) == REQUESTS_PER_TICK
    assert len(directory_ticks.tick()) == 5
    assert directory_ticks.tick() == []


def test_a_missing_directory_has_no_uploads(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    ticks = Ticks(DirectoryStorage(root=str(tmp_path / "not-yet")), instance)
    assert ticks.tick() == []
    ticks.storage.put_bytes(KEY, b"video")
    assert ticks.run_until_settled() == [ticks.run_key(KEY)]


def test_a_failed_s3_listing_fails_the_tick(s3_storage: S3Storage, instance: dg.DagsterInstance) -> None:
    ticks = Ticks(s3_storage, instance)
    s3_storage.client.delete_bucket(Bucket=s3_storage.bucket)
    with pytest.raises(ClientError, match="NoSuchBucket"):
        ticks.tick()


def test_a_listing_that_fails_half_way_does_not_change_the_cursor(
    directory_ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Flaky(DirectoryStorage):
        def walk(self, pruned: Callable[[str], bool], wanted: Callable[[str], bool]) -> Iterator[Listed]:
            yield Listed(KEY, 1, "1", 1)
            raise TimeoutError("the network file system went away")

    directory_ticks.storage = Flaky(root="/nonexistent")
    with pytest.raises(TimeoutError):
        directory_ticks.tick()
    assert directory_ticks.cursor is None


def test_the_sensor_is_on_by_default_and_requests_clip_episode() -> None:
    sensor: Any = build_new_uploads(clip_episode, 15, observe_nothing)
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
    assert sensor.minimum_interval_seconds == 15
    assert sensor.job_name == "clip_episode"
