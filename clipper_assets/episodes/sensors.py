"""`new_uploads`: one run for each upload and version below the storage root."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import dagster as dg
from dagster import SensorEvaluationContext

from clipper_assets.episodes.claims import Asker, Launch, Wait, run_tags, take, upload_tag
from clipper_assets.episodes.partitions import episodes, partition_key
from clipper_assets.episodes.uploads import is_upload, without_own_sound
from clipper_assets.storage.base import Storage, Stored
from clipper_assets.storage.directory import DirectoryStorage

BEHIND_PEOPLE = "-1"
"""Priority of runs that nobody waits for: those that a person asks for have 0."""
REQUESTS_PER_TICK = 100
"""A tick has 60 s; the rest of a large first listing is requested on the following ticks."""
KEPT_GONE = 1000
"""So many uploads that are gone are remembered, the last ones."""


@dataclass(frozen=True)
class Seen:
    """What earlier ticks saw: the version of each upload, which of those had a run requested, and which are gone since.

    A copy that keeps the time of a file has the version that the file had before it was deleted.
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
        """The same, but those uploads were not requested yet."""
        later = {stored.key: stored.version for stored in waiting}
        requested = {key: version for key, version in self.requested.items() if key not in later}
        return replace(self, requested=requested, settling={**self.settling, **later})


def decide(listing: Iterable[Stored], seen: Seen, *, settle: bool, limit: int) -> tuple[list[Stored], Seen]:
    """The uploads to request now, and what to remember.

    With `settle` an upload is requested only once its version is the same on two ticks: a copy into a directory grows
    under its final name, an object in S3 never does. At most `limit` uploads are requested; the others are
    remembered as not requested. Cursors of earlier releases hold S3's ETags alone.
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
    return requests, Seen(requested, settling, dict(list(gone.items())[-KEPT_GONE:]))


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
        for stored in without_own_sound(stored for stored in storage.list_objects() if is_upload(stored.key)):
            try:
                listing.append((partition_key(stored.key), stored))
            except ValueError as error:
                context.log.warning(f"not an episode: {error}")
        partitions = {stored.key: partition for partition, stored in listing}
        requests, remembered = decide(
            [stored for _, stored in listing],
            seen,
            settle=isinstance(storage, DirectoryStorage),
            limit=REQUESTS_PER_TICK,
        )
        taken = {
            stored: take(
                storage,
                context.instance,
                stored,
                Asker.returned if seen.gone.get(stored.key) == stored.version else Asker.sensor,
            )
            for stored in requests
        }
        remembered = remembered.without(stored for stored, decision in taken.items() if isinstance(decision, Wait))
        attempts = {stored: decision.attempt for stored, decision in taken.items() if isinstance(decision, Launch)}
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
