"""What once ended the API's process or failed its probes, done to a real one that few open files are left to."""

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
from clipper_assets_tests.e2e.conftest import BUCKET, House
from clipper_assets_tests.support.loopback import on_loopback
from clipper_assets_tests.support.servers import READ, Api, api_beside, until

pytestmark = pytest.mark.e2e

KEY = "alive/sample.mp4"
FILES = 512
QUICK_S = 1.0


@dataclass(frozen=True)
class Bound:
    """An API with few open files and a low rate, on an S3 that answers only while `answering` is set."""

    api: Api
    answering: Event

    @property
    def process(self) -> psutil.Process:
        return psutil.Process(self.api.process.pid)

    def healthy_within_s(self) -> float:
        began = time.monotonic()
        assert requests.get(f"{self.api.url}/health", timeout=30).json() == {"status": "ok"}
        return time.monotonic() - began

    def ready(self) -> requests.Response:
        return requests.get(f"{self.api.url}/ready", timeout=30)


@pytest.fixture(scope="module")
def bound(house: House) -> Iterator[Bound]:
    application, answering = DomainDispatcherApplication(create_backend_app), Event()
    answering.set()

    def stalled(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        answering.wait()
        return application(environ, start_response)

    with (
        on_loopback(stalled) as url,
        api_beside(
            house.deployment,
            under=["prlimit", f"--nofile={FILES // 2}:{FILES}"],
            AWS_ENDPOINT_URL=url,
            CLIPPER_API_RATE="60/minute",
        ) as api,
    ):
        yield Bound(api, answering)
        answering.set()


def test_health_answers_while_strangers_flood_it(bound: Bound) -> None:
    def flood(path: str, **headers: str) -> Counter[int]:
        with requests.Session() as session:
            asked = (session.get(f"{bound.api.url}{path}", headers=headers, timeout=30) for _ in range(100))
            return Counter(answer.status_code for answer in asked)

    with ThreadPoolExecutor(8) as pool:
        public = [pool.submit(flood, "/review/") for _ in range(4)]
        unknown = [pool.submit(flood, "/episodes", Authorization=f"Bearer guess-number-{n}") for n in range(4)]
        waits = [bound.healthy_within_s()]
        while not all(each.done() for each in (*public, *unknown)):
            waits.append(bound.healthy_within_s())
        for floods, first in ((public, 200), (unknown, 401)):
            statuses = sum((each.result() for each in floods), Counter[int]())
            assert set(statuses) == {first, 429}
            assert statuses[first] <= 120
    assert max(waits) < QUICK_S


def test_an_s3_that_does_not_answer_is_named_and_the_process_lives(bound: Bound) -> None:
    until("readiness", lambda: bound.ready().ok or None)
    bound.answering.clear()
    try:
        with ThreadPoolExecutor(45) as pool:
            readers = [pool.submit(bound.api.asked, "GET", f"/episodes/alive/{n}.mp4", READ) for n in range(45)]
            not_ready = until("a look at the storage", lambda: None if (seen := bound.ready()).ok else seen)
            assert not any(each.done() for each in readers)
            assert max(bound.healthy_within_s() for _ in range(20)) < QUICK_S
            bound.answering.set()
            assert {each.result().status_code for each in readers} <= {404, 503}
    finally:
        bound.answering.set()
    assert not_ready.status_code == 503
    states = not_ready.json()
    assert "the storage does not answer" in states.pop("storage")
    assert set(states.values()) == {"ok"}
    until("readiness", lambda: bound.ready().ok or None)


def test_more_idle_connections_than_open_files_do_not_end_it(bound: Bound) -> None:
    address = urlsplit(bound.api.url)
    assert bound.process.rlimit(resource.RLIMIT_NOFILE) == (FILES, FILES)
    with ExitStack() as stack:
        clients = [
            stack.enter_context(socket.create_connection((address.hostname, address.port), timeout=30))
            for _ in range(FILES + 100)
        ]
        answers = [client.recv(1000) for client in clients]
    # Those that were let in had their time for a head.
    assert Counter(answer[:12] for answer in answers).keys() == {b"HTTP/1.1 503", b"HTTP/1.1 408"}
    until("room", lambda: requests.get(f"{bound.api.url}/health", timeout=30).ok or None)
    until("readiness", lambda: bound.ready().ok or None)
    assert "Too many open files" not in bound.api.log.read_text()


def test_a_code_server_that_was_killed_is_started_again(house: House, bound: Bound) -> None:
    for suffix in (".srt", ".mp4"):
        house.s3.client.upload_file(str(SAMPLE / f"episode{suffix}"), BUCKET, KEY.replace(".mp4", suffix))
    servers = [each for each in bound.process.children() if "grpc" in each.cmdline()]
    assert len(servers) == 1
    servers[0].kill()

    def accepted() -> bool | None:
        status = bound.api.asked("POST", "/process-video", json={"s3_key": KEY}).status_code
        assert status in (202, 503)
        return status == 202 or None

    until("a launch", accepted)
    bound.api.asked("DELETE", f"/episodes/{KEY}/run")
    until("readiness", lambda: bound.ready().ok or None)
    assert len([each for each in bound.process.children() if each.is_running() and "grpc" in each.cmdline()]) == 1
