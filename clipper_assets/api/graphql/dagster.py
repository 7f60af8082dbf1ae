"""Runs, started and stopped through Dagster's own GraphQL by the documents that frontends send as well."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from sqlalchemy.exc import OperationalError

from clipper_assets.api.graphql.code_server import CodeServer
from clipper_assets.api.graphql.operations import JOB, LOCATION, PARTITIONS, REPOSITORY, operation
from clipper_assets.api.graphql.server import DagsterGraphQL
from clipper_assets.api.problems import RefusedError
from clipper_assets.runtime.faults import of_database


class Dagster:
    """Starts and stops runs, by the same documents that a frontend sends."""

    def __init__(self, instance: dg.DagsterInstance, workspace_file: Path):
        """Loads the code location. Raises ValueError where the workspace file is not there."""
        if not workspace_file.is_file():
            raise ValueError(f"there is no workspace file {workspace_file}; set CLIPPER_WORKSPACE to Dagster's")
        self._workspace = WorkspaceProcessContext(instance, WorkspaceFileTarget([str(workspace_file)]), dg.__version__)
        self.code_server = CodeServer(self._workspace)
        self.graphql = DagsterGraphQL(self._workspace, self.code_server)

    def __enter__(self) -> "Dagster":
        self._workspace.__enter__()
        self.code_server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.code_server.__exit__()
        self._workspace.__exit__(None, None, None)

    def launch(
        self,
        partition: str,
        tags: Mapping[str, str],
        assets: Sequence[str] = (),
        ops: Mapping[str, Any] | None = None,
    ) -> str:
        """Registers the episode, asks for a run of `clip_episode` or only some of its assets, and returns its id.

        `ops` is run config by asset. Raises RuntimeError with Dagster's reason where there is none, and RefusedError
        (503) where the code server cannot be started or the database cannot be used.
        """
        if not self.code_server.restore():
            raise RefusedError(503, "the code server does not answer and is started again; try again in a minute")
        place = {"repositoryName": REPOSITORY, "repositoryLocationName": LOCATION}
        self._done("register_episode", {"selector": place, "partitionsDefName": PARTITIONS, "partitionKey": partition})
        selector: dict[str, Any] = {**place, "jobName": JOB}
        if assets:
            selector["assetSelection"] = [{"path": [asset]} for asset in assets]
        all_tags = {"dagster/partition": partition, **tags}
        launched = self._done(
            "launch_run",
            {
                "executionParams": {
                    "selector": selector,
                    "mode": "default",
                    "runConfigData": {"ops": dict(ops)} if ops else {},
                    "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in all_tags.items()]},
                }
            },
        )
        return str(launched["run"]["runId"])

    def cancel(self, run_id: str) -> None:
        """Raises RefusedError where the run cannot be stopped any more."""
        answer = self._done("cancel_run", {"runIds": [run_id]})
        (result,) = answer["terminateRunResults"]
        if result["__typename"] != "TerminateRunSuccess":
            raise RefusedError(409, f"run {run_id} cannot be cancelled: {result['message']}")

    def _done(self, name: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The one answer of a mutation."""
        ((field, answer),) = self.graphql.execute(operation(name), variables).items()
        kind = str(answer["__typename"])
        if kind.endswith(("Success", "TerminateRunsResult")) or kind == "DuplicateDynamicPartitionError":
            return dict(answer)
        reasons = [answer.get("message"), *(each["message"] for each in answer.get("errors", []))]
        for reason in reasons:
            if reason and OperationalError.__name__ in reason:  # of the database, as Dagster's answer quotes it
                raise RefusedError(503, of_database(reason).sentence)
        raise RuntimeError(f"{field}: {'; '.join(reason for reason in reasons if reason)}")
