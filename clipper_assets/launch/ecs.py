"""Runs on ECS, whose launcher lets a run's tags decide about its task: image command, role, network, everything."""

from dagster._core.errors import DagsterLaunchFailedError
from dagster._core.launcher.base import LaunchRunContext
from dagster_aws.ecs import EcsRunLauncher

OVERRIDES = "ecs/"
WRITTEN_BY_LAUNCHER = {"ecs/task_arn", "ecs/cluster"}
"""A retried run has its parent's."""


class StrictEcsRunLauncher(EcsRunLauncher):
    """Dagster's launcher, without what `dagster_aws.ecs` reads from the tags of a run (`ecs/run_task_kwargs`, ...)."""

    def launch_run(self, context: LaunchRunContext) -> None:
        """Raises DagsterLaunchFailedError for a run whose tags ask for anything of its task."""
        tags = context.dagster_run.tags
        if asked := sorted(name for name in tags if name.startswith(OVERRIDES) and name not in WRITTEN_BY_LAUNCHER):
            raise DagsterLaunchFailedError(  # type: ignore[no-untyped-call]  # Dagster's has no types
                f"the tag {asked[0]} may not change the task of a run; set that in the task definition clipper-run"
            )
        super().launch_run(context)
