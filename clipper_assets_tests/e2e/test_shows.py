"""Two shows with a backlog each, with the real sensor, daemon and run coordinator; the runs themselves do nothing."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from clipper_assets_tests.e2e.conftest import Deploy
from clipper_assets_tests.support.brief_runs import MAY_END, BriefRuns
from clipper_assets_tests.support.servers import PROJECT, Deployment, wait_for

pytestmark = pytest.mark.e2e

EPISODES = 20
RUNS = "{ runsOrError(limit: 100) { ... on Runs { results { runId status startTime jobName tags { key value } } } } }"
BACKFILL = """mutation { launchPartitionBackfill(backfillParams: {assetSelection: [{path: ["raw_video"]}],
  partitionNames: ["A/00.mp4", "B/00.mp4"]}) { __typename ... on LaunchBackfillSuccess { backfillId }
  ... on PythonError { message } } }"""
LAUNCH = """mutation { launchRun(executionParams: {mode: "default", runConfigData: {}, selector: {
  jobName: "clip_episode", repositoryName: "__repository__", repositoryLocationName: "clipper_assets"},
  executionMetadata: {tags: [{key: "dagster/partition", value: "A/01.mp4"}, {key: "clipper/show", value: "B"}]}}) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""


def runs_in(deployment: Deployment, number: int, *statuses: str) -> list[dict[str, Any]]:
    """Waits until so many runs of shows have one of these statuses; returns them, with their tags by key."""

    def reached() -> list[dict[str, Any]] | None:
        runs = deployment.graphql(RUNS)["runsOrError"]["results"]
        tagged = [{**run, "tags": {tag["key"]: tag["value"] for tag in run["tags"]}} for run in runs]
        found = [run for run in tagged if run["status"] in statuses and "clipper/show" in run["tags"]]
        return found if len(found) == number else None

    return wait_for(f"{number} runs that are {' or '.join(statuses)}", reached)


def ended(deployment: Deployment, number: int) -> list[dict[str, Any]]:
    """Waits for the success of so many runs; returns them in the order of their start."""
    return sorted(runs_in(deployment, number, "SUCCESS"), key=lambda run: float(run["startTime"]))


def test_the_backlogs_of_two_shows_start_in_turns(deploy: Deploy, tmp_path: Path) -> None:
    home, storage = tmp_path / "home", tmp_path / "storage"
    home.mkdir()
    launcher = {"module": BriefRuns.__module__, "class": BriefRuns.__name__}
    instance = {**yaml.safe_load((PROJECT / "dagster.yaml").read_text()), "run_launcher": launcher}
    (home / "dagster.yaml").write_text(yaml.safe_dump(instance))
    for show in "AB":  # the sensor requests the older files first, so that all of A are queued before B
        (storage / show).mkdir(parents=True)
        for number in range(EPISODES):
            (storage / show / f"{number:02}.mp4").write_bytes(b"recording")
    deployment = deploy(str(storage))

    runs_in(deployment, 2 * EPISODES, "QUEUED", "STARTED")
    runs_in(deployment, 8, "STARTED")
    (home / MAY_END).touch()
    runs = ended(deployment, 2 * EPISODES)
    order = "".join(run["tags"]["clipper/show"] for run in runs)
    assert all(run["tags"]["dagster/partition"].startswith(run["tags"]["clipper/show"]) for run in runs)
    first = order.index("B")
    assert first <= 6, order  # as many as the limit of a show
    both = order[first : min(order.rindex("A"), order.rindex("B"))]
    ahead = [both[:end].count("A") - both[:end].count("B") for end in range(len(both))]
    assert all(abs(each) <= 3 for each in ahead), order

    assert deployment.graphql(BACKFILL)["launchPartitionBackfill"]["__typename"] == "LaunchBackfillSuccess"
    assert deployment.graphql(LAUNCH)["launchRun"]["__typename"] == "LaunchRunSuccess"
    later = ended(deployment, 2 * EPISODES + 3)[2 * EPISODES :]
    shows = {run["tags"]["dagster/partition"]: run["tags"]["clipper/show"] for run in later}
    assert shows == {"A/00.mp4": "A", "B/00.mp4": "B", "A/01.mp4": "A"}
    assert sum(run["jobName"] == "__ASSET_JOB" for run in later) == 2
