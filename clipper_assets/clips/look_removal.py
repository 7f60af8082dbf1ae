"""Removes a look: its clips of all episodes, its runs and its partition."""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import dagster as dg

from clipper_assets.clips.folders import manifest_key
from clipper_assets.clips.looks import LOOK_SET, Rendition, may_have_files
from clipper_assets.clips.removal import remove_look
from clipper_assets.episodes.partitions import object_key
from clipper_assets.media.frame import Aspect
from clipper_assets.runtime.asset_names import CLIP_VARIANTS
from clipper_assets.runtime.partition_keys import EPISODE_TAG, LOOK_TAG
from clipper_assets.runtime.run_removal import remove_run
from clipper_assets.runtime.run_status import NOT_FINISHED_STATUSES
from clipper_assets.runtime.tenant import asset_key, runs_filter
from clipper_assets.storage.base import Storage

AT_ONCE = 16
"""Episodes whose files are removed at once: S3 answers each request in about 20 ms."""


class UnknownLookError(ValueError):
    """There is no look of this name; the message lists those that there are."""

    def __init__(self, instance: dg.DagsterInstance, look: str):
        names = ", ".join(instance.get_dynamic_partitions(LOOK_SET)) or "none yet"
        super().__init__(f"there is no look {look}; the looks are: {names}")


class LookInUseError(ValueError):
    """A run of the look is queued or running, of any episode."""


def episodes_with(instance: dg.DagsterInstance, look: str) -> set[str]:
    """The episodes that have clips in a look, or had a run for them, as Dagster knows."""
    runs = instance.get_runs(runs_filter(tags={LOOK_TAG: look}))
    made = instance.get_materialized_partitions(asset_key(CLIP_VARIANTS))
    split = (partition.rpartition("|") for partition in made)
    return {run.tags[EPISODE_TAG] for run in runs} | {episode for episode, _, name in split if name == look}


def files_by_episode(storage: Storage, instance: dg.DagsterInstance, look: str) -> dict[str, int]:
    """How many files the clips of a look have, their manifest included, by episode (partition key) that has any."""
    episodes = sorted(episodes_with(instance, look))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        counts = pool.map(partial(_files, storage, look=look), episodes)
        return {episode: count for episode, count in zip(episodes, counts, strict=True) if count}


def _files(storage: Storage, episode: str, look: str) -> int:
    manifest = manifest_key(storage, object_key(episode), episode, Rendition(Aspect.portrait, look))
    return sum(1 for _ in storage.list_objects(manifest.rpartition("/")[0])) if manifest else 0


def remove_look_of_all(
    storage: Storage, instance: dg.DagsterInstance, look: str, also: Collection[str] = ()
) -> set[str]:
    """Remove a look with its clips of all episodes that Dagster knows to have it, and of `also`; returns the episodes.

    It can be repeated if it was interrupted; what is left then is found by `collect_garbage`, because the partition is
    removed first. Raises UnknownLookError and LookInUseError, and removes nothing then.
    """
    has_partition = instance.has_dynamic_partition(LOOK_SET, look)
    if not has_partition and not also and not episodes_with(instance, look):
        raise UnknownLookError(instance, look)
    _refuse_in_use(instance, look)
    instance.delete_dynamic_partition(LOOK_SET, look)
    try:
        _refuse_in_use(instance, look)  # a run that was launched meanwhile; without the partition, later ones fail
    except LookInUseError:
        if has_partition:
            instance.add_dynamic_partitions(LOOK_SET, [look])
        raise
    episodes = {*episodes_with(instance, look), *also}
    if may_have_files(look):
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(partial(remove_look, storage, look=look), episodes))
    for run_id in instance.get_run_ids(runs_filter(tags={LOOK_TAG: look})):
        remove_run(instance, run_id)
    return episodes


def _refuse_in_use(instance: dg.DagsterInstance, look: str) -> None:
    filters = runs_filter(tags={LOOK_TAG: look}, statuses=list(NOT_FINISHED_STATUSES))
    if instance.get_run_ids(filters, limit=1):
        raise LookInUseError(f"a run of the look {look} is in progress; cancel it, or wait for its end")
