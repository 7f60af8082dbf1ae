"""One run for each version of an upload, whoever asks first.

Neither the API nor the sensor can choose the id of a run, so who wants to start one creates an object in the storage
first, which lets only one of them: attempt N of that version. The others wait for the run that comes of it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import dagster as dg
from dagster._core.storage.dagster_run import FINISHED_STATUSES
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from clipper_assets.episodes.partitions import partition_key
from clipper_assets.storage.base import Storage, Stored
from clipper_assets.storage.damaged import DamagedError, stored_bytes
from clipper_assets.storage.hive import hive_folder
from clipper_assets.storage.lake import LAKE

UPLOAD_TAG = "clipper/upload"
"""Tag of a run that was requested for an upload: `key@version`."""
ATTEMPT_TAG = "clipper/attempt"
"""Tag of a run that was claimed: the number of the claim."""
GONE = (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED, dg.DagsterRunStatus.CANCELING)
REMOVED = "removed"
"""Owner of the claim that stays of an episode which was removed, so that the sensor leaves its upload alone."""
STALE = timedelta(seconds=60)
"""A claim without a run so long after belongs to a process that died."""


class Asker(StrEnum):
    """Who wants a run. The daemon may repeat a tick of the sensor, whose run keys keep that from being two runs."""

    api = "api"
    sensor = "new_uploads"
    retry = "retry"
    """A person who wants another run, although there may be one that ended well."""
    returned = "new_uploads, returned"
    """The sensor, for an upload that was gone and came back: a run that failed or was cancelled is as good as none."""


class Claim(BaseModel):
    """The right to start attempt `attempt` of one version of an upload."""

    model_config = ConfigDict(frozen=True)

    attempt: int
    owner: str
    at: AwareDatetime


@dataclass(frozen=True)
class Served:
    """There is a run already."""

    run: dg.DagsterRun


@dataclass(frozen=True)
class Removed:
    """A person removed the episode: only a person asks for it again."""


@dataclass(frozen=True)
class Wait:
    """Somebody else is starting a run."""


@dataclass(frozen=True)
class Launch:
    """Nobody is at it: the run to start is this attempt."""

    attempt: int


Decision = Served | Removed | Wait | Launch


def upload_tag(stored: Stored) -> str:
    """Names one version of an upload."""
    return f"{stored.key}@{stored.version}"


def decide(runs: Sequence[dg.DagsterRun], claim: Claim | None, asker: Asker, now: datetime) -> Decision:
    """What is to be done about a version that has these runs, the newest first, and this newest claim.

    A run that failed or was cancelled is as good as none to a person who asks; to the sensor only where the upload was
    gone meanwhile.
    """
    gone = FINISHED_STATUSES if asker is Asker.retry else GONE
    live = next((run for run in runs if run.status not in gone and not _is_stranded(run, claim, now)), None)
    if live or (runs and asker is Asker.sensor):
        return Served(live or runs[0])
    tried = max((_attempt(run) for run in runs), default=0)
    if claim is None or claim.attempt <= tried:
        return Launch(tried + 1)
    if claim.owner == REMOVED:
        return Removed() if asker is Asker.sensor else Launch(claim.attempt + 1)
    if claim.owner == asker and asker in (Asker.sensor, Asker.returned):
        return Launch(claim.attempt)
    if now - claim.at < STALE:
        return Wait()
    return Launch(claim.attempt + 1)


def look(storage: Storage, instance: dg.DagsterInstance, stored: Stored, asker: Asker) -> Decision:
    """The decision as things are; nothing is claimed."""
    return _look(storage, instance, stored, asker)[0]


def take(storage: Storage, instance: dg.DagsterInstance, stored: Stored, asker: Asker) -> Decision:
    """The same, but the attempt to launch is then the asker's alone, who gives it back by `release` if that fails."""
    decision, claim = _look(storage, instance, stored, asker)
    if isinstance(decision, Launch) and (claim is None or claim.attempt != decision.attempt):
        ours = Claim(attempt=decision.attempt, owner=asker, at=datetime.now(UTC))
        if not storage.create(_key(stored, ours.attempt), ours.model_dump_json().encode()):
            return Wait()
    return decision


def release(storage: Storage, stored: Stored, attempt: int) -> None:
    """Gives a claim back that led to no run."""
    storage.delete(_key(stored, attempt))


def keep_away(storage: Storage, stored: Stored, attempt: int) -> None:
    """Turns a claim into one that keeps the sensor away from an upload whose episode was removed; drops the others."""
    key = _key(stored, attempt)
    removed = Claim(attempt=attempt, owner=REMOVED, at=datetime.now(UTC))
    storage.put_bytes(key, removed.model_dump_json().encode())
    forget(storage, stored.key, but=key)


def forget(storage: Storage, key: str, but: str | None = None) -> None:
    """Drops the claims of an upload."""
    for each in list(storage.list_objects(_folder(key))):
        if each.key != but:
            storage.delete(each.key)


def run_tags(stored: Stored, attempt: int) -> dict[str, str]:
    """The tags of the run that a claim leads to."""
    return {UPLOAD_TAG: upload_tag(stored), ATTEMPT_TAG: str(attempt)}


def _look(
    storage: Storage, instance: dg.DagsterInstance, stored: Stored, asker: Asker
) -> tuple[Decision, Claim | None]:
    # The claim is read before the runs: a claim that looks abandoned may have led to a run meanwhile, not vice versa.
    claim, runs = _newest(storage, stored), _runs(instance, stored)
    if any(run.status is dg.DagsterRunStatus.NOT_STARTED for run in runs):
        claim = _newest(storage, stored)  # that of such a run is older than the run, unless it was given back
    return decide(runs, claim, asker, datetime.now(UTC)), claim


def _runs(instance: dg.DagsterInstance, stored: Stored) -> list[dg.DagsterRun]:
    """The runs of a version, the newest first; those of earlier releases, which knew only its content, come last."""
    runs = list(instance.get_runs(dg.RunsFilter(tags={UPLOAD_TAG: upload_tag(stored)})))
    if stored.uploaded_at:
        tags = {UPLOAD_TAG: f"{stored.key}@{stored.content}"}
        runs += instance.get_runs(dg.RunsFilter(tags=tags, created_after=stored.uploaded_at - timedelta(seconds=1)))
    return runs


def _is_stranded(run: dg.DagsterRun, claim: Claim | None, now: datetime) -> bool:
    """Whether a run was made by the API and never queued, since the database failed in between or the process died."""
    if run.status is not dg.DagsterRunStatus.NOT_STARTED or not _attempt(run):
        return False
    if claim is None or claim.attempt != _attempt(run):  # its own was given back
        return True
    return claim.owner in (Asker.api, Asker.retry) and now - claim.at >= STALE


def _attempt(run: dg.DagsterRun) -> int:
    number = run.tags.get(ATTEMPT_TAG, "")
    return int(number) if number.isdecimal() else 0


def _newest(storage: Storage, stored: Stored) -> Claim | None:
    """The claim with the highest number. One that cannot be read is taken as one of a process that died."""
    before = _key(stored, None)
    numbers = [
        int(number)
        for each in storage.list_objects(_folder(stored.key))
        if (number := each.key.removeprefix(before).removesuffix(".json")).isdecimal()
    ]
    if not numbers:
        return None
    key = _key(stored, max(numbers))
    try:
        return Claim.model_validate_json(stored_bytes(storage, key, "ask again"))
    except (DamagedError, ValidationError):
        return Claim(attempt=max(numbers), owner="", at=datetime.min.replace(tzinfo=UTC))


def _folder(key: str) -> str:
    return f"{LAKE}/run_claims/{hive_folder(partition_key(key))}"


def _key(stored: Stored, attempt: int | None) -> str:
    """Where a claim lies; without a number, what the keys of all claims of that version begin with."""
    version = hashlib.sha256(upload_tag(stored).encode()).hexdigest()
    begin = f"{_folder(stored.key)}/{version}-"
    return begin if attempt is None else f"{begin}{attempt}.json"
