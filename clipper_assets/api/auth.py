"""Who may come in: bearer tokens, on HTTP and WebSocket alike."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl

from pydantic import SecretStr
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


class Guard:
    """ASGI middleware: lets in who has a token, and notes its access and digest in the scope's state.

    A WebSocket without one is closed before it is accepted, which a server answers with 403. Who has none may not try
    as often as they like either.
    """

    def __init__(self, app: ASGIApp, tokens: Tokens, origins: Sequence[str], rate: str):
        self.app, self.tokens, self.origins = app, tokens, origins
        self.refuse = Rate(_refuse, rate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or _is_public(scope["path"]):
            await self.app(scope, receive, send)
            return
        token, refusal = self._token(scope)
        access = self.tokens.access(token) if token else None
        if access is None:
            scope.setdefault("state", {})["refusal"] = refusal
            await self.refuse(scope, receive, send)
            return
        scope.setdefault("state", {}).update(access=access, token=_digest(token).hex())
        await self.app(scope, receive, send)

    def _token(self, scope: Scope) -> tuple[str, str]:
        """The token, empty if there is none to take, and the sentence for a refusal."""
        asked = {name.lower() for name, _ in parse_qsl(scope["query_string"].decode("latin-1"))}
        if asked & IN_QUERY:
            return "", "a token in the URL ends up in logs; send the header Authorization: Bearer <token>"
        headers = Headers(scope=scope)
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token:
            return token.strip(), "the token is not known; check it, or ask who runs this service"
        offered = [name for name in scope.get("subprotocols", ()) if name.startswith(SUBPROTOCOL)]
        if offered and self._is_own(headers):
            return offered[0].removeprefix(SUBPROTOCOL), "the token is not known"
        return "", "this needs a token; send the header Authorization: Bearer <token>"

    def _is_own(self, headers: Headers) -> bool:
        """Whether a browser's page may open a WebSocket here: one of ours, or of an origin that is let in."""
        origin = headers.get("origin", "")
        return "*" in self.origins or origin in self.origins or origin.split("://")[-1] == headers.get("host")


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    refusal = scope["state"]["refusal"]
    if scope["type"] == "websocket":
        await WebSocketClose(4401, refusal)(scope, receive, send)
    else:
        await problem(401, refusal, {"WWW-Authenticate": "Bearer"})(scope, receive, send)


def _is_public(path: str) -> bool:
    return any(path == place.rstrip("/") or path.startswith(f"{place.rstrip('/')}/") for place in PUBLIC)


def may_change(connection: HTTPConnection) -> None:
    """A dependency of every route that changes anything."""
    if connection.state.access is Access.read:
        raise RefusedError(403, "this token may look and change nothing; use one without `read:`")
