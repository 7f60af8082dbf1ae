"""Ensures that each version of an upload gets one run, even if several processes request it at once.

A run's id cannot be chosen in advance, so it cannot serve as a lock. Instead, a process that wants to start a run first
creates an object in the storage, the claim for attempt N of that version. Only one process can create it; the others
wait for its run.
"""

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import dagster as dg
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from clipper_assets.episodes.partitions import partition_key
from clipper_assets.episodes.shows import SHOW_TAG, show_of
from clipper_assets.runtime.run_status import FINISHED_STATUSES
from clipper_assets.runtime.tenant import runs_filter
from clipper_assets.storage.base import Storage
from clipper_assets.storage.damaged import DamagedError, stored_bytes
from clipper_assets.storage.hive import hive_folder
from clipper_assets.storage.lake import LAKE
from clipper_assets.storage.stored import Listed, Stored

UPLOAD_TAG = "clipper/upload"
"""Tag of a run that was requested for an upload: `key@version`."""
ATTEMPT_TAG = "clipper/attempt"
"""Tag of a run that was claimed: the number of the claim."""
GONE = (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED, dg.DagsterRunStatus.CANCELING)
REMOVED = "removed"
"""Owner of the claim that stays after an episode was removed, so that the sensor does not start its upload again."""
STALE = timedelta(seconds=60)
"""A claim that has no run after this time belongs to a process that died."""


class Requester(StrEnum):
    """Who requests a run.

    A sensor may repeat its own request, because the daemon may repeat a tick: run keys prevent a second run. They do so
    for each sensor alone, so each has a name of its own here.
    """

    api = "api"
    sensor = "new_uploads"
    events = "upload_events"
    """The sensor that reads a queue. It looks claims up one by one, because its ticks list nothing."""
    sweep = "sweep_uploads"
    retry = "retry"
    """A person who wants another run, even after one that succeeded."""
    returned = "new_uploads, returned"
    """The sensor, for an upload that was deleted and came back: runs that failed or were cancelled do not count."""


SENSORS = (Requester.sensor, Requester.events, Requester.sweep)
REPEATING = (*SENSORS, Requester.returned)


class Claim(BaseModel):
    """The right to start attempt `attempt` of one version of an upload."""

    model_config = ConfigDict(frozen=True)

    attempt: int
    owner: str
    at: AwareDatetime


@dataclass(frozen=True)
class Served:
    """A run for this version exists."""

    run: dg.DagsterRun


@dataclass(frozen=True)
class Removed:
    """A person removed the episode; only a person may start it again."""


@dataclass(frozen=True)
class Wait:
    """Another process is starting a run."""


@dataclass(frozen=True)
class Launch:
    """No run exists and none is being started: start one, as this attempt."""

    attempt: int


Decision = Served | Removed | Wait | Launch


def upload_tag(stored: Stored | Listed) -> str:
    """Tag value and run key for one version of an upload: `key@version`."""
    return f"{stored.key}@{stored.version}"


def decide(runs: Sequence[dg.DagsterRun], claim: Claim | None, requester: Requester, now: datetime) -> Decision:
    """Decide whether to start a run of a version, from its runs, newest first, and its newest claim.

    Runs that failed or were cancelled do not count if a person requests the run, or if the upload was deleted in
    between; otherwise the sensor counts them.
    """
    ignored = FINISHED_STATUSES if requester is Requester.retry else GONE
    live = next((run for run in runs if run.status not in ignored and not _is_stranded(run, claim, now)), None)
    if live or (runs and requester in SENSORS):
        return Served(live or runs[0])
    tried = max((_attempt(run) for run in runs), default=0)
    if claim is None or claim.attempt <= tried:
        return Launch(tried + 1)
    if claim.owner == REMOVED:
        return Removed() if requester in SENSORS else Launch(claim.attempt + 1)
    if claim.owner == requester and requester in REPEATING:
        return Launch(claim.attempt)
    if now - claim.at < STALE:
        return Wait()
    return Launch(claim.attempt + 1)


def current_decision(storage: Storage, instance: dg.DagsterInstance, stored: Stored, requester: Requester) -> Decision:
    """The current decision, without claiming an attempt."""
    return _decide_now(storage, instance, stored, requester)[0]


def claim_run(storage: Storage, instance: dg.DagsterInstance, stored: Stored, requester: Requester) -> Decision:
    """The current decision; for `Launch`, the attempt is claimed for the caller.

    The caller calls `release` if it cannot start the run.
    """
    decision, claim = _decide_now(storage, instance, stored, requester)
    if isinstance(decision, Launch) and (claim is None or claim.attempt != decision.attempt):
        ours = Claim(attempt=decision.attempt, owner=requester, at=datetime.now(UTC))
        if not storage.create(_key(stored, ours.attempt), ours.model_dump_json().encode()):
            return Wait()
    return decision


def release(storage: Storage, stored: Stored, attempt: int) -> None:
    """Delete a claim whose run was not started."""
    storage.delete(_key(stored, attempt))


def mark_removed(storage: Storage, stored: Stored, attempt: int) -> None:
    """Mark a claim as removed, so that no sensor starts the upload again, and delete the other claims.

    The first number is marked as well, because `upload_events` looks for claims from there.
    """
    keys = {_key(stored, attempt), _key(stored, 1)}
    removed = Claim(attempt=attempt, owner=REMOVED, at=datetime.now(UTC))
    for key in keys:
        storage.put_bytes(key, removed.model_dump_json().encode())
    delete_claims(storage, stored.key, but=keys)


def delete_claims(storage: Storage, key: str, but: Collection[str] = ()) -> None:
    """Delete the claims of an upload, except those at the object keys `but`."""
    for claim in list(storage.list_objects(_folder(key))):
        if claim.key not in but:
            storage.delete(claim.key)


def run_tags(stored: Stored | Listed, attempt: int) -> dict[str, str]:
    """The tags of the run that is started for a claim."""
    return {UPLOAD_TAG: upload_tag(stored), ATTEMPT_TAG: str(attempt), SHOW_TAG: show_of(stored.key)}


def _decide_now(
    storage: Storage, instance: dg.DagsterInstance, stored: Stored, requester: Requester
) -> tuple[Decision, Claim | None]:
    # Read the claim before the runs: a run that another process starts in between is then seen.
    numbers = _probed if requester is Requester.events else _listed
    claim, runs = _newest(storage, stored, numbers), _runs(instance, stored)
    if any(run.status is dg.DagsterRunStatus.NOT_STARTED for run in runs):
        # The claim of such a run may be newer than the one read above. It is created before its run, so it exists
        # now unless it was released.
        claim = _newest(storage, stored, numbers)
    return decide(runs, claim, requester, datetime.now(UTC)), claim


def _runs(instance: dg.DagsterInstance, stored: Stored) -> list[dg.DagsterRun]:
    """The runs of a version, newest first, followed by runs of earlier releases, whose tag has only the content."""
    runs = list(instance.get_runs(runs_filter(tags={UPLOAD_TAG: upload_tag(stored)})))
    if stored.uploaded_at:
        tags = {UPLOAD_TAG: f"{stored.key}@{stored.content}"}
        runs += instance.get_runs(runs_filter(tags=tags, created_after=stored.uploaded_at - timedelta(seconds=1)))
    return runs


def _is_stranded(run: dg.DagsterRun, claim: Claim | None, now: datetime) -> bool:
    """Whether the API created a run but never queued it, because the database failed or the process died in between."""
    if run.status is not dg.DagsterRunStatus.NOT_STARTED or not _attempt(run):
        return False
    if claim is None or claim.attempt != _attempt(run):  # its claim was released
        return True
    return claim.owner in (Requester.api, Requester.retry) and now - claim.at >= STALE


def _attempt(run: dg.DagsterRun) -> int:
    number = run.tags.get(ATTEMPT_TAG, "")
    return int(number) if number.isdecimal() else 0


def _newest(storage: Storage, stored: Stored, numbers_of: Callable[[Storage, Stored], list[int]]) -> Claim | None:
    """The claim with the highest number. An unreadable one counts as the claim of a process that died."""
    numbers = numbers_of(storage, stored)
    if not numbers:
        return None
    key = _key(stored, max(numbers))
    try:
        return Claim.model_validate_json(stored_bytes(storage, key, "ask again"))
    except (DamagedError, ValidationError):
        return Claim(attempt=max(numbers), owner="", at=datetime.min.replace(tzinfo=UTC))


def _listed(storage: Storage, stored: Stored) -> list[int]:
    """The numbers of a version's claims."""
    prefix = _key(stored, None)
    return [
        int(number)
        for claim in storage.list_objects(_folder(stored.key))
        if (number := claim.key.removeprefix(prefix).removesuffix(".json")).isdecimal()
    ]


def _probed(storage: Storage, stored: Stored) -> list[int]:
    """The same without a listing: numbers begin at 1, and at most one is missing, because it was released."""
    numbers: list[int] = []
    number = 1
    while number - max(numbers, default=0) <= 2:
        if storage.exists(_key(stored, number)):
            numbers.append(number)
        number += 1
    return numbers


def _folder(key: str) -> str:
    return f"{LAKE}/run_claims/{hive_folder(partition_key(key))}"


def _key(stored: Stored, attempt: int | None) -> str:
    """Object key of a claim; without an attempt, the prefix of the keys of all claims of the version."""
    version = hashlib.sha256(upload_tag(stored).encode()).hexdigest()
    prefix = f"{_folder(stored.key)}/{version}-"
    return prefix if attempt is None else f"{prefix}{attempt}.json"
