"""Finds looks whose partition was removed in Dagster, and removes their clips."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import dagster as dg

from clipper_assets.catalogue.census import Amount, Census
from clipper_assets.clips.look_removal import LookInUseError, remove_look_of_all
from clipper_assets.clips.looks import LOOK_SET
from clipper_assets.episodes.partitions import EPISODES
from clipper_assets.storage.base import Storage


@dataclass(frozen=True)
class LostLook:
    """A look that has files, but no partition; `episodes` says what it has of each, by partition key."""

    name: str
    episodes: Mapping[str, Amount]

    @property
    def objects(self) -> int:
        return sum(amount.objects for amount in self.episodes.values())

    @property
    def size_bytes(self) -> int:
        return sum(amount.size_bytes for amount in self.episodes.values())


def lost_looks(census: Census, instance: dg.DagsterInstance) -> Sequence[LostLook]:
    """The looks without a partition, by name; none if Dagster knows no episode, because its database is new then."""
    if not instance.get_dynamic_partitions(EPISODES):
        return []
    lost = census.looks.keys() - set(instance.get_dynamic_partitions(LOOK_SET))
    return [LostLook(name, census.looks[name]) for name in sorted(lost)]


def remove_lost(storage: Storage, instance: dg.DagsterInstance, lost: LostLook) -> str | None:
    """Remove all files of a lost look; returns why they stay in one phrase, or None."""
    if instance.has_dynamic_partition(LOOK_SET, lost.name):
        return "its partition is back"
    try:
        remove_look_of_all(storage, instance, lost.name, lost.episodes)
    except LookInUseError:
        return "a run of it is in progress"
    return None
