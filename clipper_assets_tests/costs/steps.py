"""Runs of steps that only spend, with the real `episode_costs`."""

from typing import Any

import dagster as dg

from clipper_assets.costs.assets import episode_costs
from clipper_assets.episodes.partitions import episodes
from clipper_assets.runtime.spend import count_tokens, metered
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.lake import Lake

KEY = "show/talk.mp4"
looks = dg.DynamicPartitionsDefinition(name="looks")


class Tokens(dg.Config):
    """What a step uses: output tokens, and whether it fails then."""

    tokens: int = 1
    fails: bool = False


def _step(name: str, partitions: Any, deps: list[str]) -> dg.AssetsDefinition:
    @dg.asset(name=name, partitions_def=partitions, deps=deps)
    @metered
    def spends(context: dg.AssetExecutionContext, config: Tokens) -> dg.MaterializeResult[None]:
        count_tokens(0, config.tokens)
        if config.fails:
            raise dg.Failure("it cannot be made", allow_retries=False)
        return dg.MaterializeResult(data_version=dg.DataVersion("1"))

    return spends


STEPS = [
    _step("raw_video", episodes, []),
    _step("rendered_clips", episodes, ["raw_video"]),
    _step(
        "clip_variants", dg.MultiPartitionsDefinition({"episodes": episodes, "looks": looks}), deps=["rendered_clips"]
    ),
]


class Runs:
    """An instance and a storage, in which episodes are run."""

    def __init__(self, instance: dg.DagsterInstance, storage: DirectoryStorage):
        self.instance, self.storage = instance, storage
        instance.add_dynamic_partitions("looks", ["square-marker"])

    def run(self, *selected: str, partition: str = KEY, **config: Tokens) -> dg.ExecuteInProcessResult:
        """Run the assets `selected`, by default all of the job, in a partition."""
        self.instance.add_dynamic_partitions("episodes", [KEY])
        return dg.materialize(
            [*STEPS, episode_costs],
            selection=list(selected) or ["raw_video", "rendered_clips", "episode_costs"],
            instance=self.instance,
            partition_key=partition,
            resources={"storage": self.storage, "lake": Lake(storage=self.storage)},
            run_config=dg.RunConfig(
                ops=config,
                loggers={"console": {"config": {"log_level": "CRITICAL"}}},
            ),
            raise_on_error=False,
        )

    def facts(self, result: dg.ExecuteInProcessResult, step: str = "episode_costs") -> dict[str, Any]:
        (event,) = result.asset_materializations_for_node(step)
        return {name: value.value for name, value in event.metadata.items()}
