"""Assembles the ASGI app: middleware, routes and the OpenAPI document."""

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

from clipper_assets.api.auth import BearerTokens, Guard, Tokens
from clipper_assets.api.deps import Services, refuse_unknown_query
from clipper_assets.api.health import HealthEndpoints, Readiness
from clipper_assets.api.limits import Body, Rate
from clipper_assets.api.problems import add_handlers
from clipper_assets.api.routes import (
    edits,
    episodes,
    events,
    looks,
    media,
    metrics,
    process,
    retry_and_remove,
    search,
    shots,
    uploads,
)

log = logging.getLogger(__name__)

DESCRIPTION = """Turns long recordings into vertical, captioned clips. Each request needs the header
`Authorization: Bearer <token>`; an error answer has one sentence in `detail`. Dagster's GraphQL API is at `/graphql`,
the review page at `/review`."""
CONTENT_SECURITY = (
    "default-src 'self'; img-src 'self' https: http: data: blob:; media-src 'self' https: http: blob:; "
    "connect-src 'self' https: http:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Scripts and styles come from this server only; media and uploads may use any host, since S3 URLs are presigned."""


def build_app(services: Services, tokens: Tokens) -> FastAPI:
    """Builds the ASGI app around `services`; every route but the public ones requires one of `tokens`."""
    bearer = HTTPBearer(auto_error=False, description="one of the tokens in AUTH_TOKEN")
    app = FastAPI(
        title="clipper_assets",
        version=version("clipper_assets"),
        description=DESCRIPTION,
        dependencies=[Depends(bearer), Depends(refuse_unknown_query)],
        docs_url=None,
        redoc_url=None,
        openapi_tags=[
            {"name": "process", "description": "make clips of an upload"},
            {"name": "episodes", "description": "progress and results"},
            {"name": "search", "description": "find what was said"},
            {"name": "edits", "description": "change clips and render them again"},
            {"name": "looks", "description": "other aspects, caption styles and languages of captions"},
            {"name": "uploads", "description": "upload files from a browser in parts"},
        ],
    )
    app.state.services = services
    # The first matching route wins, and a key may contain slashes: routes that continue after the key come first.
    for module in (process, search, events, shots, edits, looks, uploads, media, metrics, episodes, retry_and_remove):
        app.include_router(module.router)
    app.router.routes.extend(services.dagster.graphql.build_routes())
    app.mount("/review", StaticFiles(directory=str(files("clipper_assets") / "review"), html=True))
    app.add_api_route("/", lambda: RedirectResponse("/review/"), include_in_schema=False)
    add_handlers(app)
    origins = services.settings.api_cors_origins
    # The middleware added last sees a request first.
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
    app.add_middleware(HealthEndpoints, readiness=Readiness.of(services))
    app.add_middleware(AccessLog)
    return app


class AccessLog:
    """ASGI middleware that logs each request without its query string and adds security headers to the answer."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.monotonic(), 0

        async def send_noting_status(message: Message) -> None:
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
            await self.app(scope, receive, send_noting_status)
        finally:
            path = scope["path"].split("/uploads/parts/")[0].encode("unicode_escape").decode()
            fields = {
                "method": scope["method"],
                "path": path,
                "status": status,
                "ms": round(1000 * (time.monotonic() - started)),
            }
            log.info("%(method)s %(path)s %(status)s %(ms)s ms", fields, extra=fields)
