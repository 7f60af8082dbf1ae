"""Limits on request rates, body sizes, slow clients and open connections."""

import asyncio
import math
import time
from http import HTTPStatus
from typing import Any

from limits import parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.authentication import BaseUser, UnauthenticatedUser
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from clipper_assets.api.descriptors import most_connections
from clipper_assets.api.problems import RefusedError, problem

BODY_S = 30.0
"""Seconds within which a request body must arrive."""
HEAD_S = 10.0
"""Seconds within which a connection must send the headers of a request."""
TOO_MANY = 4429
"""Close code of a WebSocket that sends too many messages."""
HEAD_LATE = "the request headers did not arrive in time; send the request again"
TOO_MANY_CONNECTIONS = "too many open connections; close those that you do not need, and try again"
PARTS = "/uploads/parts/"
"""Uploaded parts are exempt: their size is announced when the upload begins."""


class Rate:
    """ASGI middleware that limits the requests per token, or per address for requests without a token.

    Opening a WebSocket counts as a request, and so does each message on it; a message over the limit closes it.
    """

    def __init__(self, app: ASGIApp, rate: str):
        self.app, self.rate = app, parse(rate)
        self.limiter = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or scope["path"].startswith(PARTS):
            await self.app(scope, receive, send)
            return
        user: BaseUser = scope.get("user") or UnauthenticatedUser()
        client: str = user.identity or (scope["client"] or ["unknown"])[0]
        if not await self.limiter.hit(self.rate, client):
            retry_in_s = (await self.limiter.get_window_stats(self.rate, client)).reset_time - time.time()
            wait = str(max(math.ceil(retry_in_s), 1))
            answer = problem(429, f"rate limit exceeded: {self.rate}; try again in {wait} s", {"Retry-After": wait})
            await answer(scope, receive, send)
            return

        async def receive_counted() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive" and not await self.limiter.hit(self.rate, client):
                reason = f"rate limit exceeded: {self.rate}; connect again later"
                await send({"type": "websocket.close", "code": TOO_MANY, "reason": reason})
                return {"type": "websocket.disconnect", "code": TOO_MANY, "reason": reason}
            return message

        await self.app(scope, receive_counted, send)


class Body:
    """ASGI middleware that limits request bodies to `most_bytes` bytes and `BODY_S` seconds."""

    def __init__(self, app: ASGIApp, most_bytes: int):
        self.app, self.most_bytes = app, most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(PARTS):
            await self.app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdigit() and int(announced) > self.most_bytes:
            await problem(413, self._too_large, {"Connection": "close"})(scope, receive, send)
            return
        received_bytes, deadline, complete = 0, time.monotonic() + BODY_S, False
        started, refused = False, None

        async def receive_limited() -> Message:
            nonlocal received_bytes, complete, refused
            if complete:
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), deadline - time.monotonic())
            except TimeoutError:
                refused = RefusedError(408, f"the request body did not arrive within {BODY_S:.0f} s; send it again")
                raise refused from None
            received_bytes += len(message.get("body", b""))
            if received_bytes > self.most_bytes:
                refused = RefusedError(413, self._too_large)
                raise refused
            complete = not message.get("more_body", False)
            return message

        async def send_unless_refused(message: Message) -> None:
            nonlocal started
            if refused is None or started:
                started = True
                await send(message)

        try:
            await self.app(scope, receive_limited, send_unless_refused)
        except RefusedError:
            if started:
                raise
        # FastAPI turns anything raised while it reads a body into a 400, so the refusal is sent from here.
        if refused is not None and not started:
            await problem(refused.status, str(refused), {"Connection": "close"})(scope, receive, send)

    @property
    def _too_large(self) -> str:
        return f"the request body exceeds {self.most_bytes} bytes; upload files with POST /uploads"


class PatientProtocol(H11Protocol):
    """Uvicorn's HTTP protocol with a timeout for request headers and a limit on connections, which uvicorn lacks."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.head_timer = self.loop.call_later(HEAD_S, self._reject, 408, HEAD_LATE)
        if len(self.connections) > most_connections():
            self._reject(503, TOO_MANY_CONNECTIONS)

    def handle_events(self) -> None:
        super().handle_events()
        if self.cycle is not None and not self.cycle.response_complete:
            self.head_timer.cancel()

    def on_response_complete(self) -> None:
        self.head_timer = self.loop.call_later(HEAD_S, self._reject, 408, HEAD_LATE)
        super().on_response_complete()

    def handle_websocket_upgrade(self, event: Any) -> None:
        self.head_timer.cancel()
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        self.head_timer.cancel()
        super().connection_lost(exc)

    def _reject(self, status: int, sentence: str) -> None:
        if self.transport.is_closing():
            return
        answer = problem(status, sentence, {"Connection": "close"})
        lines = [b"HTTP/1.1 %d %s" % (status, HTTPStatus(status).phrase.encode())]
        lines += [b"%s: %s" % header for header in answer.raw_headers]
        self.transport.write(b"\r\n".join([*lines, b"", answer.body]))
        self.transport.close()
