"""The sensor `webhooks`: delivers signed events of finished and failed runs, with retries, to each receiver."""

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
from clipper_assets.runs.model import REPORTED_TAG
from clipper_assets.runtime.asset_names import RENDERED_CLIPS
from clipper_assets.runtime.errors import StorageError
from clipper_assets.runtime.partition_keys import LOOK_TAG
from clipper_assets.runtime.tenant import asset_key, is_own_run
from clipper_assets.settings import Settings
from clipper_assets.storage.base import Storage
from clipper_assets.storage.damaged import DamagedError
from clipper_assets.storage.unreachable import UNREACHABLE

SUCCEEDED, FAILED = "episode.succeeded", "episode.failed"
EVENTS = {dg.DagsterEventType.RUN_SUCCESS: SUCCEEDED, dg.DagsterEventType.RUN_FAILURE: FAILED}
PARTITION, WILL_RETRY = "dagster/partition", "dagster/will_retry"
TIMEOUT_S = 10.0
TICK_S = 40.0
"""Seconds for deliveries in a tick, of the 60 s that Dagster allows; the rest is due on the next tick."""
FIRST_WAIT_S, LONGEST_WAIT_S, ATTEMPTS = 15.0, 4 * 3600.0, 16
"""Each wait is twice the previous one, up to the longest: the attempts span about a day."""
AT_ONCE = 8
EVENTS_PER_TICK = 50
"""Most events of each kind that are read in a tick."""


@dataclass(frozen=True)
class Delivery:
    """A pending event for one receiver.

    `receiver` is a digest of the URL, because the URL may be secret and Dagster's UI shows the cursor of a sensor.
    `due` is in seconds since 1970.
    """

    run_id: str
    event: str
    receiver: str
    attempt: int = 0
    due: float = 0.0


@dataclass(frozen=True)
class Cursor:
    """The cursor of the sensor: how far each kind of event has been read, and the pending deliveries."""

    read: dict[str, str] = field(default_factory=dict)
    pending: tuple[Delivery, ...] = ()

    @classmethod
    def parse(cls, cursor: str) -> "Cursor":
        fields = json.loads(cursor)
        return cls(fields["read"], tuple(Delivery(**delivery) for delivery in fields["pending"]))

    def dump(self) -> str:
        return json.dumps({"read": self.read, "pending": [asdict(delivery) for delivery in self.pending]})


@dataclass(frozen=True)
class Receivers:
    """The receivers' URLs by digest, the signer of requests, and the first wait in seconds."""

    urls: Mapping[str, str]
    signer: Webhook
    first_wait_s: float


def build_webhooks(settings: Settings, *, first_wait_s: float = FIRST_WAIT_S) -> list[dg.SensorDefinition]:
    """Returns the sensor, or nothing if no URL is set. Raises ValueError, in one sentence, for invalid settings.

    A run status sensor would lose events that a receiver did not accept, because its cursor advances even if its
    function raises. The cursor of this sensor holds the pending deliveries. Runs that ended before the sensor was first
    switched on are not reported.
    """
    receivers = _receivers_of(settings, first_wait_s)
    if receivers is None:
        return []

    @dg.sensor(
        name="webhooks",
        minimum_interval_seconds=settings.sensor_interval_s,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Notifies CLIPPER_WEBHOOK_URLS of episodes whose run has succeeded or failed.",
    )
    def webhooks(context: dg.SensorEvaluationContext, storage: Storage) -> dg.SensorResult:
        if not context.cursor:
            start = Cursor({kind.value: _newest(context.instance, kind) for kind in EVENTS})
            return dg.SensorResult(
                cursor=start.dump(), skip_reason="the first tick: runs that end from now on are reported"
            )
        cursor = _with_new_events(Cursor.parse(context.cursor), context.instance, tuple(receivers.urls))
        remaining = _deliver(cursor.pending, receivers, context.instance, storage, context.log.error)
        return dg.SensorResult(
            cursor=replace(cursor, pending=remaining).dump(),
            skip_reason=f"{len(cursor.pending) - len(remaining)} deliveries completed, {len(remaining)} pending",
        )

    return [webhooks]


def _receivers_of(settings: Settings, first_wait_s: float) -> Receivers | None:
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
                f"URL {number} of CLIPPER_WEBHOOK_URLS is not https://host/path without a user name; correct it"
            )
    if settings.webhook_secret is None:
        raise ValueError("CLIPPER_WEBHOOK_URLS is set, but CLIPPER_WEBHOOK_SECRET is not; set both")
    try:
        signer = Webhook(settings.webhook_secret.get_secret_value())
    except (ValueError, EmptyWebhookSecretError):
        raise ValueError("CLIPPER_WEBHOOK_SECRET is invalid; it must be `whsec_` followed by base64") from None
    return Receivers({hashlib.sha256(url.encode()).hexdigest()[:16]: url for url in urls}, signer, first_wait_s)


def _newest(instance: dg.DagsterInstance, kind: dg.DagsterEventType) -> str:
    """Returns the cursor of the newest event of a kind; empty if there is none yet."""
    page = instance.fetch_run_status_changes(kind, limit=1)
    return page.cursor if page.records else ""


def _with_new_events(cursor: Cursor, instance: dg.DagsterInstance, digests: Sequence[str]) -> Cursor:
    """Returns the cursor advanced past the runs that have ended since, with a delivery of each to each receiver."""
    read, pending = dict(cursor.read), list(cursor.pending)
    for kind, event in EVENTS.items():
        page = instance.fetch_run_status_changes(
            kind, limit=EVENTS_PER_TICK, cursor=read[kind.value] or None, ascending=True
        )
        pending += [Delivery(record.run_id, event, digest) for record in page.records for digest in digests]
        if page.records:
            read[kind.value] = page.cursor
    return Cursor(read, tuple(pending))


def _deliver(
    pending: Sequence[Delivery],
    receivers: Receivers,
    instance: dg.DagsterInstance,
    storage: Storage,
    log_error: Callable[[str], None],
) -> tuple[Delivery, ...]:
    """Attempts all due deliveries. Returns those that remain: not due yet, not reached in this tick, or to be retried.

    Deliveries to URLs that are no longer in the settings are dropped.
    """
    deadline = time.monotonic() + TICK_S - TIMEOUT_S
    remaining: list[Delivery] = []
    bodies: dict[Delivery, str] = {}
    for delivery in (pending_delivery for pending_delivery in pending if pending_delivery.receiver in receivers.urls):
        if delivery.due > time.time() or time.monotonic() > deadline:
            remaining.append(delivery)
            continue
        record = instance.get_run_record_by_id(delivery.run_id)
        is_reported = record is not None and _is_reported(record.dagster_run, instance)
        if is_reported is None:
            remaining.append(delivery)
        elif record is not None and is_reported:
            try:
                bodies[delivery] = _body(delivery.event, record, instance, storage)
            except (*UNREACHABLE, ValueError) as error:
                remaining += _retry(delivery, type(error).__name__, receivers, log_error)
    faults = asyncio.run(_send(bodies, receivers, deadline)) if bodies else {}
    for delivery in bodies:
        if delivery not in faults:
            remaining.append(delivery)
        elif (fault := faults[delivery]) is not None:
            remaining += _retry(delivery, fault, receivers, log_error)
        else:
            instance.add_run_tags(delivery.run_id, {REPORTED_TAG: datetime.now(UTC).isoformat(timespec="seconds")})
    return tuple(remaining)


def _is_reported(run: dg.DagsterRun, instance: dg.DagsterInstance) -> bool | None:
    """Whether an ended run of the tenant makes default clips and is not retried; None until Dagster decided that."""
    selection = run.asset_selection
    if not is_own_run(run) or PARTITION not in run.tags or LOOK_TAG in run.tags:
        return False
    if selection and asset_key(RENDERED_CLIPS) not in selection:
        return False
    if run.status is not dg.DagsterRunStatus.FAILURE or not instance.run_retries_enabled:
        return True
    return run.tags[WILL_RETRY] != "true" if WILL_RETRY in run.tags else None


def _retry(delivery: Delivery, fault: str, receivers: Receivers, log_error: Callable[[str], None]) -> list[Delivery]:
    """Schedules the next attempt; none after the last one, or if the receiver answered 410 (gone)."""
    attempts = delivery.attempt + 1
    if attempts == ATTEMPTS or fault == "410":
        number = 1 + list(receivers.urls).index(delivery.receiver)
        log_error(f"gave up delivering {delivery.event} of run {delivery.run_id} to webhook URL {number}: {fault}")
        return []
    wait_s = min(receivers.first_wait_s * 2**delivery.attempt, LONGEST_WAIT_S) * random.uniform(0.8, 1.2)  # noqa: S311
    return [replace(delivery, attempt=attempts, due=time.time() + wait_s)]


async def _send(bodies: Mapping[Delivery, str], receivers: Receivers, deadline: float) -> dict[Delivery, str | None]:
    """Sends deliveries. Returns why each one failed, None for a success, and nothing for those not begun in time."""
    limit = asyncio.Semaphore(AT_ONCE)
    faults: dict[Delivery, str | None] = {}

    async def send(client: httpx.AsyncClient, delivery: Delivery, body: str) -> None:
        async with limit:
            if time.monotonic() < deadline:
                faults[delivery] = await _fault(client, receivers, delivery, body)

    async with httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as client:
        await asyncio.gather(*(send(client, delivery, body) for delivery, body in bodies.items()))
    return faults


async def _fault(client: httpx.AsyncClient, receivers: Receivers, delivery: Delivery, body: str) -> str | None:
    """Sends a delivery by Standard Webhooks (its id is the idempotency key). Returns why it failed, or None."""
    webhook_id, now = f"{delivery.run_id}.{delivery.event}", datetime.now(UTC)
    headers = {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": receivers.signer.sign(webhook_id, now, body),
    }
    try:
        async with (
            asyncio.timeout(TIMEOUT_S),
            client.stream("POST", receivers.urls[delivery.receiver], content=body, headers=headers) as answer,
        ):
            return None if answer.is_success else str(answer.status_code)
    except (httpx.HTTPError, TimeoutError) as error:
        return type(error).__name__


def _body(event: str, record: dg.RunRecord, instance: dg.DagsterInstance, storage: Storage) -> str:
    """Builds the body of an event. It contains no URLs, because they expire; receivers request them from the API."""
    run = record.dagster_run
    data: dict[str, Any] = {
        "key": object_key(run.tags[PARTITION]),
        "run_id": run.run_id,
        "error": Runs(instance).view(run).error if event == FAILED else None,
        "clips": [],
        "manifest_key": None,
    }
    if event == SUCCEEDED:
        of_episode = dg.AssetRecordsFilter(asset_key=asset_key(RENDERED_CLIPS), asset_partitions=[run.tags[PARTITION]])
        records = instance.fetch_materializations(of_episode, limit=1).records
        materialization = records[0].asset_materialization if records else None
        if materialization and "manifest" in materialization.metadata:
            key = str(materialization.metadata["manifest"].value)
            names = {"clip_index", "key", "hook", "title", "start_time", "end_time", "duration"}
            try:
                clips = read_manifest(storage, key).clips
                data["manifest_key"] = key
                data["clips"] = [{**clip.model_dump(include=names), "publishable": clip.publishable} for clip in clips]
            except (DamagedError, StorageError) as damaged:
                data["error"] = str(damaged)
    ended = datetime.fromtimestamp(record.end_time or time.time(), UTC)
    return json.dumps({"type": event, "timestamp": ended.isoformat(), "data": data})
