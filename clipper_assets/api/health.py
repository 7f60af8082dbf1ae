"""Liveness and readiness: `/health` says that the process runs, `/ready` that each part it depends on answers."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from clipper_assets.api.deps import Services
from clipper_assets.runtime.daemons import heartbeats

log = logging.getLogger(__name__)

ANSWER_S = 3.0
"""A part that does not answer within this many seconds is not ready."""
FRESH_S = 1.0
"""Results are cached for this many seconds, for all clients together."""
REMEDIES = {
    "storage": "the storage does not answer; check CLIPPER_STORAGE, the network and the credentials",
    "database": "Dagster's database does not answer; check that it runs, and its settings in dagster.yaml",
    "code server": "the code server does not answer; the API restarts its own; restart a remote one yourself",
    "daemon": "a Dagster daemon has no healthy heartbeat; check that `dagster-daemon run` is running, and see its log",
}
"""What `/ready` tells about a failing part; the exception itself is only logged, since anybody may read `/ready`."""


class Readiness:
    """Checks each part in a thread of its own pool, with at most one check per part at a time."""

    def __init__(self, checks: Mapping[str, Callable[[], object]]):
        self.checks = checks
        self.pool = ThreadPoolExecutor(len(checks), "ready")
        self.running: dict[str, Future[object]] = {}
        self.lock = asyncio.Lock()
        self.latest: dict[str, str] = {}
        self.expires_at = 0.0

    @classmethod
    def of(cls, services: Services) -> "Readiness":
        return cls(
            {
                "storage": services.storage.refuse_if_unreadable,
                "database": lambda: services.instance.get_runs(limit=1),
                "code server": services.dagster.code_server.refuse_if_unreachable,
                "daemon": lambda: heartbeats(services.instance),
            }
        )

    async def states(self) -> dict[str, str]:
        """Returns `ok`, or a sentence that says what to do, for each part."""
        async with self.lock:
            if time.monotonic() >= self.expires_at:
                states = await asyncio.gather(*map(self._state, self.checks))
                self.latest = dict(zip(self.checks, states, strict=True))
                self.expires_at = time.monotonic() + FRESH_S
            return self.latest

    async def _state(self, part: str) -> str:
        check = self.running.get(part)
        if check is None:
            check = self.running[part] = self.pool.submit(self.checks[part])
        done, _ = await asyncio.wait({asyncio.wrap_future(check)}, timeout=ANSWER_S)
        if not done:
            return f"no answer within {ANSWER_S:g} s: {REMEDIES[part]}"
        del self.running[part]
        if error := check.exception():
            if self.latest.get(part) != REMEDIES[part]:
                log.warning("not ready: %s: %s", part, error)
            return REMEDIES[part]
        return "ok"


class HealthEndpoints:
    """ASGI middleware that answers `/health` and `/ready` before rate limits, tokens and handler threads come in."""

    def __init__(self, app: ASGIApp, readiness: Readiness):
        self.app, self.readiness = app, readiness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" and scope["method"] in ("GET", "HEAD") else None
        if path == "/health":
            await JSONResponse({"status": "ok"})(scope, receive, send)
        elif path == "/ready":
            states = await self.readiness.states()
            await JSONResponse(states, 200 if set(states.values()) == {"ok"} else 503)(scope, receive, send)
        else:
            await self.app(scope, receive, send)
