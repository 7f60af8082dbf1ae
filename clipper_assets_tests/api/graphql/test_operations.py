import copy
from typing import Any

import pytest
from fastapi.testclient import TestClient
from graphql import parse

from clipper_assets.api.auth import Access
from clipper_assets.api.graphql.operations import check_mutation, operation
from clipper_assets.api.problems import RefusedError

REPOSITORY = {"repositoryName": "__repository__", "repositoryLocationName": "clipper_assets"}
PRIVILEGED = {"key": "dagster-k8s/config", "value": '{"container_config": {"securityContext": {"privileged": true}}}'}
LAUNCH: dict[str, Any] = {
    "executionParams": {
        "selector": {**REPOSITORY, "jobName": "clip_episode", "assetSelection": [{"path": ["rendered_clips"]}]},
        "mode": "default",
        "runConfigData": {"ops": {"rendered_clips": {"config": {"caption_style": "classic"}}}},
        "executionMetadata": {"tags": [{"key": "dagster/partition", "value": "show/cut.mp4"}]},
    }
}
BACKFILL: dict[str, Any] = {
    "backfillParams": {"assetSelection": [{"path": ["rendered_clips"]}], "partitionNames": ["show/cut.mp4"]}
}
REGISTER = {"selector": REPOSITORY, "partitionsDefName": "episodes", "partitionKey": "show/cut.mp4"}
ANY = 'mutation { deletePipelineRun(runId: "none") { __typename } }'
INLINE = (
    'mutation { launchRun(executionParams: {executionMetadata: {tags: [{key: "%s", value: "{}"}]}}) { __typename } }'
)


def changed(variables: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    variables = copy.deepcopy(variables)
    *parents, last = path.split(".")
    target = variables
    for parent in parents:
        target = target[parent]
    target[last] = value
    return variables


@pytest.mark.parametrize("access", [Access.creator, Access.operator])
@pytest.mark.parametrize(
    ("name", "variables"),
    [
        ("launch_run", LAUNCH),
        ("backfill", BACKFILL),
        ("register_episode", REGISTER),
        ("cancel_run", {"runIds": ["399a0128"]}),
    ],
)
def test_the_documented_mutations_are_allowed(access: Access, name: str, variables: dict[str, Any]) -> None:
    check_mutation(access, parse(operation(name)), variables)
    check_mutation(access, parse(f"# by a frontend\n{' '.join(operation(name).split())}"), variables)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("runConfigData", {"resources": {"storage": {"config": {"root": "/"}}}}),
        ("runConfigData", {"ops": {}, "execution": {"config": {}}}),
        ("runConfigData", {"ops": {"another_op": {"config": {}}}}),
        ("runConfigData", '{"resources": {}}'),
        ("selector.jobName", "__ASSET_JOB"),
        ("selector.repositoryLocationName", "another"),
        ("selector.assetSelection", [{"path": ["edits"]}]),
        ("selector.solidSelection", ["*"]),
        ("executionMetadata.tags", [{"key": "dagster/run_config", "value": "{}"}]),
        ("executionMetadata.tags", [PRIVILEGED]),
        ("executionMetadata.rootRunId", "399a0128"),
        ("preset", "default"),
    ],
)
def test_a_creator_may_not_send_other_variables(path: str, value: object) -> None:
    variables = changed(LAUNCH, f"executionParams.{path}", value)
    with pytest.raises(RefusedError) as refusal:
        check_mutation(Access.creator, parse(operation("launch_run")), variables)
    assert refusal.value.status == 403


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("tags", [{"key": "ecs/task_overrides", "value": "{}"}]),
        ("tags", [{"key": "team", "value": "a"}]),
        ("runConfigData", {"resources": {}}),
        ("assetSelection", [{"path": ["another"]}]),
        ("allPartitions", True),
        ("selector", {"partitionSetName": "a", "repositorySelector": REPOSITORY}),
    ],
)
def test_a_creator_may_not_send_other_variables_with_a_backfill(path: str, value: object) -> None:
    with pytest.raises(RefusedError):
        check_mutation(Access.creator, parse(operation("backfill")), changed(BACKFILL, f"backfillParams.{path}", value))


@pytest.mark.parametrize(
    "document",
    [
        ANY,
        INLINE % "dagster/partition",
        operation("cancel_run") + ANY.replace("mutation", "mutation Other"),
        operation("launch_run").replace("launchRun(", "alias: launchRun("),
    ],
)
def test_a_creator_may_not_send_other_mutations(document: str) -> None:
    with pytest.raises(RefusedError):
        check_mutation(Access.creator, parse(document), LAUNCH)


@pytest.mark.parametrize(
    "key", ["dagster-k8s/config", "ecs/run_task_kwargs", "docker/image", "dagster-k8s\\u002fconfig"]
)
def test_nobody_may_set_the_tags_of_a_run_launcher(key: str) -> None:
    with pytest.raises(RefusedError, match="launcher"):
        check_mutation(Access.operator, parse(INLINE % key), None)
    tags = [{"key": key.replace("\\u002f", "/"), "value": "{}"}]
    variables = changed(LAUNCH, "executionParams.executionMetadata.tags", tags)
    with pytest.raises(RefusedError, match="launcher"):
        check_mutation(Access.operator, parse(operation("launch_run")), variables)


def test_a_reader_may_not_send_mutations() -> None:
    with pytest.raises(RefusedError):
        check_mutation(Access.read, parse(operation("launch_run")), LAUNCH)


def test_the_api_checks_mutations_by_the_role_of_the_token(client: TestClient, operator: TestClient) -> None:
    assert client.get("/session").json() == {"access": "creator"}
    assert operator.get("/session").json() == {"access": "operator"}
    assert client.post("/graphql", json={"query": ANY}).status_code == 403
    tagged = changed(LAUNCH, "executionParams.executionMetadata.tags", [PRIVILEGED])
    for caller in (client, operator):
        refused = caller.post("/graphql", json={"query": operation("launch_run"), "variables": tagged})
        assert refused.status_code == 403, refused.text
    assert operator.post("/graphql", json={"query": ANY}).status_code == 200
