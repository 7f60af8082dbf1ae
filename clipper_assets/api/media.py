"""URLs that a browser opens without a token until they expire, and what lies behind ours."""

import mimetypes
from pathlib import PurePosixPath
from threading import Lock
from typing import Annotated, Any
from urllib.parse import quote

from cachetools import TTLCache
from fastapi import APIRouter, Query
from fastapi.responses import FileResponse
from itsdangerous import BadSignature, URLSafeTimedSerializer

from clipper_assets.api.door import Door, TheDoor
from clipper_assets.api.problems import RefusedError
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.s3 import S3Storage

router = APIRouter(tags=["media"])

TYPES = {".mp4": "video/mp4", ".jpg": "image/jpeg", ".vtt": "text/vtt", ".srt": "application/x-subrip"}
"""Of what we make; a machine's own table of types may lack some."""
CACHING = "private, no-cache"
"""A browser asks whether its copy still holds: a clip that is rendered again keeps its URL."""


class Signer:
    """Signs what a URL may do; a signature ends with its life, or when the tokens change.

    `life_s` is the life of the URLs for browsers, in seconds.
    """

    def __init__(self, key: bytes, life_s: int):
        self._key, self.life_s = key, life_s
        self.urls: TTLCache[str, str] = TTLCache(20_000, life_s / 2)
        self.lock = Lock()

    def sign(self, purpose: str, what: Any) -> str:
        return str(URLSafeTimedSerializer(self._key, salt=purpose).dumps(what))

    def read(self, purpose: str, signature: str, life_s: int) -> Any:
        """What was signed for the purpose. Raises RefusedError for another signature, and for one that has expired."""
        try:
            return URLSafeTimedSerializer(self._key, salt=purpose).loads(signature, max_age=life_s)
        except BadSignature:
            raise RefusedError(403, "this URL has expired, or was changed; ask the API for a new one") from None


def browser_url(door: Door, key: str) -> str:
    """Where a browser finds an object of the storage: a presigned URL of S3, or a path of this API.

    It stays the same for half of its life, so that a page that asks again does not load a video again.
    """
    with door.signer.lock:
        url = door.signer.urls.get(key)
        if url is None:
            url = door.signer.urls[key] = _signed(door, key)
        return url


def _signed(door: Door, key: str) -> str:
    if isinstance(door.storage, S3Storage):
        headers = {"ResponseContentType": _type_of(key), "ResponseCacheControl": CACHING}
        return door.storage.presigned(key, door.signer.life_s, **headers)
    return f"/media/{quote(key)}?signature={door.signer.sign('media', key)}"


def _type_of(key: str) -> str:
    return TYPES.get(PurePosixPath(key).suffix.lower()) or mimetypes.guess_type(key)[0] or "application/octet-stream"


@router.api_route("/media/{key:path}", methods=["GET", "HEAD"], include_in_schema=False)
def media(key: str, signature: Annotated[str, Query(max_length=2000)], door: TheDoor) -> FileResponse:
    """An object of a storage that is a directory, whole or by ranges."""
    if door.signer.read("media", signature, door.signer.life_s) != key:
        raise RefusedError(403, "this URL was changed; ask the API for a new one")
    if not isinstance(door.storage, DirectoryStorage) or not door.storage.exists(key):
        raise RefusedError(404, f"{key} is not there any more")
    return FileResponse(door.storage.path(key), media_type=_type_of(key), headers={"Cache-Control": CACHING})
