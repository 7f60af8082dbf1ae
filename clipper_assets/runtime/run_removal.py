"""Removes runs from Dagster, with the files that `delete_run` leaves behind."""

from pathlib import Path
from typing import Any

import dagster as dg

from clipper_assets.runtime.faults import fault_of


def run_log(instance: dg.DagsterInstance, run_id: str) -> Path:
    """The file with the output of a run's processes, if `LocalGpuRunLauncher` started them."""
    return Path(instance.root_directory) / "runs" / f"{run_id}.log"


def remove_run(instance: dg.DagsterInstance, run_id: str) -> str | None:
    """Remove a finished run, its events, logs and files; returns why its compute logs stay, or None.

    Dagster deletes the rows of a run, but neither its compute logs nor, with SQLite, the database file that only this
    run wrote to. Results of asset checks stay, too: they are in a table of their own.
    """
    why_logs_stay = None
    try:
        instance.compute_log_manager.delete_logs(prefix=[run_id])
    except Exception as error:
        fault = fault_of(error)
        if fault is None:
            raise
        why_logs_stay = fault.sentence
    instance.delete_run(run_id)
    run_log(instance, run_id).unlink(missing_ok=True)
    event_logs: Any = instance.event_log_storage
    if hasattr(event_logs, "path_for_shard"):  # SqliteEventLogStorage
        for suffix in ("", "-wal", "-shm"):
            Path(f"{event_logs.path_for_shard(run_id)}{suffix}").unlink(missing_ok=True)
    return why_logs_stay
