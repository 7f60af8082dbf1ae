"""What the partition of a step says: the episode, and the look of its clips where the asset has that dimension."""

from collections.abc import Sequence

import dagster as dg

from clipper_assets.runtime.tenant import runs_filter

EPISODE_TAG, LOOK_TAG = "dagster/partition/episodes", "dagster/partition/looks"
"""Tags that Dagster gives a run of one look of one episode, besides `dagster/partition` with both."""


def dimensions(partition: str) -> tuple[str, str]:
    """The episode and the look (partition keys) of an asset's partition; empty for an asset without looks."""
    if isinstance(partition, dg.MultiPartitionKey):
        return partition.keys_by_dimension["episodes"], partition.keys_by_dimension["looks"]
    return partition, ""


def look_partition(episode: str, look: str) -> dg.MultiPartitionKey:
    """The partition of `clip_variants` for a look of an episode."""
    return dg.MultiPartitionKey({"episodes": episode, "looks": look})


def run_ids_of(
    instance: dg.DagsterInstance, episode: str, statuses: Sequence[dg.DagsterRunStatus] | None = None
) -> list[str]:
    """The runs of an episode, and of its looks, in these statuses or in any."""
    tags = ({"dagster/partition": episode}, {EPISODE_TAG: episode})
    return [run_id for each in tags for run_id in instance.get_run_ids(runs_filter(tags=each, statuses=statuses))]
