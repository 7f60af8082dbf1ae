"""What nobody ought to send, to the real server: each is refused with its status, and nothing of it is kept."""

import http.client
import json
import socket
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests
from websockets import Subprotocol
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from clipper_assets.api.graphql.operations import operation
from clipper_assets_tests.e2e.conftest import BUCKET, House
from clipper_assets_tests.support.media import picture_bomb
from clipper_assets_tests.support.servers import FULL, OPERATOR, READ, Api, api_beside

pytestmark = pytest.mark.e2e

ALL, LOOK = {"Authorization": f"Bearer {FULL}"}, {"Authorization": f"Bearer {READ}"}
OPERATE = {"Authorization": f"Bearer {OPERATOR}"}
LAUNCH_RUN = operation("launch_run")
JSON = {"Content-Type": "application/json"}
MUTATION = "mutation B { reloadWorkspace { __typename } }"
DEEP = "{ runsOrError { ... on Runs { results " + "{ rootRun " * 20 + "{ runId }" + " }" * 23
LARGE = b"x" * 10_000_000
LONG_KEY = "a" * 1100 + ".mp4"

Asked = tuple[str, str, Mapping[str, str], Any]


def chunked() -> Iterator[bytes]:
    for _ in range(100):
        yield LARGE[:100_000]


def process(key: str) -> Asked:
    return "POST", "/process-video", ALL, {"s3_key": key}


def upload(key: str) -> Asked:
    return "POST", "/uploads", ALL, {"key": key, "size_bytes": 1000}


def launch(headers: Mapping[str, str], run_config: Mapping[str, Any], *tags: tuple[str, str]) -> Asked:
    place = {"repositoryName": "__repository__", "repositoryLocationName": "clipper_assets", "jobName": "clip_episode"}
    named = [("dagster/partition", "test1/sample.mp4"), *tags]
    params = {
        "selector": place,
        "mode": "default",
        "runConfigData": run_config,
        "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in named]},
    }
    return "POST", "/graphql", headers, {"query": LAUNCH_RUN, "variables": {"executionParams": params}}


WITHOUT_TOKEN: list[Asked] = [
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
    ("GET", f"/episodes?access_token={FULL}", ALL, None),
]
READ_TOKEN: list[Asked] = [
    ("POST", "/process-video", LOOK, {"s3_key": "test1/sample.mp4"}),
    ("PATCH", "/episodes/test1/sample.mp4/clips/0", LOOK, {"base_version": 0, "hook": "Mine"}),
    ("DELETE", "/episodes/test1/sample.mp4/edits", LOOK, {"base_version": 0}),
    ("DELETE", "/episodes/test1/sample.mp4/run", LOOK, None),
    ("DELETE", "/episodes/test1/sample.mp4", LOOK, None),
    ("POST", "/episodes/test1/sample.mp4/retry", LOOK, None),
    ("POST", "/episodes/test1/sample.mp4/render", LOOK, None),
    ("POST", "/uploads", LOOK, {"key": "x/x.mp4", "size_bytes": 1}),
    ("POST", "/graphql", LOOK, {"query": MUTATION}),
    ("POST", "/graphql", LOOK, {"query": f"query A {{ version }} {MUTATION}", "operationName": "A"}),
]
BEYOND_ROLE: list[Asked] = [
    ("POST", "/graphql", ALL, {"query": MUTATION}),
    launch(ALL, {"ops": {}}, ("dagster-k8s/config", "{}")),
    launch(OPERATE, {"ops": {}}, ("dagster-k8s/config", "{}")),
    launch(OPERATE, {"ops": {}}, ("ecs/run_task_kwargs", "{}")),
    launch(OPERATE, {"ops": {}}, ("docker/container_kwargs", "{}")),
    launch(ALL, {"ops": {}}, ("dagster/max_retries", "9")),
    launch(ALL, {"resources": {"storage": {"config": {"root": "/etc"}}}}),
    launch(ALL, {"loggers": {"console": {}}}),
    launch(ALL, {"ops": {"rendered_clips": {"inputs": {"raw_video": {"pickle": {"path": "/tmp/x"}}}}}}),
]
FORGED: list[Asked] = [
    ("GET", "/media/test1/../../secret.mp4?signature=forged", {}, None),
    ("GET", "/media/test1/clips/clip_0.mp4?signature=forged", {}, None),
    ("PUT", "/uploads/parts/forged/1", {}, None),
]
OUTSIDE: list[Asked] = [
    process("../secret.mp4"),
    process("..%2fsecret.mp4"),
    process("a/../../secret.mp4"),
    process("/etc/passwd.mp4"),
    process("s3://other-bucket/a.mp4"),
    process("https://evil.example/a.mp4"),
    process("C:\\windows\\a.mp4"),
    process("a\u0000.mp4"),
    process("a//b.mp4"),
    process("lake/speech/a.mp4"),
    process("test1/clips/clip_0.mp4"),
    process("test1/notes.txt"),
    process(LONG_KEY),
    upload("../evil.mp4"),
    upload("/evil.mp4"),
    upload("lake/evil.mp4"),
    upload("test1/clips/clip_0.mp4"),
    upload("evil.exe"),
    ("GET", "/episodes/..%2f..%2fetc%2fpasswd", ALL, None),
    ("GET", "/episodes/%2e%2e/%2e%2e/etc/passwd", ALL, None),
    ("GET", "/episodes/%00.mp4", ALL, None),
    ("DELETE", "/episodes/..%2f..%2fetc%2fpasswd.mp4", ALL, None),
    ("DELETE", "/episodes/test1/clips/clip_0.mp4", ALL, None),
    ("GET", "/media/..%2fepisodes", {}, None),
    ("POST", "/process-video", ALL, {"s3_key": "a.mp4", "bucket": "other-bucket"}),
    ("POST", "/process-video", ALL, {"s3_key": ["a.mp4"]}),
]
GONE: list[Asked] = [
    process("nowhere/a.mp4"),
    ("GET", "/episodes/nowhere.mp4", ALL, None),
    ("GET", "/review/../episodes", {}, None),
    ("GET", "/review/..%2f..%2fauth.py", {}, None),
]
BY_GET: list[Asked] = [
    ("GET", f"/graphql?query={quote(MUTATION)}", ALL, None),
    ("GET", f"/graphql?query={quote(MUTATION)}", LOOK, None),
    ("GET", "/process-video", ALL, None),
    ("TRACE", "/episodes", ALL, None),
]
TOO_LARGE: list[Asked] = [
    ("POST", "/process-video", {**ALL, **JSON}, LARGE),
    ("POST", "/process-video", {**ALL, **JSON}, chunked),
    ("POST", "/graphql", {**ALL, **JSON}, LARGE),
    ("POST", "/graphql", {**ALL, **JSON}, chunked),
    ("PATCH", "/episodes/test1/sample.mp4/clips/0", {**ALL, **JSON}, chunked),
]
UNREADABLE: list[Asked] = [
    ("POST", "/graphql", ALL, {"query": DEEP}),
    ("POST", "/graphql", ALL, {"query": "{" + " ".join(f"a{n}: version" for n in range(3000)) + "}"}),
    ("POST", "/graphql", {**ALL, **JSON}, b"[" * 100_000),
]
REFUSED = [
    (status, asked)
    for status, cases in (
        (401, WITHOUT_TOKEN),
        (403, READ_TOKEN),
        (403, BEYOND_ROLE),
        (403, FORGED),
        (422, OUTSIDE),
        (404, GONE),
        (405, BY_GET),
        (413, TOO_LARGE),
        (400, UNREADABLE),
    )
    for asked in cases
]


@pytest.mark.parametrize(
    ("status", "asked"), REFUSED, ids=[f"{status} {asked[0]} {asked[1][:40]}" for status, asked in REFUSED]
)
def test_it_is_refused(house: House, status: int, asked: Asked) -> None:
    method, path, headers, content = asked
    body = content() if callable(content) else json.dumps(content) if isinstance(content, dict) else content
    if isinstance(content, dict):
        headers = {**headers, **JSON}
    server = http.client.HTTPConnection(urlsplit(house.api.url).netloc, timeout=30)
    try:
        server.request(method, path, body, dict(headers), encode_chunked=callable(content))
    except (BrokenPipeError, ConnectionResetError):
        assert status == 413  # refused while it was sent
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
def test_a_websocket_without_a_token_is_refused(house: House, options: dict[str, Any]) -> None:
    offered = {"subprotocols": ["graphql-ws"], **options}
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(f"ws://{urlsplit(house.api.url).netloc}/graphql", **offered),
    ):
        pass
    assert refused.value.response.status_code == 403


def test_slow_clients_are_sent_away_and_others_served(house: House) -> None:
    """One that never ends its head, one that drips it, one that never ends its body, one that drips that."""
    start = b"POST /process-video HTTP/1.1\r\nHost: clipper\r\n"
    whole = start + f"Authorization: Bearer {FULL}\r\nContent-Type: application/json\r\n".encode()
    body = whole + b"Content-Length: 5000\r\n\r\n{"

    def answer_to(sent: bytes, drip: bytes) -> bytes:
        address = urlsplit(house.api.url)
        with socket.create_connection((address.hostname, address.port), timeout=60) as client:
            client.sendall(sent)
            client.settimeout(0.5)
            until = time.monotonic() + 60
            while time.monotonic() < until:
                try:
                    return client.recv(1000)
                except TimeoutError:
                    client.sendall(drip)
        raise AssertionError("it was never sent away")

    with ThreadPoolExecutor(4) as pool:
        slow = [
            pool.submit(answer_to, *each)
            for each in ((start, b""), (start, b"X-More: 1\r\n"), (body, b""), (body, b" "))
        ]
        assert house.api.asked("GET", "/episodes").ok
        assert [each.result()[:12] for each in slow] == [b"HTTP/1.1 408"] * 4


def test_bombs_of_fragments_are_refused_while_others_are_served(house: House) -> None:
    """50 from 10 connections, half of them WebSockets; the server still ends when it is told to."""
    links = [f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(40)]
    bomb = " ".join(["query { ...F0 }", *links, "fragment F40 on Query { version }"])
    start = json.dumps({"type": "start", "id": "1", "payload": {"query": bomb}})

    def by_http(api: Api) -> list[int]:
        with requests.Session() as session:
            session.headers.update(LOOK)
            return [session.post(f"{api.url}/graphql", json={"query": bomb}, timeout=30).status_code for _ in range(5)]

    def by_websocket(api: Api) -> list[str]:
        address = f"ws://{urlsplit(api.url).netloc}/graphql"
        with connect(address, subprotocols=[Subprotocol("graphql-ws")], additional_headers=LOOK) as client:
            answers = []
            for _ in range(5):
                client.send(start)
                answers.append(json.loads(client.recv(timeout=30))["type"])
            return answers

    # A server of its own, since it is ended; the rate alone would keep most of them out.
    with (
        api_beside(house.deployment, CLIPPER_API_RATE="100000/minute") as api,
        ThreadPoolExecutor(10) as pool,
        requests.Session() as session,
    ):
        attacks = [pool.submit(attack, api) for _ in range(5) for attack in (by_http, by_websocket)]
        waits: list[float] = []
        while not all(each.done() for each in attacks) or len(waits) < 200:
            began = time.monotonic()
            assert session.get(f"{api.url}/health", timeout=30).ok
            waits.append(time.monotonic() - began)
            if len(waits) % 20 == 0:
                assert api.asked("GET", "/episodes").ok
        assert [each.result() for each in attacks] == [[400] * 5, ["error"] * 5] * 5
        assert sorted(waits)[int(0.99 * len(waits))] < 0.1, sorted(waits)[-10:]
        api.process.terminate()
        assert api.process.wait(20) is not None


def test_nothing_of_it_is_left_in_the_bucket(house: House) -> None:
    found = house.s3.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    assert not [each["Key"] for each in found if "evil" in each["Key"]]
    assert house.s3.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []) == []


def test_run_config_changes_no_resource_even_for_an_operator(house: House) -> None:
    _, path, headers, content = launch(OPERATE, {"resources": {"storage": {"config": {"root": "/etc"}}}})
    answer = requests.post(f"{house.api.url}{path}", json=content, headers=dict(headers), timeout=30).json()
    assert answer["data"]["launchRun"]["__typename"] == "RunConfigValidationInvalid"


def test_the_api_stays_small_whatever_is_uploaded(house: House, tmp_path: Path) -> None:
    bomb = picture_bomb(tmp_path / "bomb.mkv")
    for number in range(3):
        key = f"bombs/{number}.mkv"
        house.s3.client.upload_file(str(bomb), BUCKET, key)
        answer = house.api.asked("POST", "/process-video", json={"s3_key": key})
        assert answer.status_code == 422
        assert "larger than 8192x4320 pixels" in answer.json()["detail"]
    status = Path(f"/proc/{house.api.process.pid}/status").read_text()
    (peak_kb,) = (int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    assert peak_kb < 600_000
