"""`webhooks`: tells other services of finished and failed runs, signed, until each has taken it."""

import asyncio
import hashlib
import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import httpx
from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

from clipper_assets.clips.manifest import read_manifest
from clipper_assets.episodes.partitions import object_key
from clipper_assets.runs.log import Runs
from clipper_assets.runtime.asset_names import RENDERED_CLIPS
from clipper_assets.runtime.errors import StorageError
from clipper_assets.settings import Settings
from clipper_assets.storage.base import Storage
from clipper_assets.storage.damaged import DamagedError
from clipper_assets.storage.unreachable import UNREACHABLE

SUCCEEDED, FAILED = "episode.succeeded", "episode.failed"
TOLD = {dg.DagsterEventType.RUN_SUCCESS: SUCCEEDED, dg.DagsterEventType.RUN_FAILURE: FAILED}
PARTITION, WILL_RETRY = "dagster/partition", "dagster/will_retry"
TIMEOUT_S = 10.0
TICK_S = 40.0
"""A tick has 60 s; deliveries that do not fit are due on the next one."""
FIRST_WAIT_S, LONGEST_WAIT_S, ATTEMPTS = 15.0, 4 * 3600.0, 16
"""Each wait is twice the one before, up to the longest: the attempts span about a day."""
AT_ONCE = 8
EVENTS_PER_TICK = 50
"""Of each kind."""


@dataclass(frozen=True)
class Delivery:
    """One event on its way to one receiver, named by a digest: a URL may be a secret, and a cursor is shown in the UI.

    `due` is a time in seconds since 1970.
    """

    run_id: str
    event: str
    receiver: str
    attempt: int = 0
    due: float = 0.0


@dataclass(frozen=True)
class Place:
    """How far the runs have been read, by kind of event, and what has still to be delivered: the sensor's cursor."""

    read: dict[str, str] = field(default_factory=dict)
    pending: tuple[Delivery, ...] = ()

    @classmethod
    def parse(cls, cursor: str) -> "Place":
        found = json.loads(cursor)
        return cls(found["read"], tuple(Delivery(**each) for each in found["pending"]))

    def dump(self) -> str:
        return json.dumps({"read": self.read, "pending": [asdict(each) for each in self.pending]})


@dataclass(frozen=True)
class Post:
    """Where events go: the URLs by their digests, the signer, and the first wait in seconds."""

    urls: Mapping[str, str]
    signer: Webhook
    first_wait_s: float


def build_webhooks(settings: Settings, *, first_wait_s: float = FIRST_WAIT_S) -> list[dg.SensorDefinition]:
    """The sensor, where any URL is set. Raises ValueError, in a sentence, for settings that cannot be.

    Not a run status sensor: the cursor of one moves on when its function raises, so an event that a receiver did not
    take would be lost. The cursor of this one holds what is still to be delivered. What ended before it was first
    switched on is not told.
    """
    post = _post_of(settings, first_wait_s)
    if post is None:
        return []

    @dg.sensor(
        name="webhooks",
        minimum_interval_seconds=settings.sensor_interval_s,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells CLIPPER_WEBHOOK_URLS of episodes whose run has succeeded or failed.",
    )
    def webhooks(context: dg.SensorEvaluationContext, storage: Storage) -> dg.SensorResult:
        if not context.cursor:
            now = Place({kind.value: _newest(context.instance, kind) for kind in TOLD})
            return dg.SensorResult(cursor=now.dump(), skip_reason="runs that end from now on are told")
        place = _with_news(Place.parse(context.cursor), context.instance, tuple(post.urls))
        left = _deliver(place.pending, post, context.instance, storage, context.log.error)
        return dg.SensorResult(
            cursor=replace(place, pending=left).dump(),
            skip_reason=f"{len(place.pending) - len(left)} events are done with, {len(left)} pending",
        )

    return [webhooks]


def _post_of(settings: Settings, first_wait_s: float) -> Post | None:
    urls = settings.webhook_urls
    if not urls:
        return None
    for number, url in enumerate(urls, start=1):
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL:
            parsed = httpx.URL()
        if parsed.scheme != "https" or not parsed.host or parsed.userinfo:
            raise ValueError(
                f"URL {number} of CLIPPER_WEBHOOK_URLS is not https://host/path; write it so, without a user"
            )
    if settings.webhook_secret is None:
        raise ValueError("CLIPPER_WEBHOOK_URLS is set and CLIPPER_WEBHOOK_SECRET is not; set both")
    try:
        signer = Webhook(settings.webhook_secret.get_secret_value())
    except (ValueError, EmptyWebhookSecretError):
        raise ValueError("CLIPPER_WEBHOOK_SECRET cannot be read; write `whsec_` and base64 after it") from None
    return Post({hashlib.sha256(url.encode()).hexdigest()[:16]: url for url in urls}, signer, first_wait_s)


def _newest(instance: dg.DagsterInstance, kind: dg.DagsterEventType) -> str:
    """The cursor of now; empty where no run has come so far yet."""
    found = instance.fetch_run_status_changes(kind, limit=1)
    return found.cursor if found.records else ""


def _with_news(place: Place, instance: dg.DagsterInstance, receivers: Sequence[str]) -> Place:
    """The place after the runs that ended since."""
    read, pending = dict(place.read), list(place.pending)
    for kind, event in TOLD.items():
        found = instance.fetch_run_status_changes(
            kind, limit=EVENTS_PER_TICK, cursor=read[kind.value] or None, ascending=True
        )
        pending += [Delivery(record.run_id, event, receiver) for record in found.records for receiver in receivers]
        if found.records:
            read[kind.value] = found.cursor
    return Place(read, tuple(pending))


def _deliver(
    pending: Sequence[Delivery],
    post: Post,
    instance: dg.DagsterInstance,
    storage: Storage,
    complain: Callable[[str], None],
) -> tuple[Delivery, ...]:
    """Try what is due, and return what is left: not due yet, not tried in time, or to be tried again.

    What was meant for a URL that is in the settings no more is dropped.
    """
    until = time.monotonic() + TICK_S - TIMEOUT_S
    left: list[Delivery] = []
    bodies: dict[Delivery, str] = {}
    for delivery in (each for each in pending if each.receiver in post.urls):
        if delivery.due > time.time() or time.monotonic() > until:
            left.append(delivery)
            continue
        record = instance.get_run_record_by_id(delivery.run_id)
        told = record is not None and _is_told(record.dagster_run, instance)
        if told is None:
            left.append(delivery)
        elif record is not None and told:
            try:
                bodies[delivery] = _body(delivery.event, record, instance, storage)
            except (*UNREACHABLE, ValueError) as error:
                left += _again(delivery, type(error).__name__, post, complain)
    faults = asyncio.run(_send(bodies, post, until)) if bodies else {}
    for delivery in bodies:
        if delivery not in faults:
            left.append(delivery)
        elif (fault := faults[delivery]) is not None:
            left += _again(delivery, fault, post, complain)
    return tuple(left)


def _is_told(run: dg.DagsterRun, instance: dg.DagsterInstance) -> bool | None:
    """Whether a run that ended was to make clips, and is not tried again; None until Dagster has decided that."""
    asked = run.asset_selection
    if PARTITION not in run.tags or (asked and dg.AssetKey(RENDERED_CLIPS) not in asked):
        return False
    if run.status is not dg.DagsterRunStatus.FAILURE or not instance.run_retries_enabled:
        return True
    return run.tags[WILL_RETRY] != "true" if WILL_RETRY in run.tags else None


def _again(delivery: Delivery, fault: str, post: Post, complain: Callable[[str], None]) -> list[Delivery]:
    """The next attempt; none after the last one, or where the receiver wants no more."""
    tried = delivery.attempt + 1
    if tried == ATTEMPTS or fault == "410":
        number = 1 + list(post.urls).index(delivery.receiver)
        complain(f"URL {number} did not take {delivery.event} of run {delivery.run_id}, which is given up: {fault}")
        return []
    wait_s = min(post.first_wait_s * 2**delivery.attempt, LONGEST_WAIT_S) * random.uniform(0.8, 1.2)  # noqa: S311
    return [replace(delivery, attempt=tried, due=time.time() + wait_s)]


async def _send(bodies: Mapping[Delivery, str], post: Post, until: float) -> dict[Delivery, str | None]:
    """Why each delivery was not taken, None if it was; those that were not begun by `until` are not among them."""
    at_once = asyncio.Semaphore(AT_ONCE)
    faults: dict[Delivery, str | None] = {}

    async def send(client: httpx.AsyncClient, delivery: Delivery, body: str) -> None:
        async with at_once:
            if time.monotonic() < until:
                faults[delivery] = await _fault(client, post, delivery, body)

    async with httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as client:
        await asyncio.gather(*(send(client, delivery, body) for delivery, body in bodies.items()))
    return faults


async def _fault(client: httpx.AsyncClient, post: Post, delivery: Delivery, body: str) -> str | None:
    """Standard Webhooks: the id is the idempotency key. An answer's body is not read."""
    name, now = f"{delivery.run_id}.{delivery.event}", datetime.now(UTC)
    headers = {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": post.signer.sign(name, now, body),
    }
    try:
        async with (
            asyncio.timeout(TIMEOUT_S),
            client.stream("POST", post.urls[delivery.receiver], content=body, headers=headers) as answer,
        ):
            return None if answer.is_success else str(answer.status_code)
    except (httpx.HTTPError, TimeoutError) as error:
        return type(error).__name__


def _body(event: str, record: dg.RunRecord, instance: dg.DagsterInstance, storage: Storage) -> str:
    """What happened, without URLs: those expire, and the receiver asks the API for its own."""
    run = record.dagster_run
    data: dict[str, Any] = {
        "key": object_key(run.tags[PARTITION]),
        "run_id": run.run_id,
        "error": Runs(instance).view(run).error if event == FAILED else None,
        "clips": [],
        "manifest_key": None,
    }
    if event == SUCCEEDED:
        wanted = dg.AssetRecordsFilter(asset_key=dg.AssetKey(RENDERED_CLIPS), asset_partitions=[run.tags[PARTITION]])
        records = instance.fetch_materializations(wanted, limit=1).records
        made = records[0].asset_materialization if records else None
        if made and "manifest" in made.metadata:
            key = str(made.metadata["manifest"].value)
            names = {"clip_index", "key", "hook", "title", "start_time", "end_time", "duration"}
            try:
                clips = read_manifest(storage, key).clips
                data["manifest_key"] = key
                data["clips"] = [{**clip.model_dump(include=names), "publishable": clip.publishable} for clip in clips]
            except (DamagedError, StorageError) as damaged:
                data["error"] = str(damaged)
    ended = datetime.fromtimestamp(record.end_time or time.time(), UTC)
    return json.dumps({"type": event, "timestamp": ended.isoformat(), "data": data})
