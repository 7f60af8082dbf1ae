"""Shows as dynamic partitions: a show is the folder of its uploads."""

from collections.abc import Iterable

import dagster as dg

from clipper_assets.episodes.partitions import EPISODES, escaped, object_key
from clipper_assets.runtime.tenant import partition_set

SHOWS = partition_set("shows")
shows = dg.DynamicPartitionsDefinition(name=SHOWS)
SHOW_TAG = "clipper/show"
"""Tag of every run of an episode: the partition key of its show."""
ROOT = "."
"""The show of uploads that lie in the storage root itself."""


def show_of(upload: str) -> str:
    """The partition key of the show of an upload (an object key). Its object key must be UTF-8."""
    return escaped(upload.rpartition("/")[0]) or ROOT


def shows_of(partitions: Iterable[str]) -> list[str]:
    """The shows of episodes (partition keys), each once, in their order; invalid keys are left out."""
    found: dict[str, None] = {}
    for folder in dict.fromkeys("".join(partition.rpartition("/")[:2]) for partition in partitions):
        try:
            found[show_of(object_key(folder))] = None
        except ValueError:  # of a key that was registered by hand, such as "%ff/a.mp4"; reading its episode says so
            continue
    return list(found)


def unregistered_shows(instance: dg.DagsterInstance, new_episodes: Iterable[str] = ()) -> list[str]:
    """The shows of all registered and new episodes (partition keys) that are not registered yet.

    Registered episodes have one that is not, if an earlier release or Dagster's UI registered them.
    """
    registered = set(instance.get_dynamic_partitions(SHOWS))
    episodes = [*instance.get_dynamic_partitions(EPISODES), *new_episodes]
    return [show for show in shows_of(episodes) if show not in registered]


def register_shows(instance: dg.DagsterInstance) -> None:
    """Register the shows of all registered episodes."""
    if missing := unregistered_shows(instance):
        instance.add_dynamic_partitions(SHOWS, missing)


def unregister_episode(instance: dg.DagsterInstance, partition: str) -> None:
    """Remove the partition of an episode, and that of its show if it was the show's last episode."""
    instance.delete_dynamic_partition(EPISODES, partition)
    left = set(shows_of(instance.get_dynamic_partitions(EPISODES)))
    for show in shows_of([partition]):
        if show not in left:
            instance.delete_dynamic_partition(SHOWS, show)
