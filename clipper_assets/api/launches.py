"""Starts runs for uploads; a claim keeps other processes from starting the same run."""

from collections.abc import Mapping
from typing import Any

from dagster import DagsterRun

from clipper_assets.api.deps import Services
from clipper_assets.api.problems import RefusedError
from clipper_assets.episodes.claims import release, run_tags
from clipper_assets.runtime.asset_names import HIGHLIGHT_WINDOWS
from clipper_assets.runtime.tenant import own_run
from clipper_assets.storage.stored import Stored


def upload_of(services: Services, key: str) -> tuple[str, Stored]:
    """Returns the partition of an upload and its stored object. Raises RefusedError (404) if it does not exist."""
    partition = services.states.partition(key)
    stored = services.storage.stat(key)
    if stored is None:
        raise RefusedError(404, f"no upload {key} below the storage root; check the name, or upload the file")
    return partition, stored


def launched(
    services: Services, partition: str, stored: Stored, attempt: int, options: Mapping[str, Any]
) -> DagsterRun:
    """Starts the run that a claim entitles to, with `options` as the run config of the highlights.

    Releases the claim if the run cannot be started.
    """
    ops = {HIGHLIGHT_WINDOWS: {"config": dict(options)}} if options else None
    try:
        run_id = services.dagster.launch(partition, run_tags(stored, attempt), ops=ops)
    except Exception:
        release(services.storage, stored, attempt)
        raise
    services.states.forget(stored.key)
    run = own_run(services.instance, run_id)
    if run is None:
        raise RuntimeError(f"run {run_id} was launched, but Dagster does not list it")
    return run


def options_of(run: DagsterRun) -> dict[str, Any]:
    """The run config of the highlights that a run was started with; empty if it had none."""
    ops: Any = run.run_config.get("ops", {})
    return dict(ops.get(HIGHLIGHT_WINDOWS, {}).get("config") or {})
