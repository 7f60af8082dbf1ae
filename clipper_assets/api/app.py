"""The API as one ASGI app: what guards it, what it serves, what its OpenAPI document says."""

import logging
import time
from importlib.metadata import version
from importlib.resources import files

from fastapi import Depends, FastAPI
from fastapi.responses import RedirectResponse
from fastapi.security import HTTPBearer
from fastapi.staticfiles import StaticFiles
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clipper_assets.api.alive import Alive, Readiness
from clipper_assets.api.auth import BearerTokens, Guard, Tokens
from clipper_assets.api.deps import Services, known_query
from clipper_assets.api.limits import Body, Rate
from clipper_assets.api.problems import add_handlers
from clipper_assets.api.routes import again, edits, episodes, events, media, metrics, process, uploads

log = logging.getLogger(__name__)

DESCRIPTION = """Vertical, captioned clips out of long recordings. Each request carries `Authorization: Bearer <token>`;
a refusal is one sentence in `detail`. Dagster's GraphQL is at `/graphql`, a page for people at `/review`."""
CONTENT_SECURITY = (
    "default-src 'self'; img-src 'self' https: http: data: blob:; media-src 'self' https: http: blob:; "
    "connect-src 'self' https: http:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Scripts and styles are ours alone; pictures, videos and uploads may be wherever the storage presigns its URLs."""


def build_app(services: Services, tokens: Tokens) -> FastAPI:
    """Builds the ASGI app around `services`; every route but the public ones requires one of `tokens`."""
    bearer = HTTPBearer(auto_error=False, description="one of AUTH_TOKEN")
    app = FastAPI(
        title="clipper_assets",
        version=version("clipper_assets"),
        description=DESCRIPTION,
        dependencies=[Depends(bearer), Depends(known_query)],
        docs_url=None,
        redoc_url=None,
        openapi_tags=[
            {"name": "process", "description": "an upload in, clips out"},
            {"name": "episodes", "description": "how far they are, and what came of them"},
            {"name": "edits", "description": "what people change about clips"},
            {"name": "uploads", "description": "files from a browser, in parts"},
        ],
    )
    app.state.services = services
    # The first that fits is taken, and a key has slashes: what goes on behind a key comes before the key alone.
    for each in (process, events, edits, uploads, media, metrics, episodes, again):
        app.include_router(each.router)
    app.router.routes.extend(services.dagster.graphql.build_routes())
    app.mount("/review", StaticFiles(directory=str(files("clipper_assets") / "review"), html=True))
    app.add_api_route("/", lambda: RedirectResponse("/review/"), include_in_schema=False)
    add_handlers(app)
    origins = services.settings.api_cors_origins
    # The last one added is the first to see a request.
    app.add_middleware(Body, most_bytes=services.settings.api_max_body_bytes)
    app.add_middleware(Rate, rate=services.settings.api_rate)
    app.add_middleware(Guard, rate=services.settings.api_rate)
    app.add_middleware(AuthenticationMiddleware, backend=BearerTokens(tokens, origins))
    app.add_middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=["GET", "POST", "PATCH", "PUT", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "Last-Event-ID", "Prefer"],
        expose_headers=["Location", "Retry-After", "Preference-Applied"],
    )
    app.add_middleware(Alive, readiness=Readiness.of(services))
    app.add_middleware(Journal)
    return app


class Journal:
    """ASGI middleware: a line for each request, without its query, and headers that keep a browser from guessing."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.monotonic(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    (b"x-content-type-options", b"nosniff"),
                    (b"referrer-policy", b"no-referrer"),
                    (b"content-security-policy", CONTENT_SECURITY.encode()),
                ]
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            shown = scope["path"].split("/uploads/parts/")[0].encode("unicode_escape").decode()
            seen = {
                "method": scope["method"],
                "path": shown,
                "status": status,
                "ms": round(1000 * (time.monotonic() - began)),
            }
            log.info("%(method)s %(path)s %(status)s %(ms)s ms", seen, extra=seen)
