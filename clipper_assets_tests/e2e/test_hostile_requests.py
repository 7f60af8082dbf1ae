"""Hostile requests to a real server: each is refused with the right status and leaves nothing in the storage."""

import http.client
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from clipper_assets.api.graphql.operations import operation
from clipper_assets_tests.e2e.conftest import BUCKET, Stack
from clipper_assets_tests.support.servers import FULL, OPERATOR, READ

pytestmark = pytest.mark.e2e

CREATOR, READER = {"Authorization": f"Bearer {FULL}"}, {"Authorization": f"Bearer {READ}"}
OPERATOR_HEADERS = {"Authorization": f"Bearer {OPERATOR}"}
LAUNCH_RUN = operation("launch_run")
JSON = {"Content-Type": "application/json"}
MUTATION = "mutation B { reloadWorkspace { __typename } }"
DEEP_QUERY = "{ runsOrError { ... on Runs { results " + "{ rootRun " * 20 + "{ runId }" + " }" * 23
LARGE_BODY = b"x" * 10_000_000
LONG_KEY = "a" * 1100 + ".mp4"

RefusedRequest = tuple[str, str, Mapping[str, str], Any]


def chunked() -> Iterator[bytes]:
    for _ in range(100):
        yield LARGE_BODY[:100_000]


def process_request(key: str) -> RefusedRequest:
    return "POST", "/process-video", CREATOR, {"s3_key": key}


def upload_request(key: str) -> RefusedRequest:
    return "POST", "/uploads", CREATOR, {"key": key, "size_bytes": 1000}


def launch_request(headers: Mapping[str, str], run_config: Mapping[str, Any], *tags: tuple[str, str]) -> RefusedRequest:
    selector = {
        "repositoryName": "__repository__",
        "repositoryLocationName": "clipper_assets",
        "jobName": "clip_episode",
    }
    all_tags = [("dagster/partition", "test1/sample.mp4"), *tags]
    params = {
        "selector": selector,
        "mode": "default",
        "runConfigData": run_config,
        "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in all_tags]},
    }
    return "POST", "/graphql", headers, {"query": LAUNCH_RUN, "variables": {"executionParams": params}}


WITHOUT_TOKEN: list[RefusedRequest] = [
    ("GET", "/episodes", {}, None),
    ("GET", "/episodes/test1/sample.mp4", {}, None),
    ("GET", "/episodes/test1/sample.mp4/events", {}, None),
    ("GET", "/session", {}, None),
    ("GET", "/nowhere", {}, None),
    ("POST", "/process-video", {}, {"s3_key": "test1/sample.mp4"}),
    ("POST", "/uploads", {}, {"key": "x/x.mp4", "size_bytes": 1}),
    ("POST", "/graphql", {}, {"query": "{ version }"}),
    ("GET", "/graphql?query=%7Bversion%7D", {}, None),
    ("DELETE", "/episodes/test1/sample.mp4/run", {}, None),
    ("DELETE", "/episodes/test1/sample.mp4", {}, None),
    ("POST", "/episodes/test1/sample.mp4/retry", {}, None),
    ("GET", "/episodes", {"Authorization": "Bearer wrong-token-of-nobody"}, None),
    ("GET", "/episodes", {"Authorization": "Bearer "}, None),
    ("GET", "/episodes", {"Authorization": f"Basic {FULL}"}, None),
    ("GET", "/episodes", {"Authorization": FULL}, None),
    ("GET", "/episodes", {"Cookie": f"token={FULL}"}, None),
    ("GET", f"/episodes?token={FULL}", {}, None),
    ("GET", f"/episodes?access_token={FULL}", CREATOR, None),
]
READ_TOKEN: list[RefusedRequest] = [
    ("POST", "/process-video", READER, {"s3_key": "test1/sample.mp4"}),
    ("PATCH", "/episodes/test1/sample.mp4/clips/0", READER, {"base_version": 0, "hook": "Mine"}),
    ("DELETE", "/episodes/test1/sample.mp4/edits", READER, {"base_version": 0}),
    ("DELETE", "/episodes/test1/sample.mp4/run", READER, None),
    ("DELETE", "/episodes/test1/sample.mp4", READER, None),
    ("POST", "/episodes/test1/sample.mp4/retry", READER, None),
    ("POST", "/episodes/test1/sample.mp4/render", READER, None),
    ("POST", "/uploads", READER, {"key": "x/x.mp4", "size_bytes": 1}),
    ("POST", "/graphql", READER, {"query": MUTATION}),
    ("POST", "/graphql", READER, {"query": f"query A {{ version }} {MUTATION}", "operationName": "A"}),
]
NOT_ALLOWED_BY_ROLE: list[RefusedRequest] = [
    ("POST", "/graphql", CREATOR, {"query": MUTATION}),
    launch_request(CREATOR, {"ops": {}}, ("dagster-k8s/config", "{}")),
    launch_request(OPERATOR_HEADERS, {"ops": {}}, ("dagster-k8s/config", "{}")),
    launch_request(OPERATOR_HEADERS, {"ops": {}}, ("ecs/run_task_kwargs", "{}")),
    launch_request(OPERATOR_HEADERS, {"ops": {}}, ("docker/container_kwargs", "{}")),
    launch_request(CREATOR, {"ops": {}}, ("dagster/max_retries", "9")),
    launch_request(CREATOR, {"resources": {"storage": {"config": {"root": "/etc"}}}}),
    launch_request(CREATOR, {"loggers": {"console": {}}}),
    launch_request(CREATOR, {"ops": {"rendered_clips": {"inputs": {"raw_video": {"pickle": {"path": "/tmp/x"}}}}}}),
]
FORGED_SIGNATURE: list[RefusedRequest] = [
    ("GET", "/media/test1/../../secret.mp4?signature=forged", {}, None),
    ("GET", "/media/test1/clips/clip_0.mp4?signature=forged", {}, None),
    ("PUT", "/uploads/parts/forged/1", {}, None),
]
INVALID_KEY_OR_BODY: list[RefusedRequest] = [
    process_request("../secret.mp4"),
    process_request("..%2fsecret.mp4"),
    process_request("a/../../secret.mp4"),
    process_request("/etc/passwd.mp4"),
    process_request("s3://other-bucket/a.mp4"),
    process_request("https://evil.example/a.mp4"),
    process_request("C:\\windows\\a.mp4"),
    process_request("a\u0000.mp4"),
    process_request("a//b.mp4"),
    process_request("lake/speech/a.mp4"),
    process_request("test1/clips/clip_0.mp4"),
    process_request("test1/notes.txt"),
    process_request(LONG_KEY),
    upload_request("../evil.mp4"),
    upload_request("/evil.mp4"),
    upload_request("lake/evil.mp4"),
    upload_request("test1/clips/clip_0.mp4"),
    upload_request("evil.exe"),
    ("GET", "/episodes/..%2f..%2fetc%2fpasswd", CREATOR, None),
    ("GET", "/episodes/%2e%2e/%2e%2e/etc/passwd", CREATOR, None),
    ("GET", "/episodes/%00.mp4", CREATOR, None),
    ("DELETE", "/episodes/..%2f..%2fetc%2fpasswd.mp4", CREATOR, None),
    ("DELETE", "/episodes/test1/clips/clip_0.mp4", CREATOR, None),
    ("GET", "/media/..%2fepisodes", {}, None),
    ("POST", "/process-video", CREATOR, {"s3_key": "a.mp4", "bucket": "other-bucket"}),
    ("POST", "/process-video", CREATOR, {"s3_key": ["a.mp4"]}),
]
NOT_FOUND: list[RefusedRequest] = [
    process_request("nowhere/a.mp4"),
    ("GET", "/episodes/nowhere.mp4", CREATOR, None),
    ("GET", "/review/../episodes", {}, None),
    ("GET", "/review/..%2f..%2fauth.py", {}, None),
]
WRONG_METHOD: list[RefusedRequest] = [
    ("GET", f"/graphql?query={quote(MUTATION)}", CREATOR, None),
    ("GET", f"/graphql?query={quote(MUTATION)}", READER, None),
    ("GET", "/process-video", CREATOR, None),
    ("TRACE", "/episodes", CREATOR, None),
]
TOO_LARGE: list[RefusedRequest] = [
    ("POST", "/process-video", {**CREATOR, **JSON}, LARGE_BODY),
    ("POST", "/process-video", {**CREATOR, **JSON}, chunked),
    ("POST", "/graphql", {**CREATOR, **JSON}, LARGE_BODY),
    ("POST", "/graphql", {**CREATOR, **JSON}, chunked),
    ("PATCH", "/episodes/test1/sample.mp4/clips/0", {**CREATOR, **JSON}, chunked),
]
UNREADABLE: list[RefusedRequest] = [
    ("POST", "/graphql", CREATOR, {"query": DEEP_QUERY}),
    ("POST", "/graphql", CREATOR, {"query": "{" + " ".join(f"a{n}: version" for n in range(3000)) + "}"}),
    ("POST", "/graphql", {**CREATOR, **JSON}, b"[" * 100_000),
]
REFUSED = [
    (status, hostile)
    for status, cases in (
        (401, WITHOUT_TOKEN),
        (403, READ_TOKEN),
        (403, NOT_ALLOWED_BY_ROLE),
        (403, FORGED_SIGNATURE),
        (422, INVALID_KEY_OR_BODY),
        (404, NOT_FOUND),
        (405, WRONG_METHOD),
        (413, TOO_LARGE),
        (400, UNREADABLE),
    )
    for hostile in cases
]


@pytest.mark.parametrize(
    ("status", "hostile"), REFUSED, ids=[f"{status} {hostile[0]} {hostile[1][:40]}" for status, hostile in REFUSED]
)
def test_a_hostile_request_is_refused_with_its_status(stack: Stack, status: int, hostile: RefusedRequest) -> None:
    method, path, headers, content = hostile
    body = content() if callable(content) else json.dumps(content) if isinstance(content, dict) else content
    if isinstance(content, dict):
        headers = {**headers, **JSON}
    server = http.client.HTTPConnection(urlsplit(stack.api.url).netloc, timeout=30)
    try:
        server.request(method, path, body, dict(headers), encode_chunked=callable(content))
    except (BrokenPipeError, ConnectionResetError):
        assert status == 413  # the server closed the connection while the body was sent
    answer = server.getresponse()
    text = answer.read().decode()
    server.close()
    assert answer.status == status, text
    if status != 400:
        assert "traceback" not in text.lower()
        assert json.loads(text)["detail"]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"additional_headers": {"Authorization": "Bearer wrong-token-of-nobody"}},
        {"subprotocols": ["graphql-ws", "bearer.wrong-token-of-nobody"]},
        {"subprotocols": ["graphql-ws", f"bearer.{FULL}"], "origin": "https://evil.example"},
    ],
)
def test_a_websocket_without_a_token_is_refused(stack: Stack, options: dict[str, Any]) -> None:
    options = {"subprotocols": ["graphql-ws"], **options}
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(f"ws://{urlsplit(stack.api.url).netloc}/graphql", **options),
    ):
        pass
    assert refused.value.response.status_code == 403


def test_refused_uploads_leave_nothing_in_the_bucket(stack: Stack) -> None:
    objects = stack.s3.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    assert not [item["Key"] for item in objects if "evil" in item["Key"]]
    assert stack.s3.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []) == []


def test_run_config_of_resources_is_invalid_even_for_an_operator(stack: Stack) -> None:
    _, path, headers, content = launch_request(
        OPERATOR_HEADERS, {"resources": {"storage": {"config": {"root": "/etc"}}}}
    )
    answer = requests.post(f"{stack.api.url}{path}", json=content, headers=dict(headers), timeout=30).json()
    assert answer["data"]["launchRun"]["__typename"] == "RunConfigValidationInvalid"
