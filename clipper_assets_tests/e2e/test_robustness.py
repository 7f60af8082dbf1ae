"""Regression tests: what once killed the API or failed its probes, against a real API with few open files."""

import resource
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
import requests
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from clipper_assets_tests.conftest import SAMPLE
from clipper_assets_tests.e2e.conftest import BUCKET, Stack
from clipper_assets_tests.support.loopback import on_loopback
from clipper_assets_tests.support.servers import READ, Api, api_beside, wait_for

pytestmark = pytest.mark.e2e

KEY = "alive/sample.mp4"
FILES = 512
MAX_LATENCY_S = 5.0
"""The timeout of the probes in deploy/k8s."""


@dataclass(frozen=True)
class LimitedApi:
    """An API with few open files and a low rate limit, on an S3 server that answers only while `answering` is set."""

    api: Api
    answering: Event

    @property
    def process(self) -> psutil.Process:
        return psutil.Process(self.api.process.pid)

    def code_servers(self) -> list[psutil.Process]:
        """The code servers that run; one that was killed stays in the process table until the API has noticed."""
        children = self.process.children()
        return [each for each in children if each.status() != psutil.STATUS_ZOMBIE and "grpc" in each.cmdline()]

    def health_latency_s(self) -> float:
        started = time.monotonic()
        assert requests.get(f"{self.api.url}/health", timeout=30).json() == {"status": "ok"}
        return time.monotonic() - started

    def ready(self) -> requests.Response:
        return requests.get(f"{self.api.url}/ready", timeout=30)


@pytest.fixture(scope="module")
def limited_api(stack: Stack) -> Iterator[LimitedApi]:
    application, answering = DomainDispatcherApplication(create_backend_app), Event()
    answering.set()

    def stalled(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        answering.wait()
        return application(environ, start_response)

    with (
        on_loopback(stalled) as url,
        api_beside(
            stack.deployment,
            under=["prlimit", f"--nofile={FILES // 2}:{FILES}"],
            AWS_ENDPOINT_URL=url,
            CLIPPER_API_RATE="60/minute",
        ) as api,
    ):
        yield LimitedApi(api, answering)
        answering.set()


def test_health_answers_during_a_flood_of_unauthenticated_requests(limited_api: LimitedApi) -> None:
    def flood(path: str, **headers: str) -> Counter[int]:
        with requests.Session() as session:
            answers = (session.get(f"{limited_api.api.url}{path}", headers=headers, timeout=30) for _ in range(100))
            return Counter(answer.status_code for answer in answers)

    with ThreadPoolExecutor(8) as pool:
        public = [pool.submit(flood, "/review/") for _ in range(4)]
        unknown = [pool.submit(flood, "/episodes", Authorization=f"Bearer guess-number-{n}") for n in range(4)]
        waits = [limited_api.health_latency_s()]
        while not all(future.done() for future in (*public, *unknown)):
            waits.append(limited_api.health_latency_s())
        for floods, first in ((public, 200), (unknown, 401)):
            statuses = sum((future.result() for future in floods), Counter[int]())
            assert set(statuses) == {first, 429}
            assert statuses[first] <= 120
    assert max(waits) < MAX_LATENCY_S


def test_an_unresponsive_s3_is_named_by_ready_and_health_still_answers(limited_api: LimitedApi) -> None:
    wait_for("readiness", lambda: limited_api.ready().ok or None)
    limited_api.answering.clear()
    try:
        with ThreadPoolExecutor(45) as pool:
            readers = [pool.submit(limited_api.api.request, "GET", f"/episodes/alive/{n}.mp4", READ) for n in range(45)]
            not_ready = wait_for(
                "a check of the storage", lambda: None if (answer := limited_api.ready()).ok else answer
            )
            assert not any(reader.done() for reader in readers)
            assert max(limited_api.health_latency_s() for _ in range(20)) < MAX_LATENCY_S
            limited_api.answering.set()
            assert {reader.result().status_code for reader in readers} <= {404, 503}
    finally:
        limited_api.answering.set()
    assert not_ready.status_code == 503
    states = not_ready.json()
    assert "the storage does not answer" in states.pop("storage")
    assert set(states.values()) == {"ok"}
    wait_for("readiness", lambda: limited_api.ready().ok or None)


def test_more_idle_connections_than_open_files_do_not_kill_the_api(limited_api: LimitedApi) -> None:
    address = urlsplit(limited_api.api.url)
    assert limited_api.process.rlimit(resource.RLIMIT_NOFILE) == (FILES, FILES)
    with ExitStack() as connections:
        clients = [
            connections.enter_context(socket.create_connection((address.hostname, address.port), timeout=30))
            for _ in range(FILES + 100)
        ]
        answers = [client.recv(1000) for client in clients]
    # Accepted connections were closed after the time for request headers.
    assert Counter(answer[:12] for answer in answers).keys() == {b"HTTP/1.1 503", b"HTTP/1.1 408"}
    wait_for("a free connection", lambda: requests.get(f"{limited_api.api.url}/health", timeout=30).ok or None)
    wait_for("readiness", lambda: limited_api.ready().ok or None)
    assert "Too many open files" not in limited_api.api.log.read_text()


def test_a_killed_code_server_is_restarted(stack: Stack, limited_api: LimitedApi) -> None:
    for suffix in (".srt", ".mp4"):
        stack.s3.client.upload_file(str(SAMPLE / f"episode{suffix}"), BUCKET, KEY.replace(".mp4", suffix))
    (server,) = limited_api.code_servers()
    server.kill()

    def accepted() -> bool | None:
        status = limited_api.api.request("POST", "/process-video", json={"s3_key": KEY}).status_code
        assert status in (202, 503)
        return status == 202 or None

    wait_for("a launch", accepted)
    limited_api.api.request("DELETE", f"/episodes/{KEY}/run")
    wait_for("readiness", lambda: limited_api.ready().ok or None)
    assert len(limited_api.code_servers()) == 1
