"""Starts runs for uploads; a claim keeps other processes from starting the same run."""

from dagster import DagsterRun

from clipper_assets.api.deps import Services
from clipper_assets.api.problems import RefusedError
from clipper_assets.episodes.claims import release, run_tags
from clipper_assets.storage.stored import Stored


def upload_of(services: Services, key: str) -> tuple[str, Stored]:
    """Returns the partition of an upload and its stored object. Raises RefusedError (404) if it does not exist."""
    partition = services.states.partition(key)
    stored = services.storage.stat(key)
    if stored is None:
        raise RefusedError(404, f"no upload {key} below the storage root; check the name, or upload the file")
    return partition, stored


def launched(services: Services, partition: str, stored: Stored, attempt: int) -> DagsterRun:
    """Starts the run that a claim entitles to. Releases the claim if the run cannot be started."""
    try:
        run_id = services.dagster.launch(partition, run_tags(stored, attempt))
    except Exception:
        release(services.storage, stored, attempt)
        raise
    services.states.forget(stored.key)
    run = services.instance.get_run_by_id(run_id)
    if run is None:
        raise RuntimeError(f"run {run_id} was launched, but Dagster does not list it")
    return run
