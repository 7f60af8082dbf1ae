"""Signed URLs that a browser can open without a token until they expire."""

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
"""Media types of the files that we write; the system's `mimetypes` table may lack some of them."""
CACHING = "private, no-cache"
"""Makes browsers revalidate their copy, because a clip that is rendered again keeps its URL."""


class Signer:
    """Signs URLs and upload ids. A signature expires after its lifetime, or when the tokens change.

    `life_s` is the lifetime of media URLs in seconds.
    """

    def __init__(self, key: bytes, life_s: int):
        self._key, self.life_s = key, life_s
        self.urls: TTLCache[str, str] = TTLCache(20_000, life_s / 2)
        self.lock = Lock()

    def sign(self, purpose: str, payload: Any) -> str:
        return str(URLSafeTimedSerializer(self._key, salt=purpose).dumps(payload))

    def read(self, purpose: str, signature: str, life_s: int) -> Any:
        """Returns the payload signed for the purpose. Raises RefusedError (403) for an invalid or expired signature."""
        try:
            return URLSafeTimedSerializer(self._key, salt=purpose).loads(signature, max_age=life_s)
        except BadSignature:
            raise RefusedError(403, "this URL has expired or was changed; request a new one from the API") from None


def browser_url(storage: Storage, signer: Signer, key: str) -> str:
    """Returns a URL of an object for browsers: a presigned S3 URL, or a signed path of this API.

    The URL stays the same for half of its lifetime, so that a page that refreshes does not load the video again.
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
    """Returns the media type of an object by the suffix of its key."""
    return TYPES.get(PurePosixPath(key).suffix.lower()) or mimetypes.guess_type(key)[0] or "application/octet-stream"
