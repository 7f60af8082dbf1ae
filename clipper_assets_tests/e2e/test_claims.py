"""Two replicas of the API and the sensor start only one run for a version of an upload."""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from clipper_assets_tests.conftest import SAMPLE
from clipper_assets_tests.e2e.conftest import BUCKET, House
from clipper_assets_tests.support.servers import api_beside, until

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


def runs(house: House, key: str) -> list[str]:
    tags = [{"key": "dagster/partition", "value": key}]
    results: list[Any] = house.deployment.graphql(RUNS, tags=tags)["runsOrError"]["results"]
    return [run["runId"] for run in results]


def ticked_since(house: House, moment: float) -> bool | None:
    ticks = house.deployment.graphql(TICKS)["sensorOrError"]["sensorState"]["ticks"]
    return any(tick["timestamp"] > moment for tick in ticks) or None


def cancel(house: House, key: str) -> bool | None:
    """Cancels the run; None while its worker is still starting, when it cannot be cancelled yet."""
    return house.api.asked("DELETE", f"/episodes/{key}/run").ok or None


def test_two_replicas_and_the_sensor_start_one_run(house: House) -> None:
    with api_beside(house.deployment, CLIPPER_API_RATE="100000/minute") as second, ThreadPoolExecutor(4) as pool:
        for number in range(2):
            key = f"claims/{number}.mp4"
            house.s3.client.upload_file(str(SAMPLE / "episode.mp4"), BUCKET, key)
            requests = [
                pool.submit(api.asked, "POST", "/process-video", json={"s3_key": key})
                for api in (house.api, second, house.api, second)
            ]
            answers = [request.result() for request in requests]
            assert {answer.status_code for answer in answers} == {202}, [answer.text for answer in answers]
            until("a tick of the sensor", partial(ticked_since, house, time.time()))
            (run_id,) = runs(house, key)
            assert {answer.json()["run_id"] for answer in answers} == {run_id}
            until("the cancellation", partial(cancel, house, key))
