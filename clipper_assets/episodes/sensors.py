"""`new_uploads`, the sensor that requests a run for each new version of an upload."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import dagster as dg
from dagster import SensorEvaluationContext

from clipper_assets.episodes.claims import Launch, Requester, Wait, claim_run, run_tags, upload_tag
from clipper_assets.episodes.partitions import episodes, partition_key
from clipper_assets.episodes.uploads import is_upload, without_audio_of_videos
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.stored import Stored

BEHIND_PEOPLE = "-1"
"""Priority of the sensor's runs. Runs that a person requests have the default, 0, and start first."""
REQUESTS_PER_TICK = 100
"""A tick may take 60 s; if a first listing is longer, later ticks request the rest."""
MAX_GONE = 1000
"""How many deleted uploads the cursor remembers, most recent last."""


@dataclass(frozen=True)
class Seen:
    """What earlier ticks saw: the versions of uploads by key.

    Attributes:
        requested: Uploads that had a run requested.
        settling: Uploads that have no run yet.
        gone: Deleted uploads. Copying a deleted file back with its old modification time gives it the version it had
            before, so `gone` tells it from one that never left.
    """

    requested: Mapping[str, str] = field(default_factory=dict)
    settling: Mapping[str, str] = field(default_factory=dict)
    gone: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_cursor(cls, cursor: str | None) -> "Seen":
        return cls(**json.loads(cursor)) if cursor else cls()

    def to_cursor(self) -> str:
        return json.dumps({name: dict(value) for name, value in vars(self).items()}, ensure_ascii=False)

    def without(self, waiting: Iterable[Stored]) -> "Seen":
        """A copy in which the uploads `waiting` have no run yet."""
        unrequested = {stored.key: stored.version for stored in waiting}
        requested = {key: version for key, version in self.requested.items() if key not in unrequested}
        return replace(self, requested=requested, settling={**self.settling, **unrequested})


def uploads_to_request(listing: Iterable[Stored], seen: Seen, *, settle: bool, limit: int) -> tuple[list[Stored], Seen]:
    """The uploads that need a run now, at most `limit` of them, and what to remember for the next tick.

    With `settle`, an upload is requested only when two ticks in a row see the same version: a file that is being copied
    into a directory grows under its final name, which an object in S3 never does. `seen` may come from the cursor of an
    earlier release, which has S3's ETags as versions.
    """
    requests: list[Stored] = []
    requested: dict[str, str] = {}
    settling: dict[str, str] = {}
    missing = dict(seen.requested)
    for stored in listing:
        missing.pop(stored.key, None)
        if seen.requested.get(stored.key) in (stored.version, stored.content):
            requested[stored.key] = stored.version
        elif (settle and seen.settling.get(stored.key) != stored.version) or len(requests) >= limit:
            settling[stored.key] = stored.version
        else:
            requests.append(stored)
            requested[stored.key] = stored.version
    gone = {key: version for key, version in seen.gone.items() if key not in missing} | missing
    return requests, Seen(requested, settling, dict(list(gone.items())[-MAX_GONE:]))


def build_new_uploads(job: Any, interval_s: int) -> dg.SensorDefinition:
    """The sensor, on by default, that requests `job` for new uploads every `interval_s` seconds."""

    @dg.sensor(
        name="new_uploads",
        job=job,
        minimum_interval_seconds=interval_s,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Registers each new or replaced upload below the storage root as an episode and requests its run.",
    )
    def new_uploads(context: SensorEvaluationContext, storage: Storage) -> dg.SensorResult | dg.SkipReason:
        seen = Seen.from_cursor(context.cursor)
        listing = []
        for stored in without_audio_of_videos(stored for stored in storage.list_objects() if is_upload(stored.key)):
            try:
                listing.append((partition_key(stored.key), stored))
            except ValueError as error:
                context.log.warning(f"upload skipped: {error}")
        partitions = {stored.key: partition for partition, stored in listing}
        requests, remembered = uploads_to_request(
            [stored for _, stored in listing],
            seen,
            settle=isinstance(storage, DirectoryStorage),
            limit=REQUESTS_PER_TICK,
        )
        decisions = {
            stored: claim_run(
                storage,
                context.instance,
                stored,
                Requester.returned if seen.gone.get(stored.key) == stored.version else Requester.sensor,
            )
            for stored in requests
        }
        remembered = remembered.without(stored for stored, decision in decisions.items() if isinstance(decision, Wait))
        attempts = {stored: decision.attempt for stored, decision in decisions.items() if isinstance(decision, Launch)}
        new = [partitions[stored.key] for stored in attempts]
        unregistered = [key for key in new if not context.instance.has_dynamic_partition("episodes", key)]
        waiting = len(remembered.settling)
        context.log.info(f"{len(listing)} uploads, {len(attempts)} new, {waiting} still being copied")
        return dg.SensorResult(
            run_requests=[
                dg.RunRequest(
                    partition_key=partitions[stored.key],
                    run_key=upload_tag(stored) + (f"#{attempt}" if attempt > 1 else ""),
                    tags={**run_tags(stored, attempt), "dagster/priority": BEHIND_PEOPLE},
                )
                for stored, attempt in attempts.items()
            ],
            dynamic_partitions_requests=[episodes.build_add_request(unregistered)] if unregistered else [],
            cursor=remembered.to_cursor(),
            skip_reason=None if attempts else f"no new upload among {len(listing)}, {waiting} still being copied",
        )

    return new_uploads
