import json
import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.episodes.claims import ATTEMPT_TAG, UPLOAD_TAG, Asker, Launch, release, take
from clipper_assets.episodes.sensors import (
    KEPT_GONE,
    REQUESTS_PER_TICK,
    Seen,
    build_new_uploads,
    decide,
)
from clipper_assets.job import clip_episode
from clipper_assets.storage.base import Storage, Stored
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.s3 import S3Storage

KEY = "test1/sample.mp4"


def listing(**versions: str) -> list[Stored]:
    return [Stored(key, 1, version) for key, version in versions.items()]


def requested(found: list[Stored]) -> list[tuple[str, str]]:
    return [(stored.key, stored.version) for stored in found]


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, str]]:
    """What a few ticks see: uploads come, stay, are replaced (never by an older version) and go."""
    fresh = count()
    there: dict[str, str] = {}
    ticks = []
    for _ in range(draw(st.integers(1, 12))):
        for key in "abcd":
            happening = draw(st.sampled_from(["stays", "changes", "goes"]))
            if happening == "changes":
                there[key] = str(next(fresh))
            elif happening == "goes":
                there.pop(key, None)
        ticks.append(dict(there))
    return ticks


@given(histories(), st.booleans(), st.integers(1, 3))
def test_each_version_that_stays_is_requested_once(history: list[dict[str, str]], settle: bool, limit: int) -> None:
    requests: Counter[tuple[str, str]] = Counter()
    seen = Seen()
    # The last listing stays for as many ticks as the limit needs, and one more to settle.
    for there in [*history, *[history[-1]] * 5]:
        found, seen = decide(listing(**there), seen, settle=settle, limit=limit)
        seen = Seen.from_cursor(seen.to_cursor())
        assert len(found) <= limit
        assert set(requested(found)) <= set(there.items())
        assert {**seen.requested, **seen.settling} == there
        requests.update(requested(found))
    assert all(times == 1 for times in requests.values())
    assert set(history[-1].items()) <= set(requests)


@given(histories())
def test_with_settle_a_version_is_requested_only_if_two_ticks_running_saw_it(history: list[dict[str, str]]) -> None:
    seen, before = Seen(), dict[str, str]()
    for there in history:
        found, seen = decide(listing(**there), seen, settle=True, limit=100)
        assert all(before.get(stored.key) == stored.version for stored in found)
        before = there


def test_without_settle_an_upload_is_requested_on_the_tick_that_sees_it() -> None:
    found, seen = decide(listing(a="1", b="1"), Seen(), settle=False, limit=100)
    assert requested(found) == [("a", "1"), ("b", "1")]
    assert decide(listing(a="1", b="2"), seen, settle=False, limit=100)[0] == listing(b="2")


def test_an_upload_that_comes_back_is_requested_again() -> None:
    _, seen = decide(listing(a="1"), Seen(), settle=False, limit=100)
    _, seen = decide([], seen, settle=False, limit=100)
    assert seen == Seen(gone={"a": "1"})
    assert decide(listing(a="1"), seen, settle=False, limit=100)[0] == listing(a="1")


def test_only_the_last_uploads_that_are_gone_are_remembered() -> None:
    many = {str(number): "1" for number in range(KEPT_GONE + 1)}
    _, seen = decide([], Seen(requested=many), settle=False, limit=100)
    assert list(seen.gone) == list(many)[1:]
    _, seen = decide([], Seen(requested={"2": "2"}, gone=seen.gone), settle=False, limit=100)
    assert list(seen.gone.items())[-1] == ("2", "2")


def test_a_cursor_holds_any_key() -> None:
    seen = Seen({'日本語 "x"\n.mp4': "1"}, {"b": "2"}, {"c": "3"})
    assert Seen.from_cursor(seen.to_cursor()) == seen
    assert Seen.from_cursor(None) == Seen()


class Ticks:
    """The sensor on one storage and instance; each tick has the cursor that the one before left."""

    def __init__(self, storage: Storage, instance: dg.DagsterInstance):
        self.storage, self.instance = storage, instance
        self.cursor: str | None = None
        self.sensor = build_new_uploads(clip_episode, 15)

    def tick(self) -> list[str]:
        """The run keys that this tick requests; the partitions that it adds are added."""
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

    def settled(self) -> list[str]:
        """A second tick where the storage is a directory: the first only sees the file."""
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


def test_an_upload_is_requested_once_by_its_version(ticks: Ticks) -> None:
    assert ticks.tick() == []
    ticks.storage.put_bytes(KEY, b"video")
    assert ticks.settled() == [ticks.run_key(KEY)]
    assert ticks.instance.get_dynamic_partitions("episodes") == [KEY]
    assert ticks.tick() == []


def test_a_replaced_upload_is_requested_again_as_the_same_episode(ticks: Ticks) -> None:
    ticks.storage.put_bytes(KEY, b"video")
    first = ticks.settled()
    ticks.storage.put_bytes(KEY, b"another video")
    second = ticks.settled()
    assert second == [ticks.run_key(KEY)]
    assert second != first
    assert ticks.instance.get_dynamic_partitions("episodes") == [KEY]


def test_an_upload_that_the_api_is_at_stays_for_the_next_tick(ticks: Ticks) -> None:
    ticks.storage.put_bytes(KEY, b"video")
    stored = ticks.storage.stat(KEY)
    assert stored
    assert take(ticks.storage, ticks.instance, stored, Asker.api) == Launch(1)
    assert ticks.settled() == []
    assert ticks.tick() == []
    release(ticks.storage, stored, 1)
    assert ticks.tick() == [ticks.run_key(KEY)]


def test_an_upload_that_has_a_run_is_not_requested(ticks: Ticks) -> None:
    ticks.storage.put_bytes(KEY, b"video")
    ticks.instance.add_run(dg.DagsterRun("clip_episode", tags={UPLOAD_TAG: ticks.run_key(KEY)}))
    assert ticks.settled() == []
    assert ticks.tick() == []


def test_a_tick_that_the_daemon_repeats_requests_the_same_run(directory_ticks: Ticks) -> None:
    directory_ticks.storage.put_bytes(KEY, b"video")
    assert directory_ticks.tick() == []
    before = directory_ticks.cursor
    requested = directory_ticks.tick()
    directory_ticks.cursor = before
    assert directory_ticks.tick() == requested == [directory_ticks.run_key(KEY)]


def test_the_same_bytes_uploaded_again_are_requested_again(ticks: Ticks, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks.storage.put_bytes(KEY, b"video")
    (first,) = ticks.settled()
    ticks.instance.add_run(dg.DagsterRun("clip_episode", tags={UPLOAD_TAG: first}, status=dg.DagsterRunStatus.FAILURE))
    content = ticks.storage.fingerprint(KEY)
    ticks.storage.delete(KEY)
    assert ticks.tick() == []
    a_second_later(monkeypatch)
    ticks.storage.put_bytes(KEY, b"video")
    assert ticks.settled() == [ticks.run_key(KEY)] != [first]
    assert ticks.storage.fingerprint(KEY) == content


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED])
def test_a_copy_that_keeps_the_time_of_the_file_is_requested_again_once(
    directory_ticks: Ticks, status: dg.DagsterRunStatus
) -> None:
    ticks, file = directory_ticks, Path(directory_ticks.storage.path(KEY))
    ticks.storage.put_bytes(KEY, b"video")
    (first,) = ticks.settled()
    tags = {UPLOAD_TAG: first, ATTEMPT_TAG: "1"}
    ticks.instance.add_run(dg.DagsterRun("clip_episode", tags=tags, status=status))
    aside = file.rename(file.with_suffix(".aside"))
    assert ticks.tick() == []
    aside.rename(file)
    assert ticks.run_key(KEY) == first
    before = ticks.cursor
    assert ticks.settled() == [f"{first}#2"]
    assert ticks.tick() == []
    ticks.cursor = before
    assert ticks.settled() == [f"{first}#2"], "the daemon repeats its tick"


def test_a_file_that_was_out_of_reach_for_a_while_keeps_its_clips(directory_ticks: Ticks) -> None:
    ticks, file = directory_ticks, Path(directory_ticks.storage.path(KEY))
    ticks.storage.put_bytes(KEY, b"video")
    (first,) = ticks.settled()
    ticks.instance.add_run(dg.DagsterRun("clip_episode", tags={UPLOAD_TAG: first}, status=dg.DagsterRunStatus.SUCCESS))
    aside = file.rename(file.with_suffix(".aside"))
    assert ticks.tick() == []
    aside.rename(file)
    assert ticks.settled() == ticks.tick() == []


def a_second_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """S3 has another time for what is uploaded from now on."""
    later = datetime.now(UTC) + timedelta(seconds=2)
    monkeypatch.setattr("moto.s3.models.utcnow", lambda: later.replace(tzinfo=None))


def test_an_upgrade_requests_nothing_anew(s3_storage: S3Storage, instance: dg.DagsterInstance) -> None:
    """Earlier releases remembered the ETag alone, in the cursor and as a run's tag."""
    for key in ("a.mp4", "b.mp4"):
        s3_storage.put_bytes(key, b"video")
    etag = s3_storage.fingerprint("a.mp4")
    ticks = Ticks(s3_storage, instance)
    ticks.cursor = json.dumps({"requested": {"a.mp4": etag}, "settling": {}})
    instance.add_run(dg.DagsterRun("clip_episode", tags={UPLOAD_TAG: f"b.mp4@{etag}"}))
    assert ticks.tick() == []
    assert Seen.from_cursor(ticks.cursor).requested == {
        stored.key: stored.version for stored in s3_storage.list_objects()
    }
    s3_storage.put_bytes("a.mp4", b"another video")
    assert ticks.tick() == [ticks.run_key("a.mp4")]


def test_the_run_of_an_earlier_upload_of_the_same_bytes_serves_no_later_one(
    s3_storage: S3Storage, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3_storage.put_bytes(KEY, b"video")
    instance.add_run(dg.DagsterRun("clip_episode", tags={UPLOAD_TAG: f"{KEY}@{s3_storage.fingerprint(KEY)}"}))
    monkeypatch.setattr("moto.s3.models.utcnow", lambda: datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=1))
    s3_storage.put_bytes(KEY, b"video")
    ticks = Ticks(s3_storage, instance)
    assert ticks.tick() == [ticks.run_key(KEY)]


def test_only_uploads_are_requested(ticks: Ticks) -> None:
    for key in ("lake/raw_video/a.mp4", "test1/clips/clip_0.mp4", ".a.mp4", "a.mp4.part", "test1/sample.srt"):
        ticks.storage.put_bytes(key, b"x")
    ticks.storage.put_bytes("test1/Sample.MP4", b"video")
    ticks.storage.put_bytes("test1/Sample.wav", b"its sound")
    ticks.storage.put_bytes("test1/talk.mp3", b"sound")
    assert ticks.settled() == [ticks.run_key("test1/Sample.MP4"), ticks.run_key("test1/talk.mp3")]


def test_the_partition_of_an_awkward_key_is_escaped(ticks: Ticks) -> None:
    ticks.storage.put_bytes("a, [b]...mp4.mp4", b"video")
    ticks.settled()
    assert ticks.instance.get_dynamic_partitions("episodes") == ["a%2C %5Bb%5D%2E%2E%2Emp4.mp4"]


def test_a_key_too_long_for_an_episode_does_not_keep_others_out(ticks: Ticks) -> None:
    ticks.storage.put_bytes("/".join(["long"] * 60) + ".mp4", b"video")
    ticks.storage.put_bytes(KEY, b"video")
    assert ticks.settled() == [ticks.run_key(KEY)]


def test_a_growing_file_is_not_requested_until_it_is_whole(directory_ticks: Ticks) -> None:
    directory_ticks.storage.put_bytes(KEY, b"vi")
    assert directory_ticks.tick() == []
    directory_ticks.storage.put_bytes(KEY, b"vide")
    assert directory_ticks.tick() == []
    directory_ticks.storage.put_bytes(KEY, b"video")
    assert directory_ticks.tick() == []
    assert directory_ticks.tick() == [directory_ticks.run_key(KEY)]


def test_a_file_that_is_not_utf8_by_name_does_not_keep_others_out(directory_ticks: Ticks) -> None:
    storage = directory_ticks.storage
    assert isinstance(storage, DirectoryStorage)
    (Path(storage.root) / os.fsdecode(b"\xff.mp4")).write_bytes(b"video")
    storage.put_bytes(KEY, b"video")
    assert directory_ticks.settled() == [directory_ticks.run_key(KEY)]


def test_a_large_first_listing_is_requested_over_several_ticks(directory_ticks: Ticks) -> None:
    for number in range(REQUESTS_PER_TICK + 5):
        directory_ticks.storage.put_bytes(f"{number}.mp4", b"video")
    assert len(directory_ticks.settled()) == REQUESTS_PER_TICK
    assert len(directory_ticks.tick()) == 5
    assert directory_ticks.tick() == []


def test_a_directory_that_is_not_there_yet_has_no_uploads(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    ticks = Ticks(DirectoryStorage(root=str(tmp_path / "not-yet")), instance)
    assert ticks.tick() == []
    ticks.storage.put_bytes(KEY, b"video")
    assert ticks.settled() == [ticks.run_key(KEY)]


def test_a_listing_that_fails_in_s3_is_not_an_empty_one(s3_storage: S3Storage, instance: dg.DagsterInstance) -> None:
    ticks = Ticks(s3_storage, instance)
    s3_storage.client.delete_bucket(Bucket=s3_storage.bucket)
    with pytest.raises(ClientError, match="NoSuchBucket"):
        ticks.tick()


def test_a_listing_that_fails_half_way_is_not_a_short_one(
    directory_ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Flaky(DirectoryStorage):
        def list_objects(self, folder: str = "") -> Iterator[Stored]:
            yield Stored(KEY, 1, "1")
            raise TimeoutError("the network file system went away")

    directory_ticks.storage = Flaky(root="/nonexistent")
    with pytest.raises(TimeoutError):
        directory_ticks.tick()
    assert directory_ticks.cursor is None


def test_the_sensor_starts_running_and_requests_the_job_of_every_other_door() -> None:
    sensor: Any = build_new_uploads(clip_episode, 15)
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
    assert sensor.minimum_interval_seconds == 15
    assert sensor.job_name == "clip_episode"
