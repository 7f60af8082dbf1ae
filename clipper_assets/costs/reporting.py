"""Reports the costs of an episode without a run of `episode_costs`."""

import dagster as dg

from clipper_assets.costs.approved import count_clips
from clipper_assets.costs.collect import Collected
from clipper_assets.costs.facts import facts
from clipper_assets.runtime.asset_names import EPISODE_COSTS
from clipper_assets.runtime.lineage import DATA_VERSION
from clipper_assets.runtime.tenant import asset_key
from clipper_assets.storage.base import Storage


def materialization(
    storage: Storage, instance: dg.DagsterInstance, episode: str, collected: Collected
) -> dg.AssetMaterialization | None:
    """The materialization of `episode_costs` for an episode (a partition key), with the data version of the asset.

    None without any costs, or if the latest materialization says the same. Raises DamagedError if the table of clips
    cannot be read.
    """
    clips, approved = count_clips(storage, episode)
    if not collected.table.num_rows:
        return None
    key = asset_key(EPISODE_COSTS)
    shown = {"dagster/row_count": collected.table.num_rows, **facts(collected.table, clips, approved)}
    made = dg.AssetMaterialization(key, partition=episode, metadata=shown, tags={DATA_VERSION: collected.version})
    for record in instance.fetch_materializations(dg.AssetRecordsFilter(key, [episode]), limit=1).records:
        latest = record.asset_materialization
        if latest and (latest.tags or {}).get(DATA_VERSION) == collected.version and _says(latest, made):
            return None
    return made


def _says(latest: dg.AssetMaterialization, made: dg.AssetMaterialization) -> bool:
    """Whether the latest materialization, which may say more, says all that this one does."""
    return all(latest.metadata.get(name) == value for name, value in made.metadata.items())
