"""Who may come in: bearer tokens, on HTTP and WebSocket alike."""

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
"""Paths that need no token: pages without data, and those whose URLs are signed."""
IN_QUERY = {"token", "access_token", "auth_token", "bearer", "authorization"}
SUBPROTOCOL = "bearer."
"""Browsers cannot set a WebSocket's headers, but name subprotocols: `graphql-ws` and this with the token behind it."""
CHANGE = "change"
"""The scope of tokens that may change anything."""


class Access(StrEnum):
    """The role of a token: an operator may do everything, a creator what a frontend needs, a reader only look."""

    read = "read"
    creator = "creator"
    operator = "operator"


@dataclass(frozen=True)
class Tokens:
    """The tokens of `AUTH_TOKEN` by their SHA-256."""

    access_by_digest: tuple[tuple[bytes, Access], ...]

    @classmethod
    def parse(cls, setting: Sequence[SecretStr]) -> "Tokens":
        """Raises ValueError, in a sentence that names no token, where there is none or one that cannot be."""
        found = []
        for secret in setting:
            text = secret.get_secret_value()
            kind, colon, rest = text.partition(":")
            is_kind = bool(colon) and kind in set(Access)
            token, access = (rest, Access(kind)) if is_kind else (text, Access.creator)
            if not token:
                continue
            if len(token) < SHORTEST_TOKEN or not token.isascii() or any(char.isspace() for char in token):
                raise ValueError(
                    f"a token of AUTH_TOKEN has fewer than {SHORTEST_TOKEN} characters, spaces or letters that are not "
                    "ASCII; make one with `openssl rand -hex 32`"
                )
            found.append((_digest(token), access))
        if not found:
            raise ValueError("AUTH_TOKEN is not set; make a token with `openssl rand -hex 32`")
        return cls(tuple(found))

    def access(self, token: str) -> Access | None:
        """What the token may do; None for an unknown one. Every known token is compared, in constant time."""
        given, granted = _digest(token), None
        for digest, access in self.access_by_digest:
            if hmac.compare_digest(digest, given):
                granted = access
        return granted

    @property
    def key(self) -> bytes:
        """A key for signatures that outlives a restart and ends with the tokens."""
        return hashlib.sha256(b"".join(digest for digest, _ in self.access_by_digest)).digest()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


class Client(BaseUser):
    """Who sends a known token. Requests are counted by `identity`, the token's digest."""

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
    """Who sends no known token; `refusal` says in a sentence what is wrong."""

    def __init__(self, refusal: str):
        self.refusal = refusal


class BearerTokens(AuthenticationBackend):
    """Tells Starlette's `AuthenticationMiddleware` who sends a request: a `Client` or a `Stranger`."""

    def __init__(self, tokens: Tokens, origins: Sequence[str]):
        self.tokens, self.origins = tokens, origins

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, BaseUser]:
        token, refusal = self._token(conn)
        access = self.tokens.access(token) if token else None
        if access is None:
            return AuthCredentials(), Stranger(refusal)
        return AuthCredentials([] if access is Access.read else [CHANGE]), Client(access, _digest(token))

    def _token(self, conn: HTTPConnection) -> tuple[str, str]:
        """The token, empty if there is none to take, and the sentence for a refusal."""
        query: str = conn.scope["query_string"].decode("latin-1")
        if {name.lower() for name, _ in parse_qsl(query)} & IN_QUERY:
            return "", "a token in the URL ends up in logs; send the header Authorization: Bearer <token>"
        scheme, _, token = conn.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token:
            return token.strip(), "the token is not known; check it, or ask who runs this service"
        offered = [name for name in conn.scope.get("subprotocols", ()) if name.startswith(SUBPROTOCOL)]
        if offered and self._is_own(conn.headers):
            return offered[0].removeprefix(SUBPROTOCOL), "the token is not known"
        return "", "this needs a token; send the header Authorization: Bearer <token>"

    def _is_own(self, headers: Headers) -> bool:
        """Whether a browser's page may open a WebSocket here: one of ours, or of an origin that is let in."""
        origin = headers.get("origin", "")
        return "*" in self.origins or origin in self.origins or origin.split("://")[-1] == headers.get("host")


class Guard:
    """ASGI middleware behind `AuthenticationMiddleware`: refuses strangers, except on public paths.

    A WebSocket of a stranger is closed before it is accepted, which a server answers with 403. Refusals have a rate of
    their own, so that tokens cannot be guessed.
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
    return any(path == place.rstrip("/") or path.startswith(f"{place.rstrip('/')}/") for place in PUBLIC)


def may_change(connection: HTTPConnection) -> None:
    """A dependency of every route that changes anything.

    Not Starlette's `requires`, which answers 403 without a sentence and needs a `request` in each handler.
    """
    if not has_required_scope(connection, [CHANGE]):
        raise RefusedError(403, "this token may look and change nothing; use one without `read:`")
