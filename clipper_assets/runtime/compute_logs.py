"""Writes to the store of compute logs, for which Dagster has no public interface."""

from collections.abc import Sequence
from typing import Any

import dagster as dg
from dagster._core.storage.compute_log_manager import ComputeIOType


def write_compute_log(instance: dg.DagsterInstance, key: Sequence[str], text: str) -> str:
    """Write `text` as the standard error of `key`, and return the name of the class that stores it."""
    manager: Any = instance.compute_log_manager
    with manager.open_log_stream(key, ComputeIOType.STDERR) as stream:
        if stream:
            stream.write(text)
    return type(manager).__name__
