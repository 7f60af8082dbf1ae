"""The launcher of deploy/ecs refuses tags by which Dagster's own launcher would override the task of a run."""

import dagster as dg
import pytest
from dagster._core.errors import DagsterLaunchFailedError
from dagster._core.launcher.base import LaunchRunContext
from dagster._core.test_utils import create_run_for_test
from dagster_aws.ecs import EcsRunLauncher

from clipper_assets.launch.ecs import StrictEcsRunLauncher


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
