import json
import re
from importlib.resources import files
from typing import Any

import pytest
from dagster_graphql.schema import create_schema
from fastapi.testclient import TestClient
from graphql import (
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    parse,
    print_type,
    validate,
    visit,
)

from clipper_assets.api.deps import Services
from clipper_assets.api.graphql.operations import operation
from clipper_assets.api.graphql.server import EXECUTORS, MOST_SUBSCRIPTIONS

FOLDER = files("clipper_assets.api.graphql")
SNAPSHOT = "schema_snapshot.txt"
NAMES = sorted(each.name.removesuffix(".graphql") for each in FOLDER.iterdir() if each.name.endswith(".graphql"))
DEEP = "{ runsOrError { ... on Runs { results { rootRun { rootRun { rootRun { rootRun { rootRun { rootRun { rootRun {"


def chain(length: int, spreads: str) -> str:
    """Fragments F0 to F<length>; each contains `spreads`, in which `F` stands for the name of the next fragment."""
    links = [f"fragment F{number} on Query {{ {spreads.replace('F', f'F{number + 1}')} }}" for number in range(length)]
    return " ".join([*links, f"fragment F{length} on Query {{ version }}"])


BOMB = chain(40, "...F ...F")


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    graphql_schema: GraphQLSchema = create_schema().graphql_schema
    return graphql_schema


@pytest.mark.parametrize("name", NAMES)
def test_operations_are_valid_for_the_installed_dagster(schema: GraphQLSchema, name: str) -> None:
    assert validate(schema, parse(operation(name))) == []


def used_schema(schema: GraphQLSchema) -> str:
    """The fields, arguments and inputs of Dagster's schema that the operations use, one per line."""
    used: set[str] = set()
    info = TypeInfo(schema)

    class Collect(Visitor):
        def enter_field(self, *_: Any) -> None:
            parent, field = info.get_parent_type(), info.get_field_def()
            node_name = _[0].name.value
            if parent and field and not node_name.startswith("__"):
                used.add(f"{parent.name}.{node_name}: {field.type}")

        def enter_argument(self, *_: Any) -> None:
            argument = info.get_argument()
            if argument:
                used.add(f"argument {_[0].name.value}: {argument.type}")
                kind = get_named_type(argument.type)
                if kind.name not in ("String", "Int", "ID"):
                    used.add(print_type(kind))

    for name in NAMES:
        visit(parse(operation(name)), TypeInfoVisitor(info, Collect()))
    return "\n".join(sorted(used)) + "\n"


def test_the_parts_of_dagsters_schema_that_operations_use_have_not_changed(schema: GraphQLSchema) -> None:
    snapshot = (FOLDER / SNAPSHOT).read_text()
    assert used_schema(schema) == snapshot, (
        "Dagster's schema changed in a part that our operations use; check the difference, then write "
        "test_server.used_schema(create_schema().graphql_schema) to graphql/schema_snapshot.txt"
    )


def examples() -> dict[str, dict[str, Any]]:
    """Returns the example variables of each operation from the README."""
    text = (FOLDER / "README.md").read_text()
    return {
        name: json.loads(variables)
        for name, variables in re.findall(
            r"## `(\w+)\.graphql`.*?Variables:\n+```json\n(.*?)```", text, flags=re.DOTALL
        )
    }


def test_every_operation_has_an_example() -> None:
    assert sorted(examples()) == NAMES


def test_the_examples_of_the_readme_run(services: Services, client: TestClient) -> None:
    """Replaces the ids in the examples with those of this instance."""
    ids: dict[str, str] = {}
    starting = ["register_episode", "launch_run", "run_status", "run_logs", "cancel_run"]
    order = [*starting, "backfill", "backfill_status", "episode_results"]
    for name in order:
        text = json.dumps(examples()[name])
        for placeholder, value in ids.items():
            text = re.sub(placeholder, value, text)
        answer = client.post("/graphql", json={"query": operation(name), "variables": json.loads(text)})
        assert answer.status_code == 200, answer.text
        ((field, data),) = answer.json()["data"].items()
        assert not data["__typename"].endswith("Error"), (field, data)
        if name == "launch_run":
            ids[r"399a0128-b615-4765-bcd9-c1e8c91a395a"] = data["run"]["runId"]
        if name == "backfill":
            ids["qbmxzvtr"] = data["backfillId"]


def test_a_mutation_by_get_is_405(client: TestClient) -> None:
    answer = client.get("/graphql", params={"query": "mutation { reloadWorkspace { __typename } }"})
    assert answer.status_code == 405


def test_a_read_only_token_may_not_send_mutations(reader: TestClient) -> None:
    assert reader.post("/graphql", json={"query": "mutation { reloadWorkspace { __typename } }"}).status_code == 403
    hidden = "query Harmless { version } mutation Hidden { reloadWorkspace { __typename } }"
    assert reader.post("/graphql", json={"query": hidden, "operationName": "Harmless"}).status_code == 403
    assert reader.post("/graphql", json={"query": "{ version }"}).json()["data"]["version"]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "null",
        "1",
        '"text"',
        "{",
        "{}",
        "[" * 2000,
        '{"query": 1}',
        '{"query": "{"}',
        '[{"query": "{ version }"}]',
        '{"query": "{ version }", "variables": 3}',
        '{"query": "{ version }", "operationName": {}}',
    ],
)
def test_a_malformed_request_is_400(client: TestClient, body: str) -> None:
    assert client.post("/graphql", content=body, headers={"Content-Type": "application/json"}).status_code == 400


def test_deep_and_long_documents_are_refused(client: TestClient) -> None:
    deep = DEEP + "rootRun { " * 10 + "runId" + "}" * (DEEP.count("{") + 10)
    assert client.post("/graphql", json={"query": deep}).status_code == 400
    long = "{" + " ".join(f"a{number}: version" for number in range(3000)) + "}"
    assert client.post("/graphql", json={"query": long}).status_code == 400


def test_introspection_works(client: TestClient) -> None:
    from graphql import get_introspection_query

    assert "errors" not in client.post("/graphql", json={"query": get_introspection_query()}).json()


def test_only_subscriptions_are_allowed_on_a_websocket(client: TestClient) -> None:
    headers = {"Authorization": "Bearer read-token"}
    with client.websocket_connect("/graphql", ["graphql-ws"], headers=headers) as socket:
        for query in ("mutation { reloadWorkspace { __typename } }", "{ version }", "{", DEEP):
            socket.send_json({"type": "start", "id": "1", "payload": {"query": query}})
            assert socket.receive_json()["type"] == "error"


def test_a_document_with_exploding_fragments_is_refused_by_http_and_websocket(client: TestClient) -> None:
    bomb = "subscription { ...F0 } " + BOMB
    assert "fragments expand" in client.post("/graphql", json={"query": bomb}).json()["detail"]
    with client.websocket_connect("/graphql", ["graphql-ws"]) as socket:
        socket.send_json({"type": "start", "id": "1", "payload": {"query": bomb}})
        assert "fragments expand" in socket.receive_json()["payload"]["message"]


def test_an_operation_ends_at_its_deadline(
    services: Services, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven nested levels of all assets: a short query with an endless answer."""
    endless = "{ assetNodes { repository " * 7 + "{ id }" + " } }" * 7
    monkeypatch.setattr("clipper_assets.api.graphql.server.DEADLINE_S", 0.3)
    answer = client.post("/graphql", json={"query": endless})
    assert answer.status_code == 503
    assert "took more than" in answer.json()["detail"]
    monkeypatch.undo()
    # All threads are free again: none still works on the cancelled operation.
    done = [services.dagster.graphql.executors.submit(int) for _ in range(EXECUTORS)]
    assert [future.result(5) for future in done] == [0] * EXECUTORS
    assert client.post("/graphql", json={"query": "{ version }"}).json()["data"]["version"]


def test_a_websocket_has_a_limit_on_subscriptions(client: TestClient) -> None:
    payload = {"query": operation("follow_run"), "variables": {"runId": "399a0128-b615-4765-bcd9-c1e8c91a395a"}}
    endless = {"query": "subscription { locationStateChangeEvents { event { message } } }"}
    with client.websocket_connect("/graphql", ["graphql-ws"]) as socket:
        for number in range(MOST_SUBSCRIPTIONS):
            socket.send_json({"type": "start", "id": str(number), "payload": endless})
        socket.send_json({"type": "start", "id": "more", "payload": payload})
        answer = socket.receive_json()
        assert (answer["type"], answer["id"]) == ("error", "more")
        assert "stop one first" in answer["payload"]["message"]
        socket.send_json({"type": "stop", "id": "0"})
        socket.send_json({"type": "start", "id": "instead", "payload": payload})
        assert socket.receive_json()["type"] == "data"


def test_the_status_of_checks_is_answered_for_each_episode(operator: TestClient) -> None:
    query = """query($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
      assetChecksOrError { ... on AssetChecks { checks { name
        partitionStatuses { ... on AssetCheckDefaultPartitionStatuses { succeededPartitions failedPartitions } }
      } } } } } }"""
    variables = {"key": {"path": ["highlight_windows"]}}
    answer = operator.post("/graphql", json={"query": query, "variables": variables}).json()
    assert "errors" not in answer, answer
    checks = answer["data"]["assetNodeOrError"]["assetChecksOrError"]["checks"]
    assert {check["name"]: check["partitionStatuses"] for check in checks} == {
        "highlight_windows_obey_the_rules": {"succeededPartitions": ["show/cut.mp4"], "failedPartitions": []},
        "highlight_windows_not_degraded": {"succeededPartitions": [], "failedPartitions": ["show/cut.mp4"]},
    }
