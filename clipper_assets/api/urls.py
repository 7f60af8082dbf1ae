"""URLs that a browser opens without a token until they expire."""

import mimetypes
from pathlib import PurePosixPath
from threading import Lock
from typing import Any
from urllib.parse import quote

from cachetools import TTLCache
from itsdangerous import BadSignature, URLSafeTimedSerializer

from clipper_assets.api.problems import RefusedError
from clipper_assets.storage.base import Storage
from clipper_assets.storage.s3 import S3Storage

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


def browser_url(storage: Storage, signer: Signer, key: str) -> str:
    """Where a browser finds an object of the storage: a presigned URL of S3, or a path of this API.

    It stays the same for half of its life, so that a page that asks again does not load a video again.
    """
    with signer.lock:
        url = signer.urls.get(key)
        if url is None:
            url = signer.urls[key] = _signed(storage, signer, key)
        return url


def _signed(storage: Storage, signer: Signer, key: str) -> str:
    if isinstance(storage, S3Storage):
        headers = {"ResponseContentType": type_of(key), "ResponseCacheControl": CACHING}
        return storage.presigned(key, signer.life_s, **headers)
    return f"/media/{quote(key)}?signature={signer.sign('media', key)}"


def type_of(key: str) -> str:
    """The media type of an object, by its name."""
    return TYPES.get(PurePosixPath(key).suffix.lower()) or mimetypes.guess_type(key)[0] or "application/octet-stream"
