"""Decides which uploads need a run, from the runs and claims of their versions, and requests it."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile

import dagster as dg

from clipper_assets.episodes.claims import UPLOAD_TAG, Launch, Requester, Wait, claim_run, run_tags, upload_tag
from clipper_assets.episodes.partitions import EPISODES, episodes, partition_key
from clipper_assets.episodes.shows import shows, unregistered_shows
from clipper_assets.episodes.uploads import videos_beside
from clipper_assets.runtime.tenant import runs_filter
from clipper_assets.storage.base import Storage
from clipper_assets.storage.stored import Listed

BEHIND_PEOPLE = "-1"
"""Priority of the sensors' runs. Runs that a person requests have the default, 0, and start first."""
REQUESTS_PER_TICK = 100
"""A tick may take 60 s; later ticks request the rest."""
DECIDING_S = 20.0
"""Seconds after which a tick leaves the other uploads to the next one: in S3 each claim takes several requests."""
TAGS_PER_QUERY = 500
KEPT_DECISIONS = 50_000
KEPT_S = 3600.0
"""Seconds for which it is remembered that an upload needs no run. An object whose delete marker was removed has its old
version and time, and needs another run if its episode was removed in between."""


@dataclass
class Decided:
    """The decisions of a tick: uploads to launch with their attempts, those that wait, and those that need no run."""

    launches: dict[Listed, int] = field(default_factory=dict)
    waiting: list[Listed] = field(default_factory=list)
    done: list[Listed] = field(default_factory=list)


class Decisions:
    """Decides about uploads and remembers for KEPT_S which needed no run, so that removed episodes cost little."""

    def __init__(self, requester: Requester):
        self.requester = requester
        self._done: dict[Listed, float] = {}

    def of(
        self,
        storage: Storage,
        instance: dg.DagsterInstance,
        uploads: Iterable[Listed],
        settled: Callable[[Listed], bool] = lambda _: True,
        refused: Callable[[Listed], bool] = lambda _: False,
        at_most: int = REQUESTS_PER_TICK,
    ) -> Decided:
        """Decide about `uploads`, oldest first; of those without a run, those that are not `settled` wait.

        No more than `at_most` are launched, and the others wait. Each launch is claimed. `refused` uploads need no run;
        it is asked only before a launch.
        """
        self._forget(before_s=time.monotonic() - KEPT_S)
        decided = Decided(done=[upload for upload in uploads if upload in self._done])
        unknown = sorted(set(uploads) - self._done.keys(), key=lambda upload: (upload.changed_ns, upload.key))
        newest_runs = _newest_runs(instance, unknown)
        stop = time.monotonic() + DECIDING_S
        for upload in unknown:
            requester = self._requester(upload, newest_runs.get(upload))
            if requester is None:
                decided.done.append(upload)
            elif not settled(upload) or len(decided.launches) == at_most or time.monotonic() > stop:
                decided.waiting.append(upload)
            elif refused(upload):
                decided.done.append(upload)
            else:
                decision = claim_run(storage, instance, upload.stored, requester)
                if isinstance(decision, Launch):
                    decided.launches[upload] = decision.attempt
                elif isinstance(decision, Wait):
                    decided.waiting.append(upload)
                else:
                    decided.done.append(upload)
        self.remember(upload for upload in decided.done if upload not in self._done)
        return decided

    def _requester(self, upload: Listed, newest_run: datetime | None) -> Requester | None:
        """Who requests the upload: None if its version has a run, unless it left and came back after that run began.

        A file that comes back has its old version, but a later change time; so has one whose access rights changed,
        which therefore gets another run if the last one failed. A time in the future is not believed.
        """
        if newest_run is None:
            return self.requester
        came_back = newest_run.timestamp() * 1e9 < upload.changed_ns < time.time_ns()
        return Requester.returned if came_back and upload.stored.uploaded_at is None else None

    def remember(self, done: Iterable[Listed]) -> None:
        """Take it as decided that these uploads need no run."""
        self._done.update(dict.fromkeys(done, time.monotonic()))
        for upload in list(self._done)[: max(0, len(self._done) - KEPT_DECISIONS)]:
            del self._done[upload]

    def _forget(self, before_s: float) -> None:
        for upload in list(takewhile(lambda upload: self._done[upload] < before_s, self._done)):  # oldest first
            del self._done[upload]


def _newest_runs(instance: dg.DagsterInstance, uploads: Sequence[Listed]) -> dict[Listed, datetime]:
    """When the newest run of each version was created. Runs of earlier releases, whose tags differ, are not found."""
    found: dict[Listed, datetime] = {}
    for start in range(0, len(uploads), TAGS_PER_QUERY):
        by_tag = {upload_tag(upload): upload for upload in uploads[start : start + TAGS_PER_QUERY]}
        for record in instance.get_run_records(runs_filter(tags={UPLOAD_TAG: list(by_tag)})):
            upload = by_tag[record.dagster_run.tags[UPLOAD_TAG]]
            found[upload] = max(found.get(upload, record.create_timestamp), record.create_timestamp)
    return found


def run_requests(launches: dict[Listed, int]) -> list[dg.RunRequest]:
    """The run requests of claimed launches."""
    return [
        dg.RunRequest(
            partition_key=partition_key(upload.key),
            run_key=upload_tag(upload) + (f"#{attempt}" if attempt > 1 else ""),
            tags={**run_tags(upload, attempt), "dagster/priority": BEHIND_PEOPLE},
        )
        for upload, attempt in launches.items()
    ]


def new_partitions(instance: dg.DagsterInstance, launches: Iterable[Listed]) -> list[dg.AddDynamicPartitionsRequest]:
    """The requests that register those of the uploads, and the shows of all episodes, that are not registered yet."""
    keys = [partition_key(upload.key) for upload in launches]
    new = [key for key in keys if not instance.has_dynamic_partition(EPISODES, key)]
    requested = {episodes: new, shows: unregistered_shows(instance, new)}
    return [definition.build_add_request(missing) for definition, missing in requested.items() if missing]


def belongs_to_video(storage: Storage, upload: Listed) -> bool:
    """Whether an audio file is the sound of a video of the same name."""
    return any(storage.exists(video) for video in videos_beside(upload.key))


def can_be_episode(upload: Listed, warn: Callable[[str], None]) -> bool:
    """Whether an upload's key can be an episode's; warns if not."""
    try:
        partition_key(upload.key)
    except ValueError as error:
        warn(f"upload skipped: {error}")
        return False
    return True
