"""A run launcher for ECS that refuses overrides by tags; Dagster's own lets them change the whole task of a run.

The context of a launch and the error that refuses one have no public names in Dagster.
"""

from dagster._core.errors import DagsterLaunchFailedError
from dagster._core.launcher.base import LaunchRunContext
from dagster_aws.ecs import EcsRunLauncher

OVERRIDES = "ecs/"
WRITTEN_BY_LAUNCHER = {"ecs/task_arn", "ecs/cluster"}
"""Tags that the launcher itself sets; a retried run inherits them from its parent."""


class StrictEcsRunLauncher(EcsRunLauncher):
    """Dagster's ECS launcher without overrides of the task by tags of the run (`ecs/run_task_kwargs` and others)."""

    def launch_run(self, context: LaunchRunContext) -> None:
        """Raises DagsterLaunchFailedError for a run with a tag that overrides its task."""
        tags = context.dagster_run.tags
        if overrides := sorted(name for name in tags if name.startswith(OVERRIDES) and name not in WRITTEN_BY_LAUNCHER):
            raise DagsterLaunchFailedError(  # type: ignore[no-untyped-call]  # untyped in Dagster
                f"the tag {overrides[0]} may not override the task of a run; change the task definition instead"
            )
        super().launch_run(context)
