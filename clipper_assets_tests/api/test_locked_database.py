"""A locked database is reported in one sentence, over HTTP and over GraphQL."""

from pathlib import Path

import dagster as dg
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from graphql import GraphQLError

from clipper_assets.api.deps import Services
from clipper_assets.api.graphql.operations import REPOSITORY, operation
from clipper_assets.api.problems import add_handlers
from clipper_assets.episodes.partitions import EPISODES
from clipper_assets.runtime.tenant import LOCATION
from clipper_assets_tests.api.conftest import NEW
from clipper_assets_tests.runtime.test_faults import LOCKED, database_error
from clipper_assets_tests.test_locked_database import locked


@pytest.mark.usefixtures("runs_of_new_removed")
@pytest.mark.parametrize("name", ["runs.db", "runs/index.db"])
def test_a_request_that_starts_a_run_is_503_and_can_be_repeated(
    client: TestClient, services: Services, name: str
) -> None:
    """A run that Dagster created but could not queue does not count as a run that will start."""
    with locked(Path(services.instance.root_directory) / "history" / name):
        answer = client.post("/process-video", json={"s3_key": NEW})
    assert (answer.status_code, answer.json()) == (503, {"detail": LOCKED})
    again = client.post("/process-video", json={"s3_key": NEW})
    assert again.status_code == 202
    run = services.instance.get_run_by_id(again.json()["run_id"])
    assert run
    assert run.status is dg.DagsterRunStatus.QUEUED


def test_a_request_that_reads_is_503() -> None:
    def read() -> None:
        raise database_error("database is locked")

    app = FastAPI()
    add_handlers(app)
    app.add_api_route("/runs", read)
    answer = TestClient(app).get("/runs")
    assert (answer.status_code, answer.json()) == (503, {"detail": LOCKED})


def test_a_graphql_error_that_dagster_returns_as_data_has_no_traceback(
    operator: TestClient, services: Services
) -> None:
    fields = "message stack className cause { message } causes { message } errorChain { error { message } }"
    query = operation("register_episode").replace("PythonError { message }", f"PythonError {{ {fields} }}")
    repository = {"repositoryName": REPOSITORY, "repositoryLocationName": LOCATION}
    variables = {"selector": repository, "partitionsDefName": EPISODES, "partitionKey": "show2/other.mp4"}
    with locked(Path(services.instance.root_directory) / "history" / "runs" / "index.db"):
        answer = operator.post("/graphql", json={"query": query, "variables": variables})
    assert answer.status_code == 200
    assert answer.json()["data"]["addDynamicPartition"] == {
        "__typename": "PythonError",
        "message": LOCKED,
        "stack": [],
        "className": "OperationalError",
        "cause": None,
        "causes": [],
        "errorChain": [],
    }


def test_a_graphql_error_that_dagster_raises_has_no_sql(services: Services) -> None:
    error = GraphQLError("database is locked [SQL: ...]", original_error=database_error("database is locked"))
    (formatted,) = services.dagster.graphql.handle_graphql_errors([error])
    assert formatted["message"] == LOCKED
