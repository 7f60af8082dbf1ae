"""Decides which finished runs are superseded: nothing that the UI, the API, the sensors or staleness reads needs them.

A run is needed while it holds the latest materialization or observation of an asset, for an episode or for all, or an
input that such a materialization was made from: Dagster compares an input's present version with the one at that time.
It is also needed while an asset that it was to make was not made since, because its failure is still the asset's state,
and while the version of an upload that it was started for is the present one, because the sensor would start another.
The catalogue looks up whether the run that rendered clips was reported, so that one is needed, too.
"""

from collections.abc import Iterator, Sequence, Set
from contextlib import suppress

import dagster as dg

from clipper_assets.clips.folders import MANIFEST, clip_folders, owner
from clipper_assets.clips.looks import LOOK_SET, Rendition
from clipper_assets.clips.manifest import read_manifest
from clipper_assets.clips.variants import clip_variants
from clipper_assets.episodes.claims import UPLOAD_TAG, upload_tag
from clipper_assets.episodes.partitions import EPISODES, object_key
from clipper_assets.job import assets, clip_episode
from clipper_assets.media.frame import Aspect
from clipper_assets.runtime.partition_keys import EPISODE_TAG, LOOK_TAG, look_partition
from clipper_assets.runtime.spend import FAILED
from clipper_assets.runtime.tenant import is_own_asset, runs_filter
from clipper_assets.storage.base import Storage
from clipper_assets.storage.damaged import DamagedError

INPUT_POINTER = "dagster/input_event_pointer/"
"""Prefix of the tags of a materialization that hold the storage id up to which an input was read; "NULL" for none.
dagster/_core/definitions/data_version.py, INPUT_EVENT_POINTER_TAG_PREFIX."""
REPORTS = {dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_OBSERVATION}
EPISODE_ASSETS = frozenset(asset.key for asset in assets)


class Superseded:
    """Answers for runs of one Dagster instance; what it has found out about an episode is kept."""

    def __init__(self, storage: Storage, instance: dg.DagsterInstance):
        self.storage, self.instance = storage, instance
        self.partitions = frozenset(instance.get_dynamic_partitions(EPISODES))
        self.looks = instance.get_dynamic_partitions(LOOK_SET)
        self.asset_keys = [key for key in instance.get_asset_keys() if is_own_asset(key)]
        self.of_all = [record for key in self.asset_keys for record in self._latest(key, None)]
        self.latest = {record.run_id for record in self.of_all}
        self._needed: dict[str, set[str]] = {}

    def includes(self, run: dg.DagsterRun) -> bool:
        """Whether nothing needs this finished run."""
        group = run.tags.get("dagster/partition") or f"job {run.job_name}"
        if group not in self._needed:
            self._needed[group] = self._needed_of(run)
        return run.run_id not in self._needed[group] | self.latest and not self._holds_latest(run)

    def _holds_latest(self, run: dg.DagsterRun) -> bool:
        """Whether a run without a partition, as of `refresh_library`, holds the latest event of an asset's episode."""
        if "dagster/partition" in run.tags:
            return False  # see `_holders`
        records = self.instance.get_records_for_run(run.run_id, of_type=REPORTS).records
        events = (record.event_log_entry.dagster_event for record in records)
        reported = {(event.asset_key, event.partition) for event in events if event and event.asset_key}
        return any(
            run.run_id in {record.run_id for record in self._latest(key, episode)}
            for key, episode in reported
            if episode in self.partitions
        )

    def _needed_of(self, run: dg.DagsterRun) -> set[str]:
        """The runs of the episode, or of the job, of `run` that are needed."""
        partition = run.tags.get("dagster/partition")
        if partition is None:
            of_job = self.instance.get_runs(runs_filter(job_name=run.job_name))
            runs = [each for each in of_job if "dagster/partition" not in each.tags]
            needed = _unmatched(runs)
        elif self._is_known(run):
            runs = list(self.instance.get_runs(runs_filter(tags={"dagster/partition": partition})))
            needed = _unmatched(runs)
            if LOOK_TAG in run.tags:
                needed |= self._holders(partition)
            else:
                needed |= self._of_present_version(partition, runs)
                if len(needed) < len(runs):
                    needed |= self._holders(partition) | self._renderers(partition)
        else:
            return set()
        return needed | {relative for each in runs if each.run_id in needed for relative in _relatives(each)}

    def _is_known(self, run: dg.DagsterRun) -> bool:
        """Whether the run is of an episode, or of a look of one, that Dagster still has."""
        if LOOK_TAG in run.tags:
            return run.tags[EPISODE_TAG] in self.partitions and run.tags[LOOK_TAG] in self.looks
        return run.tags["dagster/partition"] in self.partitions

    def _of_present_version(self, partition: str, runs: Sequence[dg.DagsterRun]) -> set[str]:
        """The runs that were started for the present version of the upload, or for the last one if it is gone."""
        stored = self.storage.stat(object_key(partition))
        tags = {upload_tag(stored), f"{stored.key}@{stored.content}"} if stored else set[str]()
        started = [run for run in runs if UPLOAD_TAG in run.tags]
        if not stored and started:
            tags.add(started[0].tags[UPLOAD_TAG])
        return {run.run_id for run in started if run.tags[UPLOAD_TAG] in tags}

    def _holders(self, partition: str) -> set[str]:
        """The runs that hold the latest events of each asset for an episode, or a look of it, and their inputs."""
        if partition not in self.partitions:  # of a look
            return {record.run_id for record in self._latest(clip_variants.key, partition)}
        latest = [record for key in self.asset_keys for record in self._latest(key, partition)]
        of_looks = [look_partition(partition, look) for look in self.looks]
        latest += [record for each in of_looks for record in self._latest(clip_variants.key, each)]
        inputs = {each for record in [*latest, *self.of_all] for each in _inputs(record)}
        read = [record for key, pointer in inputs for record in self._latest(key, partition, pointer + 1)]
        return {record.run_id for record in [*latest, *read]}

    def _renderers(self, partition: str) -> set[str]:
        """The runs that rendered the present clips; those of other aspects may be from earlier runs."""
        key, runs = object_key(partition), set[str]()
        for manifest in (
            f"{folder}/{MANIFEST}" for aspect in Aspect for folder in clip_folders(key, Rendition(aspect).folder)
        ):
            if self.storage.exists(manifest) and owner(self.storage, manifest) == partition:
                with suppress(DamagedError):  # it names no run
                    runs.add(read_manifest(self.storage, manifest).run_id)
        return runs

    def _latest(
        self, key: dg.AssetKey, partition: str | None, before: int | None = None
    ) -> Iterator[dg.EventLogRecord]:
        """The latest materialization and the latest observation of an asset, where there are any.

        The observation in which a failed step says what it cost is of no use once the costs are collected.
        """
        events = dg.AssetRecordsFilter(key, [partition] if partition else None, before_storage_id=before)
        yield from self.instance.fetch_materializations(events, limit=1).records
        for record in self.instance.fetch_observations(events, limit=1).records:
            if record.asset_observation and FAILED not in record.asset_observation.metadata:
                yield record


def _inputs(record: dg.EventLogRecord) -> list[tuple[dg.AssetKey, int]]:
    """The inputs of a materialization: their keys, and the storage id of the newest event that it knew of."""
    tags = (record.asset_materialization.tags if record.asset_materialization else None) or {}
    return [
        (dg.AssetKey.from_user_string(tag.removeprefix(INPUT_POINTER)), int(pointer))
        for tag, pointer in tags.items()
        if tag.startswith(INPUT_POINTER) and pointer.isdecimal()
    ]


def _unmatched(runs: Sequence[dg.DagsterRun]) -> set[str]:
    """Of runs, newest first: the newest, and those that were to make something that no newer one made."""
    unmatched = {runs[0].run_id}
    made: set[object] = set()
    for run in runs:
        aims = _aims(run)
        if not aims <= made:
            unmatched.add(run.run_id)
        if run.status is dg.DagsterRunStatus.SUCCESS:
            made |= aims
    return unmatched


def _aims(run: dg.DagsterRun) -> Set[object]:
    """What a run is to make: assets, or, without a selection, whatever its job makes."""
    checked = {check.asset_key for check in run.asset_check_selection or ()}
    if run.asset_selection or checked:
        return {*(run.asset_selection or ()), *checked}
    return EPISODE_ASSETS if run.job_name == clip_episode.name else {run.job_name}


def _relatives(run: dg.DagsterRun) -> list[str]:
    """The runs that a retried run names."""
    return [relative for relative in (run.parent_run_id, run.root_run_id) if relative]
