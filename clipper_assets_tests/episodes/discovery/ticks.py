"""A queue in moto beside a storage in S3, and ticks of the sensors that read them."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote_plus
from uuid import uuid4

import boto3
import dagster as dg
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sqs.models import sqs_backends

from clipper_assets.storage.base import Storage
from clipper_assets.storage.s3 import S3Storage


class Hiding(Protocol):
    """A queue that hides messages that were received."""

    def show_hidden(self) -> None:
        """Let the time pass after which they come back."""


class Queue:
    """A queue, the notifications that S3 would put into it, and the time until hidden messages come back."""

    def __init__(self, storage: S3Storage):
        self.storage = storage
        self.client: Any = boto3.client("sqs")
        name = f"queue-{uuid4().hex}"
        self.url: str = self.client.create_queue(QueueName=name)["QueueUrl"]

    def send(self, body: str) -> None:
        self.client.send_message(QueueUrl=self.url, MessageBody=body)

    def announce(self, key: str, event: str = "ObjectCreated:Put") -> None:
        self.send(s3_notification(self.storage.bucket, self.storage.prefix + key, event))

    def show_hidden(self) -> None:
        """As Hiding."""
        queue = sqs_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].queues[self.url.rpartition("/")[2]]
        queue.pending_messages.clear()
        for message in queue._messages:
            message.visible_at = 0

    def length(self) -> int:
        """The number of messages, hidden ones included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return sum(int(attributes[name]) for name in names)


def s3_notification(bucket: str, key: str, event: str = "ObjectCreated:Put") -> str:
    """A message as S3 sends it to a queue."""
    entity = {"bucket": {"name": bucket}, "object": {"key": quote_plus(key), "size": 1, "eTag": "e"}}
    return json.dumps({"Records": [{"eventSource": "aws:s3", "eventName": event, "s3": entity}]})


@dataclass
class Ticks:
    """Runs a sensor; each tick gets the cursor of the previous one, and its runs are added as a daemon would."""

    sensor: dg.SensorDefinition
    storage: Storage
    instance: dg.DagsterInstance
    queue: Hiding | None = None
    cursor: str | None = None
    run_keys: list[str] = field(default_factory=list)

    def tick(self, *, lost: bool = False) -> list[str]:
        """Run one tick and return the run keys that it requests; the result of a `lost` one reaches nobody."""
        with dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, resources={"storage": self.storage}
        ) as context:
            result = self.sensor(context)
        assert isinstance(result, dg.SensorResult)
        if self.queue:
            self.queue.show_hidden()
        requests = [] if lost else list(result.run_requests or [])
        if not lost:
            self.cursor = result.cursor
        for request in requests:
            self._start(request)
        return [str(request.run_key) for request in requests]

    def _start(self, request: dg.RunRequest) -> None:
        assert request.run_key
        self.instance.add_dynamic_partitions("episodes", [str(request.partition_key)])
        if request.run_key not in self.run_keys:
            self.run_keys.append(request.run_key)
            self.instance.add_run(dg.DagsterRun("clip_episode", tags=dict(request.tags)))


class Observer:
    """Observes each state of an input once, as the lineage does."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.recorded: dict[str, str] = {}

    def __call__(
        self, instance: dg.DagsterInstance, storage: Storage, keys: Collection[str]
    ) -> Sequence[dg.AssetObservation]:
        self.calls.append(list(keys))
        versions = {key: stored.version if (stored := storage.stat(key)) else "gone" for key in keys}
        new = {key: version for key, version in versions.items() if self.recorded.get(key) != version}
        self.recorded |= new
        return [dg.AssetObservation("sidecars", partition=key) for key in new]
