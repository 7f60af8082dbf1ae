"""Attacks on the resources of a real server: slow clients, exploding queries and decompression bombs."""

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from websockets import Subprotocol
from websockets.sync.client import connect

from clipper_assets_tests.e2e.conftest import BUCKET, Stack
from clipper_assets_tests.support.media import picture_bomb
from clipper_assets_tests.support.servers import FULL, READ, Api, api_beside

pytestmark = pytest.mark.e2e

READER = {"Authorization": f"Bearer {READ}"}


def test_slow_clients_get_408_and_others_are_served(stack: Stack) -> None:
    """Two clients never finish their headers, two never finish their bodies; one of each goes on sending slowly."""
    start = b"POST /process-video HTTP/1.1\r\nHost: clipper\r\n"
    headers = start + f"Authorization: Bearer {FULL}\r\nContent-Type: application/json\r\n".encode()
    body = headers + b"Content-Length: 5000\r\n\r\n{"

    def answer_to(beginning: bytes, repeated: bytes) -> bytes:
        address = urlsplit(stack.api.url)
        with socket.create_connection((address.hostname, address.port), timeout=60) as client:
            client.sendall(beginning)
            client.settimeout(0.5)
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                try:
                    return client.recv(1000)
                except TimeoutError:
                    client.sendall(repeated)
        raise AssertionError("the client was never disconnected")

    with ThreadPoolExecutor(4) as pool:
        slow = [
            pool.submit(answer_to, *pair)
            for pair in ((start, b""), (start, b"X-More: 1\r\n"), (body, b""), (body, b" "))
        ]
        assert stack.api.request("GET", "/episodes").ok
        assert [answer.result()[:12] for answer in slow] == [b"HTTP/1.1 408"] * 4


def test_exploding_fragments_are_refused_while_others_are_served(stack: Stack) -> None:
    """50 such queries over 10 connections, half of them WebSockets; the server still terminates on SIGTERM."""
    links = [f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(40)]
    bomb = " ".join(["query { ...F0 }", *links, "fragment F40 on Query { version }"])
    start = json.dumps({"type": "start", "id": "1", "payload": {"query": bomb}})

    def by_http(api: Api) -> list[int]:
        with requests.Session() as session:
            session.headers.update(READER)
            return [session.post(f"{api.url}/graphql", json={"query": bomb}, timeout=30).status_code for _ in range(5)]

    def by_websocket(api: Api) -> list[str]:
        address = f"ws://{urlsplit(api.url).netloc}/graphql"
        with connect(address, subprotocols=[Subprotocol("graphql-ws")], additional_headers=READER) as client:
            answers = []
            for _ in range(5):
                client.send(start)
                answers.append(json.loads(client.recv(timeout=30))["type"])
            return answers

    # A separate server, because it is terminated; with the usual rate limit most queries would not reach the parser.
    with (
        api_beside(stack.deployment, CLIPPER_API_RATE="100000/minute") as api,
        ThreadPoolExecutor(10) as pool,
        requests.Session() as session,
    ):
        attacks = [pool.submit(attack, api) for _ in range(5) for attack in (by_http, by_websocket)]
        waits: list[float] = []
        while not all(attack.done() for attack in attacks) or len(waits) < 200:
            started = time.monotonic()
            assert session.get(f"{api.url}/health", timeout=30).ok
            waits.append(time.monotonic() - started)
            if len(waits) % 20 == 0:
                assert api.request("GET", "/episodes").ok
        assert [attack.result() for attack in attacks] == [[400] * 5, ["error"] * 5] * 5
        # Other tests render on the same cores; expanding one such query would take longer than all of them.
        assert sorted(waits)[int(0.99 * len(waits))] < 1.0, sorted(waits)[-10:]
        api.process.terminate()
        assert api.process.wait(20) is not None


def test_decompression_bombs_do_not_increase_the_memory_of_the_api(stack: Stack, tmp_path: Path) -> None:
    bomb = picture_bomb(tmp_path / "bomb.mkv")
    for number in range(3):
        key = f"bombs/{number}.mkv"
        stack.s3.client.upload_file(str(bomb), BUCKET, key)
        answer = stack.api.request("POST", "/process-video", json={"s3_key": key})
        assert answer.status_code == 422
        assert "larger than 8192x4320 pixels" in answer.json()["detail"]
    status = Path(f"/proc/{stack.api.process.pid}/status").read_text()
    (peak_kb,) = (int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    assert peak_kb < 600_000
