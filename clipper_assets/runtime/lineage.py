"""Observations of what steps read beside upstream tables, by which Dagster knows whose results are stale.

Each such input is an external asset, and its data version a hash of exactly what one reader reads of it.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any

import dagster as dg

from clipper_assets.runtime.partition_keys import dimensions

DATA_VERSION = "dagster/data_version"
"""Tag of an observation; the names of Dagster's tags are in dagster/_core/definitions/data_version.py."""
READ_VERSION, READ_EVENT = "dagster/input_data_version/", "dagster/input_event_pointer/"
"""Tags of a materialization, followed by an upstream asset: the version that was read, and its event in the log."""

MOST_NAMED = 500
"""Most partitions that a query names; beyond, it asks for all of the asset."""


def version_of(*read: Any) -> str:
    """A data version: 16 hex digits of the SHA-256 of what is read, which must be JSON-serializable."""
    return hashlib.sha256(json.dumps(read, sort_keys=True).encode()).hexdigest()[:16]


def observation(
    asset: dg.AssetKey, episode: str, version: str, metadata: Mapping[str, Any] | None = None
) -> dg.AssetObservation:
    """The observation that `asset` has this data version for an episode (a partition key)."""
    return dg.AssetObservation(asset, partition=episode, metadata=metadata, tags={DATA_VERSION: version})


def report(
    instance: dg.DagsterInstance,
    episode: str,
    versions: Mapping[dg.AssetKey, str],
    metadata: Mapping[str, Any] | None = None,
) -> dict[dg.AssetKey, int]:
    """Report an observation of each asset whose data version differs from the latest one of the episode.

    Returns the storage id of the event with the current version of each asset.
    """
    events = {}
    for asset, version in versions.items():
        latest, event = _latest(instance, asset, episode)
        if latest != version:
            instance.report_runless_asset_event(observation(asset, episode, version, metadata))
            _, event = _latest(instance, asset, episode)
        events[asset] = event
    return events


def reads(context: dg.AssetExecutionContext, versions: Mapping[dg.AssetKey, str]) -> dict[str, str]:
    """Report what a step reads, and return the tags of its materialization that name it.

    They replace those of Dagster, which points at the latest event before the step began, of any episode: a change
    between the beginning and the reading, or the first observation of an episode, would make the new result stale.
    """
    episode, _ = dimensions(context.partition_key)
    events = report(context.instance, episode, versions)
    tags: dict[str, str] = {}
    for asset, version in versions.items():
        name = asset.to_user_string()
        tags |= {f"{READ_VERSION}{name}": version, f"{READ_EVENT}{name}": str(events[asset])}
    return tags


def latest_versions(instance: dg.DagsterInstance, asset: dg.AssetKey, episodes: Collection[str]) -> dict[str, str]:
    """The latest observed data version of each of the episodes; one query, without those that were never observed."""
    few = list(episodes) if len(episodes) <= MOST_NAMED else None
    observed = dg.DagsterEventType.ASSET_OBSERVATION
    tags = instance.event_log_storage.get_latest_tags_by_partition(asset, observed, [DATA_VERSION], few)
    return {episode: tags[episode][DATA_VERSION] for episode in episodes if episode in tags}


def _latest(instance: dg.DagsterInstance, asset: dg.AssetKey, episode: str) -> tuple[str | None, int]:
    """Data version and storage id of the latest observation; None and 0 if there is none."""
    of_episode = dg.AssetRecordsFilter(asset_key=asset, asset_partitions=[episode])
    records = instance.fetch_observations(of_episode, limit=1).records
    return ((records[0].event_log_entry.tags or {}).get(DATA_VERSION), records[0].storage_id) if records else (None, 0)
