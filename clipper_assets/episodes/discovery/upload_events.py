"""`upload_events`, the sensor that learns of uploads from a queue and lists nothing."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import dagster as dg
from dagster import SensorEvaluationContext

from clipper_assets.episodes.claims import Requester
from clipper_assets.episodes.discovery.inputs import INPUTS_PER_TICK, Observe
from clipper_assets.episodes.discovery.messages import Event, events_in
from clipper_assets.episodes.discovery.queue import BATCH, Message, UploadQueue
from clipper_assets.episodes.discovery.requests import (
    REQUESTS_PER_TICK,
    Decisions,
    belongs_to_video,
    can_be_episode,
    new_partitions,
    run_requests,
)
from clipper_assets.episodes.uploads import INPUTS, is_upload
from clipper_assets.runtime.errors import StorageError
from clipper_assets.storage.base import Storage, is_key
from clipper_assets.storage.s3 import S3Storage
from clipper_assets.storage.stored import Listed

READING_S = 20.0
"""Seconds after which a tick reads no more messages. A tick may take 60 s."""
TOGETHER = 100
"""Messages that are handled together."""


@dataclass
class Tick:
    """What a tick has found out so far, and when it has taken long enough."""

    stop_s: float
    launches: dict[Listed, int] = field(default_factory=dict)
    observations: list[dg.AssetObservation] = field(default_factory=list)
    inputs: int = 0
    read: int = 0
    unreadable: int = 0

    def has_room(self, uploads: int = 0) -> bool:
        """Whether the tick may launch another batch of uploads beside these."""
        return len(self.launches) + uploads <= REQUESTS_PER_TICK - BATCH


class Reader:
    """Handles messages, up to TOGETHER at once, because their runs are then looked up in one query.

    Nothing is remembered: a message that asks for a run, or for an observation, stays in the queue, comes back, and is
    deleted when the run or the observation exists. So a tick that is lost costs nothing, and a message that comes twice
    starts no second run.
    """

    def __init__(self, queue: UploadQueue, observe: Observe):
        self.queue = queue
        self.observe = observe
        self.decisions = Decisions(Requester.events)

    def read(self, tick: Tick, context: SensorEvaluationContext, storage: S3Storage) -> bool:
        """Handle some messages at once; False if there is none."""
        changed: dict[Message, set[str]] = {}
        keys: dict[str, None] = {}
        received = tick.read
        while tick.read - received < TOGETHER and tick.has_room(sum(map(is_upload, keys))):
            messages = self.queue.receive()
            if not messages:
                break
            changed |= {each: found for each in messages if (found := self._keys(each, storage, tick)) is not None}
            keys = dict.fromkeys(key for found in changed.values() for key in sorted(found))
        unfinished = self._request_runs(keys, tick, context, storage) | self._observe_inputs(
            keys, tick, context.instance, storage
        )
        self.queue.delete([message for message, keys in changed.items() if unfinished.isdisjoint(keys)])
        return tick.read > received

    def _keys(self, message: Message, storage: S3Storage, tick: Tick) -> set[str] | None:
        """The keys below the storage root that a message is about; None if it is not a notification of S3."""
        tick.read += 1
        try:
            events = events_in(message.body)
        except ValueError:
            tick.unreadable += 1
            return None
        return {key for event in events if (key := _key_of(event, storage)) is not None}

    def _request_runs(
        self, keys: Iterable[str], tick: Tick, context: SensorEvaluationContext, storage: Storage
    ) -> set[str]:
        """Request runs of uploads that exist and have none; returns the keys of those that now wait for theirs."""
        uploads, left = [], set()
        for key in filter(is_upload, keys):
            if time.monotonic() > tick.stop_s:
                left.add(key)
            else:
                uploads += [upload for upload in current(storage, key) if can_be_episode(upload, context.log.warning)]
        decided = self.decisions.of(
            storage,
            context.instance,
            uploads,
            refused=partial(belongs_to_video, storage),
            at_most=REQUESTS_PER_TICK - len(tick.launches),
        )
        tick.launches |= decided.launches
        return left | {upload.key for upload in (*decided.launches, *decided.waiting)}

    def _observe_inputs(
        self, keys: Iterable[str], tick: Tick, instance: dg.DagsterInstance, storage: Storage
    ) -> set[str]:
        """Observe changed inputs; returns the keys of those that may not be recorded yet."""
        inputs = [key for key in keys if is_upload(key, INPUTS)]
        now = inputs[: INPUTS_PER_TICK - tick.inputs]
        tick.inputs += len(now)
        observations = self.observe(instance, storage, now) if now else []
        tick.observations += observations
        return set(inputs) if observations else set(inputs) - set(now)


def build_upload_events(job: Any, queue_url: str, interval_s: int, observe: Observe) -> dg.SensorDefinition:
    """The sensor, on by default, that requests `job` for the uploads that S3 announces in an SQS queue.

    `observe` gets the keys of changed inputs.
    """
    reader = Reader(UploadQueue(queue_url, interval_s), observe)

    @dg.sensor(
        name="upload_events",
        job=job,
        minimum_interval_seconds=interval_s,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Registers each upload that S3 announces in the queue as an episode and requests its run.",
    )
    def upload_events(context: SensorEvaluationContext, storage: S3Storage) -> dg.SensorResult:
        tick = _read(reader, context, storage)
        if tick.unreadable:
            context.log.warning(
                f"{tick.unreadable} of {tick.read} messages in the queue are no notifications of S3; they stay there "
                "until SQS moves them to the dead-letter queue"
            )
        return dg.SensorResult(
            run_requests=run_requests(tick.launches),
            dynamic_partitions_requests=new_partitions(context.instance, tick.launches),
            asset_events=tick.observations,
            skip_reason=None if tick.launches else f"no new upload in {tick.read} messages",
        )

    return upload_events


def _read(reader: Reader, context: SensorEvaluationContext, storage: S3Storage) -> Tick:
    """Read until the queue is empty or the tick is full. Raises StorageError only if nothing was requested before."""
    tick = Tick(time.monotonic() + READING_S)
    try:
        while tick.has_room() and time.monotonic() < tick.stop_s and reader.read(tick, context, storage):
            pass
    except StorageError as error:
        if not tick.launches and not tick.observations:
            raise
        context.log.warning(str(error))
    return tick


def _key_of(event: Event, storage: S3Storage) -> str | None:
    """The key of an event below the storage root; None if it lies elsewhere or was neither created nor removed."""
    if event.bucket != storage.bucket or not event.key.startswith(storage.prefix):
        return None
    key = event.key.removeprefix(storage.prefix)
    return key if is_key(key) and (event.created or event.removed) else None


def current(storage: Storage, key: str) -> Sequence[Listed]:
    """The upload at `key` as it is now; none if it is gone."""
    stored = storage.stat(key)
    if stored is None:
        return []
    return [Listed(stored.key, stored.size_bytes, stored.version, int(stored.changed_at.timestamp() * 1e9))]
