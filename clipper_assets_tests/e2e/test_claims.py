"""Two replicas of the API and the sensor start only one run for a version of an upload."""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from clipper_assets_tests.conftest import SAMPLE
from clipper_assets_tests.e2e.conftest import BUCKET, Stack
from clipper_assets_tests.support.servers import api_beside, wait_for

pytestmark = pytest.mark.e2e

RUNS = "query($tags: [ExecutionTag!]) { runsOrError(filter: {tags: $tags}) { ... on Runs { results { runId } } } }"
TICKS = """
query {
  sensorOrError(
    sensorSelector: {
      repositoryName: "__repository__", repositoryLocationName: "clipper_assets", sensorName: "new_uploads"
    }
  ) {
    ... on Sensor { sensorState { ticks(limit: 1, statuses: [SUCCESS, SKIPPED]) { timestamp } } }
  }
}
"""


def runs(stack: Stack, key: str) -> list[str]:
    tags = [{"key": "dagster/partition", "value": key}]
    results: list[Any] = stack.deployment.graphql(RUNS, tags=tags)["runsOrError"]["results"]
    return [run["runId"] for run in results]


def ticked_since(stack: Stack, moment: float) -> bool | None:
    ticks = stack.deployment.graphql(TICKS)["sensorOrError"]["sensorState"]["ticks"]
    return any(tick["timestamp"] > moment for tick in ticks) or None


def cancelled(stack: Stack, key: str) -> bool | None:
    """Cancels the run; None if it goes on. True also if it has ended by itself in the meantime."""
    if stack.api.request("DELETE", f"/episodes/{key}/run").ok:
        return True
    return stack.api.episode(key)["state"] not in ("queued", "running") or None


def test_two_replicas_and_the_sensor_start_one_run(stack: Stack) -> None:
    with api_beside(stack.deployment, CLIPPER_API_RATE="100000/minute") as second, ThreadPoolExecutor(4) as pool:
        for number in range(2):
            key = f"claims/{number}.mp4"
            stack.s3.client.upload_file(str(SAMPLE / "episode.mp4"), BUCKET, key)
            requests = [
                pool.submit(api.request, "POST", "/process-video", json={"s3_key": key})
                for api in (stack.api, second, stack.api, second)
            ]
            answers = [request.result() for request in requests]
            assert {answer.status_code for answer in answers} == {202}, [answer.text for answer in answers]
            wait_for("a tick of the sensor", partial(ticked_since, stack, time.time()))
            (run_id,) = runs(stack, key)
            assert {answer.json()["run_id"] for answer in answers} == {run_id}
            wait_for("the end of the run", partial(cancelled, stack, key))
