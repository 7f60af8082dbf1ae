"""Which states of a run are final; Dagster has no public names for the two sets."""

from dagster._core.storage.dagster_run import FINISHED_STATUSES, NOT_FINISHED_STATUSES

__all__ = ["FINISHED_STATUSES", "NOT_FINISHED_STATUSES"]
