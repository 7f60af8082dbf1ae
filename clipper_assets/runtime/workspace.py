"""Loads the code locations of a workspace file, for which Dagster has no public interface."""

from pathlib import Path

import dagster as dg
from dagster._core.workspace.context import WorkspaceProcessContext, WorkspaceRequestContext
from dagster._core.workspace.load_target import WorkspaceFileTarget

__all__ = ["WorkspaceProcessContext", "WorkspaceRequestContext", "load_workspace"]


def load_workspace(instance: dg.DagsterInstance, file: Path) -> WorkspaceProcessContext:
    """The workspace of a `workspace.yaml`, loaded; as a context manager it stops its code servers at the end."""
    return WorkspaceProcessContext(instance, WorkspaceFileTarget([str(file)]), dg.__version__)
