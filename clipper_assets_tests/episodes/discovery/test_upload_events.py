"""Uploads that S3 announces in a queue."""

import json
from typing import Any

import dagster as dg
import pytest
from botocore.endpoint import Endpoint

from clipper_assets.episodes.claims import Launch, Requester, claim_run, mark_removed, release
from clipper_assets.episodes.discovery import queue as queues
from clipper_assets.episodes.discovery import requests, upload_events
from clipper_assets.episodes.discovery.inputs import INPUTS_PER_TICK
from clipper_assets.episodes.discovery.upload_events import build_upload_events
from clipper_assets.job import clip_episode
from clipper_assets.runtime.errors import StorageError
from clipper_assets.storage.s3 import S3Storage
from clipper_assets_tests.episodes.discovery.ticks import Observer, Queue, Ticks, s3_notification
from clipper_assets_tests.support.sensors import observe_nothing

KEY = "a b/ü+1 (50%).mp4"


@pytest.fixture
def queue(s3_storage: S3Storage, monkeypatch: pytest.MonkeyPatch) -> Queue:
    """A queue that answers at once if it is empty."""
    monkeypatch.setattr(queues, "WAIT_S", 0)
    return Queue(s3_storage)


@pytest.fixture
def observer() -> Observer:
    return Observer()


@pytest.fixture
def ticks(queue: Queue, instance: dg.DagsterInstance, observer: Observer) -> Ticks:
    return Ticks(build_upload_events(clip_episode, queue.url, 15, observer), queue.storage, instance, queue)


def run_key(storage: S3Storage, key: str) -> str:
    stored = storage.stat(key)
    assert stored
    return f"{key}@{stored.version}"


def test_a_message_is_deleted_on_the_tick_after_its_run_exists(queue: Queue, ticks: Ticks) -> None:
    queue.storage.put_bytes(KEY, b"video")
    queue.announce(KEY)
    assert ticks.tick(lost=True) == []
    assert queue.length() == 1
    assert ticks.tick() == [run_key(queue.storage, KEY)]
    assert queue.length() == 1
    assert ticks.tick() == []
    assert queue.length() == 0


def test_a_tick_lists_nothing(queue: Queue, ticks: Ticks, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    send: Any = Endpoint.make_request

    def recorded(endpoint: Endpoint, operation: Any, request: Any) -> Any:
        calls.append(operation.name)
        return send(endpoint, operation, request)

    monkeypatch.setattr(Endpoint, "make_request", recorded)
    queue.storage.put_bytes(KEY, b"video")
    queue.announce(KEY)
    assert len(ticks.tick()) == 1
    assert "HeadObject" in calls
    assert not [call for call in calls if call.startswith("List")]


def bodies(storage: S3Storage, key: str) -> dict[str, str]:
    plain = s3_notification(storage.bucket, storage.prefix + key)
    detail = {"bucket": {"name": storage.bucket}, "object": {"key": storage.prefix + key}}
    eventbridge = json.dumps({"source": "aws.s3", "detail-type": "Object Created", "detail": detail})
    return {
        "s3": plain,
        "minio": plain.replace("ObjectCreated", "s3:ObjectCreated"),
        "sns": json.dumps({"Type": "Notification", "TopicArn": "arn:x", "Message": plain}),
        "eventbridge": eventbridge,
        "eventbridge through sns": json.dumps({"Type": "Notification", "Message": eventbridge}),
    }


@pytest.mark.parametrize("way", ["s3", "minio", "sns", "eventbridge", "eventbridge through sns"])
def test_each_way_of_a_notification_is_understood(queue: Queue, ticks: Ticks, way: str) -> None:
    queue.storage.put_bytes(KEY, b"video")
    queue.send(bodies(queue.storage, KEY)[way])
    assert ticks.tick() == [run_key(queue.storage, KEY)]


def test_messages_that_concern_no_upload_are_deleted(queue: Queue, ticks: Ticks, observer: Observer) -> None:
    for key in (
        "show/clips/clip_0.mp4",
        "lake/a.mp4",
        "show/.hidden.mp4",
        "show/photo.jpg",
        "/".join(["x"] * 200) + ".mp4",
    ):
        queue.storage.put_bytes(key, b"x")
        queue.announce(key)
    for key in ("show/gone.mp4", "../outside.mp4", "show//a.mp4"):
        queue.announce(key)
    queue.announce("show/gone.mp4", "ObjectRemoved:Delete")
    queue.send(s3_notification("another-bucket", queue.storage.prefix + KEY))
    queue.send(s3_notification(queue.storage.bucket, "another-prefix/a.mp4"))
    queue.send(json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": queue.storage.bucket}))
    assert ticks.tick() == []
    assert queue.length() == 0
    assert observer.calls == []


def test_audio_of_a_video_is_no_upload(queue: Queue, ticks: Ticks) -> None:
    for key in ("show/talk.wav", "show/talk.MP4", "show/other.wav"):
        queue.storage.put_bytes(key, b"x")
    queue.announce("show/talk.wav")
    queue.announce("show/other.wav")
    assert ticks.tick() == [run_key(queue.storage, "show/other.wav")]


GARBAGE = ["", "x", "{}", "[" * 5000, '{"Records": [{}]}', '{"Message": "hello"}', '{"Records": [], "x": 1} {}']


def test_garbage_stays_in_the_queue_with_one_warning(
    queue: Queue, ticks: Ticks, capfd: pytest.CaptureFixture[str]
) -> None:
    queue.storage.put_bytes(KEY, b"video")
    for body in GARBAGE[1:]:
        queue.send(body)
    queue.send(s3_notification(queue.storage.bucket, "%FF").replace("%25FF", "%FF"))
    queue.announce(KEY)
    assert len(ticks.tick()) == 1
    assert queue.length() == len(GARBAGE) + 1
    warning = f"{len(GARBAGE)} of {len(GARBAGE) + 1} messages in the queue are no notifications of S3"
    assert capfd.readouterr().err.count(warning) == 1


def test_an_upload_that_another_process_claims_waits(queue: Queue, ticks: Ticks) -> None:
    queue.storage.put_bytes(KEY, b"video")
    stored = queue.storage.stat(KEY)
    assert stored
    assert claim_run(queue.storage, ticks.instance, stored, Requester.api) == Launch(1)
    queue.announce(KEY)
    assert ticks.tick() == []
    assert queue.length() == 1
    release(queue.storage, stored, 1)
    assert ticks.tick() == [run_key(queue.storage, KEY)]


@pytest.mark.parametrize("attempt", [1, 2, 5])
def test_a_removed_episode_is_not_started_again(queue: Queue, ticks: Ticks, attempt: int) -> None:
    queue.storage.put_bytes(KEY, b"video")
    stored = queue.storage.stat(KEY)
    assert stored
    mark_removed(queue.storage, stored, attempt)
    queue.announce(KEY)
    assert ticks.tick() == []
    assert queue.length() == 0


def test_an_upload_whose_delete_marker_was_removed_after_its_episode_is_started_again(
    queue: Queue, ticks: Ticks, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.storage.put_bytes(KEY, b"video")
    queue.announce(KEY)
    first = ticks.tick()
    assert ticks.tick() == []
    for run_id in instance.get_run_ids():
        instance.delete_run(run_id)  # as collect_garbage does, days after the upload was deleted
    monkeypatch.setattr(requests, "KEPT_S", -1.0)
    queue.announce(KEY, "ObjectRemoved:Delete")
    assert ticks.tick() == first


def test_changed_inputs_are_observed_once_and_then_deleted(queue: Queue, ticks: Ticks, observer: Observer) -> None:
    for key in ("show/show.toml", "show/talk.srt"):
        queue.storage.put_bytes(key, b"x")
        queue.announce(key)
    queue.announce("prompts/ours/pick.md", "ObjectRemoved:Delete")
    ticks.tick()
    assert observer.recorded.keys() == {"show/show.toml", "show/talk.srt", "prompts/ours/pick.md"}
    assert queue.length() == 3
    ticks.tick()
    assert queue.length() == 0


def test_more_inputs_than_a_tick_observes_come_with_the_next_ticks(
    queue: Queue, ticks: Ticks, observer: Observer
) -> None:
    keys = {f"show/{number}.srt" for number in range(INPUTS_PER_TICK + 20)}
    for key in keys:
        queue.announce(key, "ObjectRemoved:Delete")
    for _ in range(4):
        ticks.tick()
    assert observer.recorded.keys() == keys
    assert max(map(len, observer.calls)) == INPUTS_PER_TICK
    assert queue.length() == 0


def test_messages_with_many_records_launch_no_more_than_a_tick_may(
    queue: Queue, ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "REQUESTS_PER_TICK", 12)
    monkeypatch.setattr(upload_events, "REQUESTS_PER_TICK", 12)
    monkeypatch.setattr(upload_events, "TOGETHER", queues.BATCH)
    keys = [f"show/{number:02}.mp4" for number in range(30)]
    for _ in range(queues.BATCH):
        queue.announce(keys[0])
    for first in (1, 2):
        records = [
            json.loads(s3_notification(queue.storage.bucket, queue.storage.prefix + key)) for key in keys[first:]
        ]
        queue.send(json.dumps({"Records": [record for each in records for record in each["Records"]]}))
    for key in keys:
        queue.storage.put_bytes(key, b"video")
    assert [len(ticks.tick()) for _ in range(4)] == [12, 12, 6, 0]
    assert queue.length() == 0


def test_a_tick_that_has_taken_long_leaves_its_uploads_in_the_queue(
    queue: Queue, instance: dg.DagsterInstance, observer: Observer
) -> None:
    queue.storage.put_bytes(KEY, b"video")
    queue.announce(KEY)
    tick = upload_events.Tick(stop_s=0.0)
    with dg.build_sensor_context(instance=instance) as context:
        upload_events.Reader(queues.UploadQueue(queue.url, 15), observer).read(tick, context, queue.storage)
    assert tick.read == queue.length() == 1
    assert not tick.launches


def test_a_queue_that_is_away_fails_the_tick_with_one_sentence_and_loses_nothing(
    queue: Queue, ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.storage.put_bytes(KEY, b"video")
    queue.announce(KEY)
    for url in ("http://127.0.0.1:1/1/queue", queue.url + "-none"):
        away = Ticks(build_upload_events(clip_episode, url, 15, observe_nothing), queue.storage, ticks.instance)
        with monkeypatch.context() as patch:
            if ":1/" in url:
                patch.setenv("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:1")
            with pytest.raises(
                StorageError, match=r"the queue http.* of CLIPPER_UPLOAD_QUEUE cannot be used"
            ) as caught:
                away.tick()
        assert "\n" not in str(caught.value)
    assert ticks.tick() == [run_key(queue.storage, KEY)]


def test_launches_survive_a_queue_that_goes_away_in_a_tick(
    queue: Queue, ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.storage.put_bytes(KEY, b"video")
    queue.announce(KEY)

    def refuse(*_: object) -> None:
        raise StorageError("the queue is away")

    monkeypatch.setattr(queues.UploadQueue, "delete", refuse)
    assert ticks.tick() == [run_key(queue.storage, KEY)]
