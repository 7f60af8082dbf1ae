"""Runs that the API starts for an upload, by a claim on it."""

from dagster import DagsterRun

from clipper_assets.api.deps import Services
from clipper_assets.api.problems import RefusedError
from clipper_assets.episodes.claims import release, run_tags
from clipper_assets.storage.base import Stored


def upload_of(services: Services, key: str) -> tuple[str, Stored]:
    """The partition of an upload, and the upload. Raises RefusedError (404) where there is none."""
    partition = services.states.partition(key)
    stored = services.storage.stat(key)
    if stored is None:
        raise RefusedError(404, f"there is no upload {key} below the storage root; check the name, or upload it")
    return partition, stored


def launched(services: Services, partition: str, stored: Stored, attempt: int) -> DagsterRun:
    """The run that a claim leads to; where it cannot be started, the claim is given back."""
    try:
        run_id = services.dagster.launch(partition, run_tags(stored, attempt))
    except Exception:
        release(services.storage, stored, attempt)
        raise
    services.states.forget(stored.key)
    run = services.instance.get_run_by_id(run_id)
    if run is None:
        raise RuntimeError(f"run {run_id} was launched and is not there")
    return run
