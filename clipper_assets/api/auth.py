"""Authentication by bearer tokens, on HTTP and WebSocket."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl

from pydantic import SecretStr
from starlette.authentication import (
    AuthCredentials,
    AuthenticationBackend,
    BaseUser,
    UnauthenticatedUser,
    has_required_scope,
)
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from clipper_assets.api.limits import Rate
from clipper_assets.api.problems import RefusedError, problem

SHORTEST_TOKEN = 8
PUBLIC = ("/review", "/media/", "/uploads/parts/", "/openapi.json")
"""Paths that need no token: pages without data, and paths whose URLs are signed."""
IN_QUERY = {"token", "access_token", "auth_token", "bearer", "authorization"}
SUBPROTOCOL = "bearer."
"""Prefix of a WebSocket subprotocol that carries the token, because browsers cannot set headers of a WebSocket."""
CHANGE = "change"
"""The scope of tokens that may change data."""


class Access(StrEnum):
    """The role of a token: an operator may do everything, a creator what a frontend needs, a reader may only read."""

    read = "read"
    creator = "creator"
    operator = "operator"


@dataclass(frozen=True)
class Tokens:
    """The tokens of `AUTH_TOKEN`, stored as SHA-256 digests with their roles."""

    access_by_digest: tuple[tuple[bytes, Access], ...]

    @classmethod
    def parse(cls, setting: Sequence[SecretStr]) -> "Tokens":
        """Parses `[role:]token` entries. Raises ValueError, which quotes no token, if one is invalid or none is set."""
        parsed = []
        for secret in setting:
            text = secret.get_secret_value()
            role, colon, rest = text.partition(":")
            has_role = bool(colon) and role in set(Access)
            token, access = (rest, Access(role)) if has_role else (text, Access.creator)
            if not token:
                continue
            if len(token) < SHORTEST_TOKEN or not token.isascii() or any(char.isspace() for char in token):
                raise ValueError(
                    f"a token in AUTH_TOKEN has fewer than {SHORTEST_TOKEN} characters, or contains spaces or "
                    "non-ASCII characters; make one with `openssl rand -hex 32`"
                )
            parsed.append((_digest(token), access))
        if not parsed:
            raise ValueError("AUTH_TOKEN is not set; make a token with `openssl rand -hex 32`")
        return cls(tuple(parsed))

    def access(self, token: str) -> Access | None:
        """Returns the role of a token, or None if it is unknown. Compares every known token in constant time."""
        given_digest, granted = _digest(token), None
        for digest, access in self.access_by_digest:
            if hmac.compare_digest(digest, given_digest):
                granted = access
        return granted

    @property
    def key(self) -> bytes:
        """A signing key derived from the tokens: it survives a restart, and changes when the tokens change."""
        return hashlib.sha256(b"".join(digest for digest, _ in self.access_by_digest)).digest()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


class Client(BaseUser):
    """The sender of a known token. Rate limits count requests by `identity`, the digest of the token."""

    def __init__(self, access: Access, digest: bytes):
        self.access, self._digest = access, digest

    @property
    def is_authenticated(self) -> bool:
        return True

    @property
    def display_name(self) -> str:
        return self.access.value

    @property
    def identity(self) -> str:
        return self._digest.hex()


class Stranger(UnauthenticatedUser):
    """The sender of no token or an unknown one; `refusal` is the sentence that says what is wrong."""

    def __init__(self, refusal: str):
        self.refusal = refusal


class BearerTokens(AuthenticationBackend):
    """Backend of Starlette's `AuthenticationMiddleware`: the user of a request is a `Client` or a `Stranger`."""

    def __init__(self, tokens: Tokens, origins: Sequence[str]):
        self.tokens, self.origins = tokens, origins

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, BaseUser]:
        token, refusal = self._token(conn)
        access = self.tokens.access(token) if token else None
        if access is None:
            return AuthCredentials(), Stranger(refusal)
        return AuthCredentials([] if access is Access.read else [CHANGE]), Client(access, _digest(token))

    def _token(self, conn: HTTPConnection) -> tuple[str, str]:
        """Returns the token, empty if none is acceptable, and the sentence to refuse the request with."""
        query: str = conn.scope["query_string"].decode("latin-1")
        if {name.lower() for name, _ in parse_qsl(query)} & IN_QUERY:
            return "", "a token in the URL ends up in logs; send the header Authorization: Bearer <token>"
        scheme, _, token = conn.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token:
            return token.strip(), "unknown token; check it, or ask the operator of this service for one"
        offered = [name for name in conn.scope.get("subprotocols", ()) if name.startswith(SUBPROTOCOL)]
        if offered and self._is_allowed_origin(conn.headers):
            return offered[0].removeprefix(SUBPROTOCOL), "unknown token"
        return "", "a token is required; send the header Authorization: Bearer <token>"

    def _is_allowed_origin(self, headers: Headers) -> bool:
        """Whether the page that opens a WebSocket is served by this host or by an allowed CORS origin."""
        origin = headers.get("origin", "")
        return "*" in self.origins or origin in self.origins or origin.split("://")[-1] == headers.get("host")


class Guard:
    """ASGI middleware behind `AuthenticationMiddleware` that refuses unauthenticated requests, except on public paths.

    It closes a stranger's WebSocket before accepting it, which the server answers with 403. Refusals have a separate
    rate limit, so that tokens cannot be guessed.
    """

    def __init__(self, app: ASGIApp, rate: str):
        self.app = app
        self.refuse = Rate(_refuse, rate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and not _is_public(scope["path"]):
            user: BaseUser = scope["user"]
            if not user.is_authenticated:
                await self.refuse(scope, receive, send)
                return
        await self.app(scope, receive, send)


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    stranger: Stranger = scope["user"]
    if scope["type"] == "websocket":
        await WebSocketClose(4401, stranger.refusal)(scope, receive, send)
    else:
        await problem(401, stranger.refusal, {"WWW-Authenticate": "Bearer"})(scope, receive, send)


def _is_public(path: str) -> bool:
    return any(path == public.rstrip("/") or path.startswith(f"{public.rstrip('/')}/") for public in PUBLIC)


def may_change(connection: HTTPConnection) -> None:
    """FastAPI dependency of every route that changes data. Raises RefusedError (403) for a read-only token.

    Starlette's `requires` would answer 403 without a sentence, and needs a `request` parameter in each handler.
    """
    if not has_required_scope(connection, [CHANGE]):
        raise RefusedError(403, "this token is read-only; use one without `read:`")
