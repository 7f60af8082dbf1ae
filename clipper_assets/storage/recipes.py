"""Decides whether an asset must be made again, by the recipe in its stored table.

A recipe is the digest of everything that decides a result: the version of the asset's code, the inputs that its module
lists (run config, settings, show, edits, sidecar files, models) and the rows of its upstream tables. It is
stored in the table's own file, with the results of its checks, so both are replaced together and outlive Dagster's
event log.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
import pyarrow as pa
from pydantic import Field

from clipper_assets.runtime.tenant import asset_key, asset_name
from clipper_assets.storage.base import Storage
from clipper_assets.storage.damaged import DamagedError
from clipper_assets.storage.lake import STORED_BYTES, stored_table, table_key
from clipper_assets.storage.tables import TableResult, TableSpec, provenance

RECIPE, PARTS, REQUESTED, CHECKS = "recipe", "recipe_parts", "requested", "checks"
"""Key-value metadata of a table's file."""
CODE, TABLES_BEFORE = "code version", "tables before it"
"""Parts of every recipe, beside the inputs of the asset."""
RECIPE_TAG = "clipper/recipe"
"""Tag of a materialization."""
UP_TO_DATE = "up_to_date"
"""Metadata of a materialization that kept the stored table."""
NOTHING_READ: Mapping[str, str] = {}
COSTS = frozenset(
    {
        "seconds",
        "seconds_per_window_second",
        "speed",
        "real_time_factor",
        "peak_memory",
        "looked_at",
        "tokens_in",
        "tokens_out",
        "cost_usd",
        "retries",
    }
)
"""Metadata about the cost of making a result; a materialization that keeps a stored one does not repeat it."""


class StepConfig(dg.Config):
    """Run config of every asset that keeps its stored result."""

    afresh: bool = Field(default=False, description="make the result again, even where the stored one is up to date")


@dataclass(frozen=True)
class Recipe:
    """What decides a result: one digest, the digests of its parts by name, and the run config it was requested with.

    `requested` is JSON without defaults. Parts and run config only explain: results are compared by `digest`.
    """

    digest: str
    parts: Mapping[str, str]
    requested: str


def recipe_of(config: StepConfig, code_version: str, inputs: Mapping[str, Any], *upstream: pa.Table) -> Recipe:
    """The recipe by an asset's code version, its `inputs` and the rows of its upstream tables.

    `inputs` must be JSON-serializable and contain no secret, because a digest allows guesses to be tested.
    """
    before = [table_version(table) for table in upstream]
    parts = {CODE: code_version, TABLES_BEFORE: before, **inputs}
    return Recipe(
        digest=_digest([code_version, inputs, before])[:32],
        parts={name: _digest(part)[:8] for name, part in parts.items()},
        requested=config.model_dump_json(exclude={"afresh"}, exclude_defaults=True),
    )


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def read_requested(table: pa.Table) -> dict[str, Any] | None:
    """The run config that a stored table was requested with, without defaults; None in one of an earlier version."""
    text = provenance(table).get(REQUESTED)
    return None if text is None else dict(json.loads(text))


def difference(stored: pa.Table, recipe: Recipe, asset: dg.AssetsDefinition | None) -> str:
    """Why a stored table is not the result by `recipe`, in words; empty if it is.

    `asset` is the asset as it is defined now: a table that a version with other checks wrote is not kept.
    """
    facts = provenance(stored)
    if facts.get(RECIPE) != recipe.digest:
        before = json.loads(facts.get(PARTS, "{}"))
        changed = [name for name, part in recipe.parts.items() if before.get(name, part) != part]
        return f"other {', '.join(changed)}" if changed else "made by another recipe"
    names = {check.check_name for check in _read_checks(facts[CHECKS])}
    return "made with other checks" if asset and names != {spec.name for spec in asset.check_specs} else ""


def table_version(table: pa.Table) -> str:
    """The SHA-256 of a table's values; independent of its metadata and of the version of pyarrow."""
    return hashlib.sha256(json.dumps(table.to_pydict(), default=bytes.hex).encode()).hexdigest()


def stored_result(
    context: dg.AssetExecutionContext,
    config: StepConfig,
    storage: Storage,
    spec: TableSpec,
    recipe: Recipe,
    lineage: Mapping[str, str] = NOTHING_READ,
) -> TableResult | None:
    """The stored result of the asset for this partition if its recipe is `recipe`, else None.

    The new materialization repeats the metadata of the latest one, except for `COSTS`. `lineage` are tags that name
    what the step read beside the upstream tables.
    """
    asset, episode = asset_name(context.asset_key), context.partition_key
    if config.afresh or not storage.exists(table_key(asset, spec.name, episode)):
        return None
    try:
        table = stored_table(storage, asset, spec, episode)
    except DamagedError as damaged:
        context.log.warning(f"{asset} is made again, because {damaged}")
        return None
    if difference(table, recipe, context.assets_def if context.has_assets_def else None):
        return None
    context.log.info(f"{asset} is up to date; keeping the stored result")
    return TableResult(
        value=table,
        data_version=dg.DataVersion(table_version(table)),
        check_results=_read_checks(provenance(table)[CHECKS]),
        metadata={
            **_facts(context, asset, episode),
            "dagster/row_count": table.num_rows,
            UP_TO_DATE: True,
        },
        tags={RECIPE_TAG: recipe.digest, **lineage},
    )


def new_result(
    recipe: Recipe,
    table: pa.Table,
    check_results: Sequence[dg.AssetCheckResult],
    metadata: Mapping[str, Any],
    lineage: Mapping[str, str] = NOTHING_READ,
) -> TableResult:
    """A new result, with its recipe and the results of its checks in the table's key-value metadata.

    `lineage` is as for `stored_result`.
    """
    provided = {
        **provenance(table),
        RECIPE: recipe.digest,
        PARTS: json.dumps(recipe.parts),
        REQUESTED: recipe.requested,
        CHECKS: _write_checks(check_results),
    }
    return TableResult(
        value=table.replace_schema_metadata(provided),
        data_version=dg.DataVersion(table_version(table)),
        check_results=check_results,
        metadata={"dagster/row_count": table.num_rows, **metadata},
        tags={RECIPE_TAG: recipe.digest, **lineage},
    )


def _facts(context: dg.AssetExecutionContext, asset: str, episode: str) -> dict[str, dg.MetadataValue[Any]]:
    """The metadata of the asset's latest materialization; empty if Dagster's event log was purged."""
    records = context.instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=asset_key(asset), asset_partitions=[episode]), limit=1
    ).records
    materialization = records[0].asset_materialization if records else None
    if materialization is None:
        return {}
    return {
        name: value for name, value in materialization.metadata.items() if name not in {*COSTS, "path", STORED_BYTES}
    }


def _write_checks(results: Sequence[dg.AssetCheckResult]) -> str:
    checks: Any = [
        {
            "check_name": result.check_name,
            "passed": result.passed,
            "severity": result.severity.value,
            "description": result.description,
            "metadata": dict(result.metadata),
        }
        for result in results
    ]
    return dg.serialize_value(checks)


def _read_checks(text: str) -> list[dg.AssetCheckResult]:
    checks: Any = dg.deserialize_value(text)
    return [
        dg.AssetCheckResult(
            check_name=check["check_name"],
            passed=check["passed"],
            severity=dg.AssetCheckSeverity(check["severity"]),
            description=check["description"],
            metadata=check["metadata"],
        )
        for check in checks
    ]
