"""The executor on ECS: each step is a task, and only the transcript's requests a GPU."""

import dagster as dg
from dagster_aws.ecs import ecs_executor as executor_of_dagster


def ecs_executor() -> dg.ExecutorDefinition:
    """Returns an executor that starts a task for each step, like that of the run unless tags of the step say otherwise.

    Without config, so that run config cannot change the tasks.
    """
    return executor_of_dagster.configured(lambda _: {}, name="ecs", config_schema={})
