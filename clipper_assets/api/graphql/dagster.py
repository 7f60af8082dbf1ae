"""Starts and cancels runs through Dagster's GraphQL API, with the same documents that frontends use."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
from sqlalchemy.exc import OperationalError

from clipper_assets.api.graphql.code_server import CodeServer
from clipper_assets.api.graphql.operations import JOB, REPOSITORY, operation
from clipper_assets.api.graphql.server import DagsterGraphQL
from clipper_assets.api.problems import RefusedError
from clipper_assets.episodes.partitions import EPISODES
from clipper_assets.episodes.shows import register_shows
from clipper_assets.job import render_look
from clipper_assets.runtime.asset_names import CLIP_VARIANTS
from clipper_assets.runtime.faults import of_database
from clipper_assets.runtime.partition_keys import EPISODE_TAG, LOOK_TAG, look_partition
from clipper_assets.runtime.tenant import LOCATION, asset_key
from clipper_assets.runtime.workspace import load_workspace

_SELECTOR = {"repositoryName": REPOSITORY, "repositoryLocationName": LOCATION}


class Dagster:
    """Starts and cancels runs through Dagster's GraphQL API."""

    def __init__(self, instance: dg.DagsterInstance, workspace_file: Path):
        """Loads the code location. Raises ValueError if the workspace file does not exist."""
        if not workspace_file.is_file():
            raise ValueError(
                f"no workspace file {workspace_file}; set CLIPPER_WORKSPACE to the workspace.yaml of Dagster"
            )
        self._instance = instance
        self._workspace = load_workspace(instance, workspace_file)
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
        """Registers the episode and its show, launches a run of the job or some of its assets, and returns the run id.

        `ops` is the run config by asset. Raises RuntimeError with Dagster's reason if Dagster refuses the launch, and
        RefusedError (503) if the code server cannot be started or the database is unavailable.
        """
        self._restore()
        self._mutate(
            "register_episode", {"selector": _SELECTOR, "partitionsDefName": EPISODES, "partitionKey": partition}
        )
        register_shows(self._instance)
        return self._launched(JOB, {"dagster/partition": partition, **tags}, assets, ops)

    def launch_look(self, episode: str, look: str) -> str:
        """Launches a run of a look of an episode, both by partition key, and returns the run id. Raises as `launch`."""
        self._restore()
        tags = {"dagster/partition": look_partition(episode, look), EPISODE_TAG: episode, LOOK_TAG: look}
        return self._launched(render_look.name, tags, [CLIP_VARIANTS])

    def _restore(self) -> None:
        if not self.code_server.restore():
            raise RefusedError(503, "the code server does not answer and is being restarted; try again in a minute")

    def _launched(
        self, job: str, tags: Mapping[str, str], assets: Sequence[str], ops: Mapping[str, Any] | None = None
    ) -> str:
        selector: dict[str, Any] = {**_SELECTOR, "jobName": job}
        if assets:
            selector["assetSelection"] = [{"path": asset_key(asset).path} for asset in assets]
        launch = self._mutate(
            "launch_run",
            {
                "executionParams": {
                    "selector": selector,
                    "mode": "default",
                    "runConfigData": {"ops": dict(ops)} if ops else {},
                    "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in tags.items()]},
                }
            },
        )
        return str(launch["run"]["runId"])

    def cancel(self, run_id: str) -> None:
        """Cancels a run. Raises RefusedError (409) if it can no longer be cancelled."""
        answer = self._mutate("cancel_run", {"runIds": [run_id]})
        (result,) = answer["terminateRunResults"]
        if result["__typename"] != "TerminateRunSuccess":
            raise RefusedError(409, f"run {run_id} cannot be cancelled: {result['message']}")

    def _mutate(self, name: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Executes a mutation and returns its result. Raises RuntimeError or RefusedError if the result is an error."""
        ((field, answer),) = self.graphql.execute(operation(name), variables).items()
        kind = str(answer["__typename"])
        if kind.endswith(("Success", "TerminateRunsResult")) or kind == "DuplicateDynamicPartitionError":
            return dict(answer)
        reasons = [answer.get("message"), *(error["message"] for error in answer.get("errors", []))]
        for reason in reasons:
            if reason and OperationalError.__name__ in reason:  # Dagster's answer quotes the database error
                raise RefusedError(503, of_database(reason).sentence)
        raise RuntimeError(f"{field}: {'; '.join(reason for reason in reasons if reason)}")
