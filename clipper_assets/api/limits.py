"""How much, how fast and how slowly anyone may ask."""

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
"""A body has so many seconds to arrive."""
HEAD_S = 10.0
"""A connection has so many seconds to send a request's head."""
TOO_MANY = 4429
"""Closes a WebSocket that sends too many messages."""
HEAD_LATE = "the head of a request did not arrive in time; send it again"
TOO_MANY_CONNECTIONS = "too many connections are open; close those that you do not need, and try again"
PARTS = "/uploads/parts/"
"""Parts of uploads are limited by what was announced for them."""


class Rate:
    """ASGI middleware: at most so many requests by one token, or from one address without.

    Opening a WebSocket is a request, and so is each message that comes over it; the one too many closes it.
    """

    def __init__(self, app: ASGIApp, rate: str):
        self.app, self.rate = app, parse(rate)
        self.limiter = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or scope["path"].startswith(PARTS):
            await self.app(scope, receive, send)
            return
        user: BaseUser = scope.get("user") or UnauthenticatedUser()
        who: str = user.identity or (scope["client"] or ["unknown"])[0]
        if not await self.limiter.hit(self.rate, who):
            again = (await self.limiter.get_window_stats(self.rate, who)).reset_time - time.time()
            wait = str(max(math.ceil(again), 1))
            answer = problem(429, f"more than {self.rate} requests; wait {wait} s", {"Retry-After": wait})
            await answer(scope, receive, send)
            return

        async def counted() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive" and not await self.limiter.hit(self.rate, who):
                reason = f"more than {self.rate} messages and requests; connect again later"
                await send({"type": "websocket.close", "code": TOO_MANY, "reason": reason})
                return {"type": "websocket.disconnect", "code": TOO_MANY, "reason": reason}
            return message

        await self.app(scope, counted, send)


class Body:
    """ASGI middleware: a body may have so many bytes, and `BODY_S` seconds to arrive."""

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
        taken, until, whole = 0, time.monotonic() + BODY_S, False
        begun, refused = False, None

        async def limited() -> Message:
            nonlocal taken, whole, refused
            if whole:
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), until - time.monotonic())
            except TimeoutError:
                refused = RefusedError(408, f"the body did not arrive within {BODY_S:.0f} s; send it again")
                raise refused from None
            taken += len(message.get("body", b""))
            if taken > self.most_bytes:
                refused = RefusedError(413, self._too_large)
                raise refused
            whole = not message.get("more_body", False)
            return message

        async def sending(message: Message) -> None:
            nonlocal begun
            if refused is None or begun:
                begun = True
                await send(message)

        try:
            await self.app(scope, limited, sending)
        except RefusedError:
            if begun:
                raise
        # FastAPI makes a 400 of whatever is raised while it reads a body, so the refusal is answered here.
        if refused is not None and not begun:
            await problem(refused.status, str(refused), {"Connection": "close"})(scope, receive, send)

    @property
    def _too_large(self) -> str:
        return f"the body has more than {self.most_bytes} bytes; files go up by POST /uploads"


class PatientProtocol(H11Protocol):
    """Uvicorn's HTTP, which by itself waits for heads as long as clients like, and takes any number of clients."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.head_timer = self.loop.call_later(HEAD_S, self._send_away, 408, HEAD_LATE)
        if len(self.connections) > most_connections():
            self._send_away(503, TOO_MANY_CONNECTIONS)

    def handle_events(self) -> None:
        super().handle_events()
        if self.cycle is not None and not self.cycle.response_complete:
            self.head_timer.cancel()

    def on_response_complete(self) -> None:
        self.head_timer = self.loop.call_later(HEAD_S, self._send_away, 408, HEAD_LATE)
        super().on_response_complete()

    def handle_websocket_upgrade(self, event: Any) -> None:
        self.head_timer.cancel()
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        self.head_timer.cancel()
        super().connection_lost(exc)

    def _send_away(self, status: int, sentence: str) -> None:
        if self.transport.is_closing():
            return
        answer = problem(status, sentence, {"Connection": "close"})
        lines = [b"HTTP/1.1 %d %s" % (status, HTTPStatus(status).phrase.encode())]
        lines += [b"%s: %s" % header for header in answer.raw_headers]
        self.transport.write(b"\r\n".join([*lines, b"", answer.body]))
        self.transport.close()
