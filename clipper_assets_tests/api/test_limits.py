import asyncio
import json
import socket
import time
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from websockets.sync.client import connect

from clipper_assets.api import limits
from clipper_assets.api.auth import BearerTokens, Guard
from clipper_assets.api.deps import Services
from clipper_assets.api.limits import Body, PatientProtocol, Rate
from clipper_assets_tests.api.conftest import TOKENS, client_of


def test_a_body_that_is_too_large_is_refused_by_its_content_length(client: TestClient) -> None:
    answer = client.post("/process-video", content=b"x" * 10_000_000, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert "POST /uploads" in answer.json()["detail"]


def test_a_body_that_is_too_large_is_refused_while_it_arrives(client: TestClient) -> None:
    chunks = (b"x" * 100_000 for _ in range(20))
    answer = client.post("/process-video", content=chunks, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


async def call(app: ASGIApp, messages: list[Message], **scope: Any) -> list[Message]:
    """Calls an app with a request whose body arrives in `messages` and then stalls; returns what the app sends."""
    sent: list[Message] = []
    remaining = iter(messages)

    async def receive() -> Message:
        for message in remaining:
            return message
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    default_scope = {
        "type": "http",
        "method": "POST",
        "path": "/x",
        "headers": [],
        "client": ("here", 1),
        "query_string": b"",
    }
    await app({**default_scope, **scope}, receive, send)
    return sent


def test_a_body_that_does_not_arrive_in_time_is_408(monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    monkeypatch.setattr(limits, "BODY_S", 0.05)

    async def reads_all(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["more_body"]:
            pass

    begun: list[Message] = [{"type": "http.request", "body": b"x", "more_body": True}]
    first, _ = asyncio.run(call(Body(reads_all, 100), begun))
    assert first["status"] == 408


def test_a_429_says_when_to_try_again() -> None:
    app = FastAPI()
    app.add_middleware(Rate, rate="3/minute")
    app.get("/")(lambda: None)
    client = TestClient(app)
    assert [client.get("/").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = client.get("/")
    assert 1 <= int(refused.headers["retry-after"]) <= 60


def test_each_token_has_its_own_rate_limit(services: Services) -> None:
    app = FastAPI()

    @app.get("/")
    def nothing() -> None: ...

    app.add_middleware(Rate, rate="1/minute")
    app.add_middleware(Guard, rate="1/minute")
    app.add_middleware(AuthenticationMiddleware, backend=BearerTokens(TOKENS, ()))
    client = TestClient(app)
    full, read = ({"Authorization": f"Bearer {kind}-token"} for kind in ("full", "read"))
    assert client.get("/", headers=full).status_code == 200
    assert client.get("/", headers=read).status_code == 200
    assert client.get("/", headers=full).status_code == 429


def test_guessing_tokens_is_rate_limited() -> None:
    app = FastAPI()
    app.add_middleware(Guard, rate="2/minute")
    app.add_middleware(AuthenticationMiddleware, backend=BearerTokens(TOKENS, ()))
    app.get("/")(lambda: None)
    client = TestClient(app)
    statuses = [client.get("/", headers={"Authorization": f"Bearer guess-number-{n}"}).status_code for n in range(3)]
    assert statuses == [401, 401, 429]
    assert client.get("/", headers={"Authorization": "Bearer full-token"}).status_code == 200


def test_cors_allows_only_the_origins_of_the_setting(services: Services) -> None:
    from dataclasses import replace

    allowed = services.settings.model_copy(update={"api_cors_origins": "https://app.example"})
    client = client_of(replace(services, settings=allowed), None)
    preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    ours = client.options("/process-video", headers={"Origin": "https://app.example", **preflight})
    assert (ours.status_code, ours.headers["access-control-allow-origin"]) == (200, "https://app.example")
    theirs = client.options("/process-video", headers={"Origin": "https://evil.example", **preflight})
    assert "access-control-allow-origin" not in theirs.headers


async def echoes(scope: Scope, receive: Receive, send: Send) -> None:
    """Echoes the first message of a WebSocket; answers an HTTP request with 204."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})
        return
    await receive()
    await send({"type": "websocket.accept"})
    message = await receive()
    await send({"type": "websocket.send", "text": message["text"]})


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The port of a server with `PatientProtocol` and 0.3 s for request headers."""
    monkeypatch.setattr(limits, "HEAD_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(echoes, http=PatientProtocol, ws="websockets-sansio", lifespan="off", log_config=None)
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield int(listening.getsockname()[1])
        server.should_exit = True
        thread.join()


def test_request_headers_that_never_end_are_408(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost:")
        assert client.recv(1000).startswith(b"HTTP/1.1 408 ")
        assert client.recv(1000) == b""


def test_headers_of_a_second_request_that_never_end_are_408(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: clipper\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 204 ")
        client.sendall(b"GET / HTTP/1.1\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 408 ")


def test_a_connection_over_the_limit_is_503(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A WebSocket counts as a connection; after it is closed, a new connection is accepted."""
    monkeypatch.setattr(limits, "most_connections", lambda: 1)

    def answer() -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: clipper\r\nConnection: close\r\n\r\n")
            try:
                return client.recv(1000)
            except ConnectionResetError:
                return b""

    with connect(f"ws://127.0.0.1:{port}"), socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        refused = client.recv(1000)
        assert client.recv(1000) == b""
    assert refused.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert b"connection: close\r\n" in refused.lower()
    assert json.loads(refused.split(b"\r\n\r\n")[1]) == {"detail": limits.TOO_MANY_CONNECTIONS}
    deadline = time.monotonic() + 20
    while not answer().startswith(b"HTTP/1.1 204 "):
        assert time.monotonic() < deadline


def test_an_idle_websocket_is_not_cut_by_the_header_timeout(port: int) -> None:
    with connect(f"ws://127.0.0.1:{port}") as client:
        with pytest.raises(TimeoutError):
            client.recv(timeout=0.6)
        client.send("still here")
        assert client.recv(timeout=20) == "still here"


def test_messages_of_a_websocket_count_against_the_rate_limit() -> None:
    """Opening it counts too: with two requests per minute, the second message is one too many."""
    taken: list[Message] = []

    async def takes_all(scope: Scope, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] == "websocket.receive":
            taken.append(message)

    text: Message = {"type": "websocket.receive", "text": "{}"}
    limited = Rate(takes_all, "2/minute")
    (closed,) = asyncio.run(call(limited, [text] * 3, type="websocket"))
    assert taken == [text]
    assert (closed["type"], closed["code"]) == ("websocket.close", limits.TOO_MANY)
    refused, _ = asyncio.run(call(limited, [], type="websocket"))
    assert (refused["type"], refused["status"]) == ("websocket.http.response.start", 429)
