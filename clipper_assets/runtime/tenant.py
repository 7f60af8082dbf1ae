"""What a tenant calls its assets, partition sets and runs, where several code locations share one Dagster instance.

With `CLIPPER_TENANT`, the keys of assets begin with the tenant, so do the names of partition sets, and a query of runs
finds only those of the code location with the tenant's name. Without it, names and queries are as Dagster has them.
Code that names an asset, a partition set or a run in Dagster's instance does so through this module.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from clipper_assets.settings import TenantSettings

TENANT = TenantSettings().tenant
LOCATION = TENANT or "clipper_assets"
"""Name of the code location in `workspace.yaml`."""
LOCATION_TAG = "dagster/code_location"
"""Tag that Dagster sets on each run of a code location; dagster/_core/storage/tags.py, CODE_LOCATION_TAG."""
TENANT_TAG = "clipper/tenant"
JOB_TAGS: Mapping[str, str] = {TENANT_TAG: TENANT} if TENANT else {}
"""Tags of every job: by them a process without the tenant's settings refuses a run of the tenant."""
RUN_TAGS: Mapping[str, str] = {LOCATION_TAG: TENANT} if TENANT else {}
"""Tags by which the tenant's runs are found. Dagster sets them, except on a run that this process executes itself."""


def asset_key(*path: str) -> dg.AssetKey:
    """The key in Dagster of the asset that is called `path` in storage, messages and run config.

    Raises ValueError if the tenant has the name of an asset, so that keys with and without tenant can be told apart.
    """
    if TENANT is None:
        return dg.AssetKey(path)
    if path[0] == TENANT:
        raise ValueError(f"CLIPPER_TENANT is {TENANT}, which is the name of an asset; choose another name")
    return dg.AssetKey([TENANT, *path])


def asset_name(key: dg.AssetKey) -> str:
    """The name of an asset without the tenant; the inverse of `asset_key`."""
    return "/".join(key.path[1:] if TENANT and is_own_asset(key) else key.path)


def is_own_asset(key: dg.AssetKey) -> bool:
    return TENANT is None or key.path[0] == TENANT


def of_tenant(asset: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """The asset with the tenant's key, inputs, dependencies and checks; its op, and so its run config, keep their name.

    Decorates every asset.
    """
    if TENANT is None:
        return asset
    read = {*asset.keys_by_input_name.values(), *(dep.asset_key for spec in asset.specs for dep in spec.deps)}
    renamed = {*asset.keys, *(key for key in read if not is_own_asset(key))}
    return asset.with_attributes(asset_key_replacements={key: asset_key(*key.path) for key in renamed})


def partition_set(name: str) -> str:
    """The name of a set of dynamic partitions, which all code locations of an instance share."""
    return f"{TENANT}/{name}" if TENANT else name


def partition_sets_of(run_tags: Mapping[str, str], name: str) -> dict[str, str]:
    """The names that the partition set of a run may have, by tenant: its code location, or the empty one."""
    location = run_tags.get(LOCATION_TAG)
    return {**({location: f"{location}/{name}"} if location else {}), "": name}


def runs_filter(tags: Mapping[str, str | list[str]] | None = None, **filters: Any) -> dg.RunsFilter:
    """A filter for runs of the tenant; takes the arguments of `dagster.RunsFilter`."""
    return dg.RunsFilter(tags={**(tags or {}), **RUN_TAGS}, **filters)


def is_own_run(run: dg.DagsterRun) -> bool:
    return RUN_TAGS.items() <= run.tags.items()


def own_run(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRun | None:
    """A run of the tenant by its id; None if there is none, or if it is another tenant's."""
    run = instance.get_run_by_id(run_id)
    return run if run and is_own_run(run) else None


def refuse_run_of_another(run: dg.DagsterRun) -> None:
    """Raise Failure if a run is another tenant's than this process: its settings would name the wrong storage."""
    of_job, location = run.tags.get(TENANT_TAG), run.tags.get(LOCATION_TAG)
    if (location not in (TENANT, None)) if TENANT else of_job:
        raise dg.Failure(
            f"the run is of the code location {location or of_job}, but its process has CLIPPER_TENANT "
            f"{TENANT or 'unset'}; give the run launcher the environment of its code location",
            allow_retries=False,
        )
