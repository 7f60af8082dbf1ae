"""Which uploads the sensor requests."""

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from botocore.exceptions import ClientError

from clipper_assets.episodes.discovery.requests import REQUESTS_PER_TICK
from clipper_assets.episodes.sensors import build_new_uploads
from clipper_assets.job import clip_episode
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.s3 import S3Storage
from clipper_assets.storage.stored import Listed
from clipper_assets_tests.episodes.ticks import Ticks
from clipper_assets_tests.support.sensors import observe_nothing

KEY = "test1/sample.mp4"


def test_an_upload_is_requested_once_with_its_version_as_run_key(ticks: Ticks) -> None:
    assert ticks.tick() == []
    ticks.storage.put_bytes(KEY, b"video")
    assert ticks.run_until_settled() == [ticks.run_key(KEY)]
    assert ticks.instance.get_dynamic_partitions("episodes") == [KEY]
    assert ticks.tick() == []


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
