"""`episode_costs`: what each execution of a step of an episode used, and what that cost."""

import dagster as dg

from clipper_assets.costs.approved import count_clips
from clipper_assets.costs.collect import collect
from clipper_assets.costs.facts import facts
from clipper_assets.costs.rows import COSTS
from clipper_assets.costs.sums import spent
from clipper_assets.episodes.partitions import episodes, per_episode
from clipper_assets.runtime.asset_names import EPISODE_COSTS, RENDERED_CLIPS
from clipper_assets.runtime.degraded import not_degraded, not_degraded_spec
from clipper_assets.runtime.refusal import in_one_sentence, refusal
from clipper_assets.runtime.tenant import of_tenant
from clipper_assets.storage.base import Storage
from clipper_assets.storage.damaged import DamagedError
from clipper_assets.storage.tables import LAKE_TABLE, TableResult


@of_tenant
@dg.asset(
    partitions_def=episodes,
    group_name="costs",
    kinds={"parquet"},
    code_version="1",
    io_manager_key="lake",
    dagster_type=LAKE_TABLE,
    metadata=COSTS.definition_metadata,
    check_specs=per_episode(not_degraded_spec(EPISODE_COSTS)),
    deps=[RENDERED_CLIPS],
    description="CPU and GPU seconds, tokens and dollars of each execution of a step of the episode, failed ones "
    "included. Its metadata has the sums, which the UI plots.",
)
@in_one_sentence
def episode_costs(context: dg.AssetExecutionContext, storage: Storage) -> TableResult:
    episode = context.partition_key
    collected = collect(storage, context.instance, episode)
    try:
        clips, approved = count_clips(storage, episode)
    except DamagedError as damaged:
        raise refusal(context, str(damaged)) from None
    degraded = [fallback.as_dict() for fallback in collected.degraded]
    for fallback in degraded:
        context.log.warning(fallback["reason"])
    return TableResult(
        value=collected.table,
        data_version=dg.DataVersion(collected.version),
        check_results=[not_degraded(EPISODE_COSTS, degraded)],
        metadata={
            "dagster/row_count": collected.table.num_rows,
            **facts(collected.table, clips, approved),
            "run_usd": round(spent(collected.table, context.run.run_id).usd, 6),
            "degraded": degraded,
        },
    )
