"""A run queue in memory, with the project's run coordinator and Dagster's real dequeuing."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import dagster as dg
from dagster._core.instance import InstanceType
from dagster._core.launcher.base import LaunchRunContext, RunLauncher
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.storage.event_log import InMemoryEventLogStorage
from dagster._core.storage.noop_compute_log_manager import NoOpComputeLogManager
from dagster._core.storage.root import TemporaryLocalArtifactStorage
from dagster._core.storage.runs import InMemoryRunStorage
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import QueuedRunCoordinatorDaemon

from clipper_assets.launch.coordinator import FairRunCoordinator

ORIGIN = RemoteJobOrigin(
    RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("clipper_assets"), "__repository__"), "clip_episode"
)


class RecordingLauncher(RunLauncher[Any]):
    """Starts nothing; remembers which runs it was to start, in their order."""

    def __init__(self) -> None:
        self.launched: list[dg.DagsterRun] = []
        super().__init__()  # type: ignore[no-untyped-call]  # untyped in Dagster

    def launch_run(self, context: LaunchRunContext) -> None:
        self.launched.append(context.dagster_run)

    def terminate(self, run_id: str) -> bool:
        raise NotImplementedError


@dataclass
class Queue:
    """Submits runs of episodes, and starts them as the daemon does."""

    instance: dg.DagsterInstance
    launcher: RecordingLauncher
    daemon: QueuedRunCoordinatorDaemon = field(default_factory=lambda: QueuedRunCoordinatorDaemon(1))
    workspace: Any = field(init=False)

    def __post_init__(self) -> None:
        self.workspace = SimpleNamespace(instance=self.instance, create_request_context=lambda: None)

    def submit(self, tags: Mapping[str, str]) -> dg.DagsterRun:
        run = self.instance.add_run(dg.DagsterRun("clip_episode", tags=dict(tags), remote_job_origin=ORIGIN))
        context = dg.SubmitRunContext(run, self.workspace.create_request_context())
        return self.instance.run_coordinator.submit_run(context)

    def start(self) -> list[dg.DagsterRun]:
        """One iteration of the daemon; returns the runs that it started."""
        before = len(self.launcher.launched)
        assert [error for error in self.daemon.run_iteration(self.workspace) if error] == []
        return self.launcher.launched[before:]

    def end(self, run: dg.DagsterRun) -> None:
        self.instance.report_run_canceled(run)


@contextmanager
def run_queue(
    runs: int, per_show: int, partition_tag: str = "dagster/partition", show_tag: str = "clipper/show"
) -> Iterator[Queue]:
    """A queue from which `runs` runs start at once, and `per_show` of a show; one per episode, as in dagster.yaml."""
    unique = {"applyLimitPerUniqueValue": True}
    limits = [
        {"key": partition_tag, "value": unique, "limit": 1},
        {"key": show_tag, "value": unique, "limit": per_show},
    ]
    launcher = RecordingLauncher()
    with dg.DagsterInstance(
        instance_type=InstanceType.EPHEMERAL,
        local_artifact_storage=TemporaryLocalArtifactStorage(),  # type: ignore[no-untyped-call]  # untyped in Dagster
        run_storage=InMemoryRunStorage(),
        event_storage=InMemoryEventLogStorage(),
        compute_log_manager=NoOpComputeLogManager(),
        run_coordinator=FairRunCoordinator(),
        run_launcher=launcher,
        settings={"concurrency": {"runs": {"max_concurrent_runs": runs, "tag_concurrency_limits": limits}}},
    ) as instance:
        yield Queue(instance, launcher)
