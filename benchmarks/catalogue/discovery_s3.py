"""The sensors that read a queue, with a million objects: simulated at the wire, because moto would take hours.

A listing is answered with the XML that S3 would send, and botocore parses it; messages are made in memory. Only seconds
of this machine are measured, not those of the network: S3 takes about 0.1 s for a LIST.
"""

import os
import tempfile
import time
from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice
from typing import Any
from unittest.mock import Mock, patch
from urllib.parse import parse_qs, urlsplit

import dagster as dg
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders

from benchmarks.catalogue.figure import Figure
from clipper_assets.episodes.discovery.sweep import EVERY_S, Cursor, build_sweep_uploads
from clipper_assets.episodes.discovery.upload_events import build_upload_events
from clipper_assets.job import clip_episode
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.s3 import S3Storage
from clipper_assets_tests.support.sensors import observe_nothing

KEYS = 1_000_000
EPISODES = KEYS // 33 + 1
"""An episode has 33 objects: its upload, 21 in the folder of its clips, 11 tables of the lake."""
EVERY = 100
"""Of so many uploads one is of this week and was announced by no event; the others are old, as on most days."""
PAGE = 1000
ANNOUNCED = 300
"""Uploads among the messages; the others are clips, as S3 sends them without a filter."""
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}


def measure() -> Iterator[Figure]:
    """The figures of the sweep and of the queue."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield from _sweep(instance)
    with dg.DagsterInstance.ephemeral() as instance, tempfile.TemporaryDirectory() as root:
        yield from _events(instance, AsS3(root=root))


def _timed_tick(
    sensor: dg.SensorDefinition, storage: Any, instance: dg.DagsterInstance, cursor: str | None
) -> tuple[float, Any]:
    """Seconds and result of a tick, whose runs are added as the daemon would."""
    with dg.build_sensor_context(instance=instance, cursor=cursor, resources={"storage": storage}) as context:
        begin = time.monotonic()
        result: Any = sensor(context)
        seconds = time.monotonic() - begin
    for request in result.run_requests or []:
        instance.add_run(dg.DagsterRun("clip_episode", tags=dict(request.tags)))
    return seconds, result


def _sweep(instance: dg.DagsterInstance) -> Iterator[Figure]:
    """A sweep of a day on which one upload in a hundred of all had been missed."""
    sensor, storage, bucket = build_sweep_uploads(clip_episode, observe_nothing), S3Storage(bucket="podcasts"), Bucket()
    cursor, slowest = Cursor(began_s=time.time() - EVERY_S).model_dump_json(), 0.0
    with patch.dict(os.environ, CREDENTIALS), patch("botocore.httpsession.URLLib3Session.send", bucket.send):
        ticks = 0
        while ticks == 0 or Cursor.model_validate_json(cursor).after is not None:
            seconds, result = _timed_tick(sensor, storage, instance, cursor)
            cursor, slowest, ticks = str(result.cursor), max(slowest, seconds), ticks + 1
    yield Figure("sweep of 1,000,000 objects, slowest tick", slowest, "s", 60)
    yield Figure("sweep of 1,000,000 objects, ticks", ticks, "")
    yield Figure(
        "sweep of 1,000,000 objects, LISTs", bucket.lists, "", len(bucket.keys) / PAGE, len(bucket.keys) / PAGE
    )
    lost = len(bucket.missed) - instance.get_runs_count()
    yield Figure("sweep of 1,000,000 objects, uploads that it missed", lost, "", 0)


class Bucket:
    """The bucket's side of the wire: lists a million keys, and holds no claim."""

    def __init__(self) -> None:
        names = [(f"show-{number % 1000:04}", f"episode-{number:05}") for number in range(EPISODES)]
        uploads = [f"{show}/{name}.mp4" for show, name in names]
        clips = (f"{show}/clips/{name}/clip_{clip:02}.mp4" for show, name in names for clip in range(21))
        lake = (
            f"lake/table_{table:02}/episode={show}%2F{name}.mp4/a.parquet"
            for show, name in names
            for table in range(11)
        )
        self.missed = set(uploads[::EVERY])
        self.keys = sorted([*uploads, *clips, *lake])
        self.lists = 0

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        """Answer a request, in place of the network."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}
        status, body = (200, b"") if request.method == "PUT" else (404, b"")
        if "list-type" in query:
            status, body = 200, self._page(query)
        return AWSResponse(request.url, status, HTTPHeaders(), Raw(body))

    def _page(self, query: dict[str, str]) -> bytes:
        begin = bisect_right(self.keys, query.get("start-after", ""))
        keys = [] if query.get("prefix") else self.keys[begin : begin + PAGE]
        self.lists += not query.get("prefix")
        today = time.strftime("%Y-%m-%d", time.gmtime())
        entries = "".join(
            f"<Contents><Key>{key.replace('%', '%25')}</Key><ETag>e</ETag><Size>1</Size><LastModified>"
            f"{today if key in self.missed else '2020-01-01'}T00:00:00.000Z</LastModified></Contents>"
            for key in keys
        )
        truncated = str(begin + PAGE < len(self.keys)).lower() if keys else "false"
        return f"<ListBucketResult><IsTruncated>{truncated}</IsTruncated>{entries}</ListBucketResult>".encode()


class Raw:
    """The body of a response, as urllib3 has it."""

    def __init__(self, body: bytes):
        self.body = body

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.body


def _events(instance: dg.DagsterInstance, storage: "AsS3") -> Iterator[Figure]:
    """A queue with a million messages, twice as many of them about uploads as there are uploads."""
    for number in range(ANNOUNCED):
        storage.put_bytes(f"show/episode-{number}.mp4", b"x")
    sqs, slowest, ticks = Sqs(), 0.0, 0
    lists = Mock(side_effect=AssertionError("a tick listed the storage"))
    with patch("boto3.client", lambda *_, **__: sqs), patch.object(AsS3, "list_objects", lists):
        sensor = build_upload_events(clip_episode, "queue", 15, observe_nothing)
        while sqs.length():
            seconds, _ = _timed_tick(sensor, storage, instance, None)
            slowest, ticks = max(slowest, seconds), ticks + 1
            sqs.show_hidden()
    yield Figure("queue of 1,000,000 messages, slowest tick", slowest, "s", 60)
    yield Figure("queue of 1,000,000 messages, ticks", ticks, "")
    yield Figure("queue of 1,000,000 messages, LISTs of a tick", lists.call_count / ticks, "", 0, KEYS / PAGE)
    runs = instance.get_runs_count()
    yield Figure("queue of 1,000,000 messages, uploads without exactly one run", abs(runs - ANNOUNCED), "", 0)


class AsS3(DirectoryStorage):
    """A directory that says that it is a bucket, for the sensor that reads a queue."""

    bucket: str = "podcasts"
    prefix: str = ""


class Sqs:
    """A queue in memory: most messages announce clips, some an upload, each of these twice."""

    def __init__(self) -> None:
        every = KEYS // (2 * ANNOUNCED)
        self.numbers = iter(range(KEYS))
        self.every = every
        self.back: list[tuple[str, str]] = []
        self.hidden: dict[str, str] = {}
        self.left = KEYS

    def length(self) -> int:
        return self.left + len(self.back) + len(self.hidden)

    def receive_message(self, **_: Any) -> dict[str, Any]:
        some = [self.back.pop() for _ in range(min(10, len(self.back)))]
        fresh = [(str(number), self._body(number)) for number in islice(self.numbers, 10 - len(some))]
        self.left -= len(fresh)
        self.hidden |= dict(some + fresh)
        return {"Messages": [{"ReceiptHandle": receipt, "Body": body} for receipt, body in some + fresh]}

    def delete_message_batch(self, Entries: list[dict[str, str]], **_: Any) -> None:  # noqa: N803  # boto3's spelling
        for entry in Entries:
            del self.hidden[entry["ReceiptHandle"]]

    def show_hidden(self) -> None:
        """Let the time pass after which messages come back."""
        self.back += self.hidden.items()
        self.hidden.clear()

    def _body(self, number: int) -> str:
        key = f"show/clips/clip_{number}.mp4"
        if number % self.every == 0:
            key = f"show/episode-{number // self.every % ANNOUNCED}.mp4"
        return (
            '{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"podcasts"},'
            f'"object":{{"key":"{key}","size":1,"eTag":"e"}}}}}}]}}'
        )
