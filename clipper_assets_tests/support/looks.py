"""Renders clips in looks."""

import dagster as dg

from clipper_assets import job
from clipper_assets.catalogue.inputs import INPUTS
from clipper_assets.clips.variants import clip_variants
from clipper_assets.episodes.partitions import partition_key
from clipper_assets.settings import Settings
from clipper_assets.storage.base import Storage


def render_look(storage: Storage, key: str, instance: dg.DagsterInstance, look: str) -> dg.ExecuteInProcessResult:
    """Materialize `clip_variants` of an episode in a look."""
    instance.add_dynamic_partitions("episodes", [partition_key(key)])
    instance.add_dynamic_partitions("looks", [look])
    return dg.materialize(
        [*INPUTS, *job.assets, clip_variants],
        selection=dg.AssetSelection.assets(clip_variants),
        partition_key=dg.MultiPartitionKey({"episodes": partition_key(key), "looks": look}),
        instance=instance,
        resources=job.build_resources(Settings(), storage),
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        raise_on_error=False,
    )
