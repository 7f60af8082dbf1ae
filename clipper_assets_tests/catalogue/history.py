"""Runs of assets named like ours, which make nothing, and what people see of them."""

import asyncio
from collections.abc import Sequence
from typing import Any

import dagster as dg
from dagster._core.definitions.data_version import CachingStaleStatusResolver
from dagster._core.event_api import PartitionKeyFilter
from dagster._core.loader import LoadingContextForTest

from clipper_assets.api.repository.states import States
from clipper_assets.episodes.claims import UPLOAD_TAG, Requester, current_decision, upload_tag
from clipper_assets.episodes.partitions import episodes, per_episode
from clipper_assets.job import assets as ours
from clipper_assets.runs.log import Runs
from clipper_assets.storage.directory import DirectoryStorage

NAMES = [asset.key.to_user_string() for asset in ours]
EDITS = dg.AssetSpec(["edits", "rendered_clips"], partitions_def=episodes)
"""An input that a step observes."""


class Plan(dg.Config):
    """What a step does."""

    version: str = "1"
    edits: str | None = None
    fails: bool = False
    passes: bool = True


def _asset(name: str, upstream: Sequence[str]) -> dg.AssetsDefinition:
    deps: list[str | dg.AssetSpec] = [*upstream, *([EDITS] if name == "rendered_clips" else [])]
    check = dg.AssetCheckSpec(f"{name}_is_good", asset=name)

    @dg.asset(name=name, partitions_def=episodes, deps=deps, check_specs=per_episode(check), code_version="1")
    def made(context: dg.AssetExecutionContext, config: Plan) -> dg.MaterializeResult:  # type: ignore[type-arg]
        if config.edits:
            context.log_event(
                dg.AssetObservation(
                    EDITS.key, partition=context.partition_key, tags={"dagster/data_version": config.edits}
                )
            )
        if config.fails:
            used = {"cpu_seconds": 1.0, "gpu_seconds": 0.0, "input_tokens": 0, "output_tokens": 0, "usd": 0.5}
            metadata = {**used, "failed": True}
            context.log_event(dg.AssetObservation(name, partition=context.partition_key, metadata=metadata))
            raise dg.Failure("it cannot be made", allow_retries=False)
        return dg.MaterializeResult(
            data_version=dg.DataVersion(config.version),
            metadata={"of": f"{name} {context.run.run_id}"},
            check_results=[dg.AssetCheckResult(check_name=check.name, passed=config.passes)],
        )

    return made


defs = dg.Definitions(
    assets=[EDITS, *(_asset(name, NAMES[max(number - 1, 0) : number]) for number, name in enumerate(NAMES))],
    jobs=[dg.define_asset_job("clip_episode", selection=dg.AssetSelection.assets(*NAMES))],
)


class History:
    """Runs by the names that a test gives them."""

    def __init__(self, instance: dg.DagsterInstance, storage: DirectoryStorage):
        self.instance, self.storage = instance, storage
        self.runs: dict[str, str] = {}

    def run(self, name: str, key: str, *selected: str, upload: bool = False, **plans: Plan) -> None:
        """Run the job, or only the assets `selected`, for an episode; `upload` says that the sensor requested it."""
        self.instance.add_dynamic_partitions("episodes", [key])
        stored = self.storage.stat(key)
        result = defs.resolve_job_def("clip_episode").execute_in_process(
            instance=self.instance,
            partition_key=key,
            asset_selection=[dg.AssetKey(each) for each in selected] or None,
            run_config={
                "ops": {each: {"config": plan.model_dump(exclude_none=True)} for each, plan in plans.items()},
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            },
            tags={UPLOAD_TAG: upload_tag(stored)} if upload and stored else {},
            raise_on_error=False,
        )
        assert result.success is not any(plan.fails for plan in plans.values())
        self.runs[name] = result.run_id

    def left(self) -> set[str]:
        """The names of the runs that exist."""
        ids = set(self.instance.get_run_ids())
        return {name for name, run_id in self.runs.items() if run_id in ids}

    def seen(self, *keys: str) -> dict[str, Any]:
        """What people and programs see of these episodes: in the UI, in the API and in the sensor's decision."""
        states = States(self.storage, self.instance, Runs(self.instance))
        return {key: self._seen(states, key) for key in keys} | {"assets": self._of_all()}

    def _seen(self, states: States, key: str) -> dict[str, Any]:
        graph = defs.resolve_asset_graph()
        stale = CachingStaleStatusResolver(self.instance, graph, LoadingContextForTest(self.instance))
        seen: dict[str, Any] = {}
        for name in NAMES:
            asset = dg.AssetKey(name)
            only = dg.AssetRecordsFilter(asset, [key])
            seen[f"{name} latest"] = [
                (record.storage_id, record.run_id, record.asset_materialization)
                for record in self.instance.fetch_materializations(only, limit=1).records
            ]
            seen[f"{name} status"] = stale.get_status(asset, key)
            seen[f"{name} causes"] = [str(cause) for cause in stale.get_stale_causes(asset, key)]
        for check in graph.asset_check_keys:
            for among in (None, PartitionKeyFilter(key=key)):
                latest = self.instance.event_log_storage.get_latest_asset_check_execution_by_key([check], among)
                if record := latest.get(check):
                    status = asyncio.run(record.resolve_status(LoadingContextForTest(self.instance)))
                    seen[f"{check} {among}"] = (record.run_id, status)
        snapshot = states.snapshot(key)
        assert snapshot.view
        seen["api"] = (snapshot.run_id, snapshot.state, snapshot.view.error, snapshot.view.percent)
        stored = self.storage.stat(key)
        seen["sensor"] = stored and str(current_decision(self.storage, self.instance, stored, Requester.sensor))
        return seen

    def _of_all(self) -> dict[str, Any]:
        keys = [dg.AssetKey(name) for name in NAMES]
        latest = self.instance.get_latest_materialization_events(keys)
        exist = set(self.instance.get_dynamic_partitions("episodes"))
        made = {str(key): sorted(self.instance.get_materialized_partitions(key) & exist) for key in keys}
        return {"latest": {str(key): event and event.run_id for key, event in latest.items()}, "made": made}
