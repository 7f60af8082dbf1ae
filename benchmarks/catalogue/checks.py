"""What the status of the checks of one asset with 2,000 episodes costs the UI."""

import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster_graphql.schema import create_schema

from benchmarks.catalogue.figure import Figure
from clipper_assets.clips.assets import rendered_clips
from clipper_assets.runtime.workspace import WorkspaceProcessContext, load_workspace

EPISODES, ASKED = 2000, 5
LIMIT_S = 1.0
PARTITIONS = [f"show{number % 40}/episode-{number}.mp4" for number in range(EPISODES)]
CHECKS = [spec.name for spec in rendered_clips.check_specs]
WORKSPACE = Path(__file__).parents[2] / "workspace.yaml"
ONE = """query($key: AssetKeyInput!, $check: String!, $episode: String!) {
  assetCheckExecutions(assetKey: $key, checkName: $check, limit: 1, partition: $episode) { status partition } }"""
ALL = """query($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
  assetChecksOrError { ... on AssetChecks { checks { name executionForLatestMaterialization { status }
    partitionStatuses { ... on AssetCheckDefaultPartitionStatuses { succeededPartitions failedPartitions } }
  } } } } } }"""


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder, dg.instance_for_test(temp_dir=folder) as instance:
        _fill(instance)
        with load_workspace(instance, WORKSPACE) as workspace:
            one = min(_ask(workspace, ONE, check=CHECKS[0], episode=PARTITIONS[7])[0] for _ in range(ASKED))
            yield Figure(f"status of a check of one of {EPISODES:,} episodes", one, "CPU-s", LIMIT_S)
            seconds, answer = _ask(workspace, ALL)
    statuses = answer["assetNodeOrError"]["assetChecksOrError"]["checks"][0]["partitionStatuses"]
    failed = len(statuses["failedPartitions"])
    if failed != len(range(0, EPISODES, 7)) or failed + len(statuses["succeededPartitions"]) != EPISODES:
        raise RuntimeError(f"{failed} of {EPISODES} episodes failed")
    # Dagster looks up each partition with a query of its own, so this has no limit; see docs/scale.md.
    yield Figure(f"status of {len(CHECKS)} checks of all {EPISODES:,} episodes", seconds, "CPU-s")


def _ask(workspace: WorkspaceProcessContext, query: str, **variables: str) -> tuple[float, Any]:
    """CPU-seconds of an answer with SQLite, and the answer. Raises RuntimeError if Dagster cannot answer."""
    began = time.process_time()
    with workspace.create_request_context() as context:
        named = {"key": {"path": rendered_clips.key.path}, **variables}
        answer: Any = asyncio.run(create_schema().execute_async(query, context_value=context, variables=named))
    if answer.errors:
        raise RuntimeError(str(answer.errors))
    return time.process_time() - began, answer.data


def _fill(instance: dg.DagsterInstance) -> None:
    """Every seventh of the episodes fails all checks. One evaluation is real; the rows of the others are copies."""
    instance.add_dynamic_partitions("episodes", PARTITIONS)
    for partition in PARTITIONS:
        instance.report_runless_asset_event(dg.AssetMaterialization(rendered_clips.key, partition=partition))
    ids = _materialized(instance)
    instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(rendered_clips.key, CHECKS[0], passed=True, metadata={}, partition=PARTITIONS[0])
    )
    storage: Any = instance.event_log_storage
    with storage.index_connection() as connection:
        real = connection.execute(AssetCheckExecutionsTable.select()).mappings().one()
        connection.execute(AssetCheckExecutionsTable.delete())
        rows = [
            {
                **{name: value for name, value in real.items() if name not in ("id", "create_timestamp")},
                "check_name": check,
                "partition": partition,
                "execution_status": "SUCCEEDED" if number % 7 else "FAILED",
                "materialization_event_storage_id": ids[partition],
            }
            for check in CHECKS
            for number, partition in enumerate(PARTITIONS)
        ]
        connection.execute(AssetCheckExecutionsTable.insert(), rows)


def _materialized(instance: dg.DagsterInstance) -> dict[str, int]:
    """The storage ids of the materializations, by episode."""
    records: Sequence[dg.EventLogRecord] = instance.fetch_materializations(rendered_clips.key, limit=EPISODES).records
    return {str(record.partition_key): record.storage_id for record in records}
