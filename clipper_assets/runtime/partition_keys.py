"""What the partition of a step says: the episode, and the look of its clips where the asset has that dimension."""

import dagster as dg


def dimensions(partition: str) -> tuple[str, str]:
    """The episode and the look (partition keys) of an asset's partition; empty for an asset without looks."""
    if isinstance(partition, dg.MultiPartitionKey):
        return partition.keys_by_dimension["episodes"], partition.keys_by_dimension["looks"]
    return partition, ""
