"""`/health`: the process lives. `/ready`: what it needs for its work answers, part by part."""

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
"""A part that has not answered after so many seconds is not ready."""
FRESH_S = 1.0
"""An answer is good for so many seconds, whoever asks."""
REMEDIES = {
    "storage": "the storage does not answer; check CLIPPER_STORAGE, the network and the credentials",
    "database": "Dagster's database does not answer; check it, and the settings of it in dagster.yaml",
    "code server": "the code server does not answer; the API starts its own again; start a remote one, see the log",
    "daemon": "a daemon of Dagster has no healthy heartbeat; see that `dagster-daemon run` is up, and its log",
}
"""What a stranger is told; the log has what was raised."""


class Readiness:
    """Looks at each part in a thread that nothing else uses, at most once at the same time."""

    def __init__(self, checks: Mapping[str, Callable[[], object]]):
        self.checks = checks
        self.pool = ThreadPoolExecutor(len(checks), "ready")
        self.running: dict[str, Future[object]] = {}
        self.lock = asyncio.Lock()
        self.seen: dict[str, str] = {}
        self.stale_at = 0.0

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
        """`ok` or a sentence for each part."""
        async with self.lock:
            if time.monotonic() >= self.stale_at:
                states = await asyncio.gather(*map(self._state, self.checks))
                self.seen = dict(zip(self.checks, states, strict=True))
                self.stale_at = time.monotonic() + FRESH_S
            return self.seen

    async def _state(self, part: str) -> str:
        look = self.running.get(part)
        if look is None:
            look = self.running[part] = self.pool.submit(self.checks[part])
        done, _ = await asyncio.wait({asyncio.wrap_future(look)}, timeout=ANSWER_S)
        if not done:
            return f"no answer within {ANSWER_S:g} s: {REMEDIES[part]}"
        del self.running[part]
        if error := look.exception():
            if self.seen.get(part) != REMEDIES[part]:
                log.warning("not ready: %s: %s", part, error)
            return REMEDIES[part]
        return "ok"


class Alive:
    """ASGI middleware: answers `/health` and `/ready` before rate, tokens and the threads of handlers."""

    def __init__(self, app: ASGIApp, readiness: Readiness):
        self.app, self.readiness = app, readiness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["path"] if scope["type"] == "http" and scope["method"] in ("GET", "HEAD") else None
        if asked == "/health":
            await JSONResponse({"status": "ok"})(scope, receive, send)
        elif asked == "/ready":
            states = await self.readiness.states()
            await JSONResponse(states, 200 if set(states.values()) == {"ok"} else 503)(scope, receive, send)
        else:
            await self.app(scope, receive, send)
