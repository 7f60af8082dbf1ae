"""The launcher of deploy/ecs refuses tags by which Dagster's own launcher would override the task of a run."""

import dagster as dg
import pytest
from dagster._core.errors import DagsterLaunchFailedError
from dagster._core.launcher.base import LaunchRunContext
from dagster._core.test_utils import create_run_for_test
from dagster_aws.ecs import EcsRunLauncher

from clipper_assets.launch.ecs import StrictEcsRunLauncher
from clipper_assets.launch.ecs_executor import ecs_executor


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of the runs that reach Dagster's launcher. It is never constructed, because that needs AWS."""
    run_ids: list[str] = []
    monkeypatch.setattr(EcsRunLauncher, "launch_run", lambda _, context: run_ids.append(context.dagster_run.run_id))
    return run_ids


def launch(instance: dg.DagsterInstance, tags: dict[str, str]) -> str:
    run = create_run_for_test(instance, tags=tags)
    launcher = StrictEcsRunLauncher.__new__(StrictEcsRunLauncher)
    launcher.launch_run(LaunchRunContext(run, None))
    return str(run.run_id)


@pytest.mark.parametrize(
    "tag",
    ["ecs/run_task_kwargs", "ecs/container_overrides", "ecs/task_overrides", "ecs/cpu", "ecs/new"],
)
def test_a_tag_that_overrides_the_task_is_refused(instance: dg.DagsterInstance, launched: list[str], tag: str) -> None:
    with pytest.raises(DagsterLaunchFailedError, match=f"the tag {tag} may not override the task of a run"):
        launch(instance, {tag: "{}"})
    assert launched == []


def test_runs_without_overrides_and_retries_are_launched(instance: dg.DagsterInstance, launched: list[str]) -> None:
    runs = [launch(instance, {}), launch(instance, {"ecs/task_arn": "arn:aws:ecs:1", "ecs/cluster": "c"})]
    assert launched == runs


def test_run_config_cannot_change_the_tasks_of_steps() -> None:
    """As tags cannot change the task of the run."""

    @dg.op
    def step() -> None: ...

    @dg.job(executor_def=ecs_executor())
    def job() -> None:
        step()

    for config in ({"cpu": 8192}, {"task_overrides": {"taskRoleArn": "arn"}}, {"run_task_kwargs": {"cluster": "c"}}):
        with pytest.raises(dg.DagsterInvalidConfigError):
            dg.validate_run_config(job, {"execution": {"config": config}})
