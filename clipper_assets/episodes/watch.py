"""Detects that an upload changes while a step reads it."""

from collections.abc import Iterator
from contextlib import contextmanager

from clipper_assets.runtime.errors import UploadRefusedError
from clipper_assets.storage.base import Storage


class UploadWatch:
    """Raises if an upload changes while a step reads it.

    Compares with the upload's size and time now. Only if they differ later, the content is compared with `etag`.
    """

    def __init__(self, storage: Storage, key: str, etag: str | None = None):
        self._storage, self._key, self._etag = storage, key, etag
        self._stored = storage.stat(key)

    def refuse_if_changed(self) -> None:
        """Raise UploadRefusedError unless the content is that of `etag`."""
        exists = self._storage.exists(self._key)
        if self._etag is None or not exists or self._storage.fingerprint(self._key) != self._etag:
            raise UploadRefusedError(
                f"{self._key} was replaced or removed since it was probed; materialize raw_video again"
            )

    def check(self) -> None:
        """Raise UploadRefusedError if the upload was replaced or removed since this object was created."""
        if self._storage.stat(self._key) != self._stored:
            self.refuse_if_changed()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Check after the block, also if it fails: a mixture of two versions looks like a damaged file."""
        try:
            yield
        except Exception:
            self.check()
            raise
        self.check()
