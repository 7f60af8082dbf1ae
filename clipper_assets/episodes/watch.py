"""Whether an upload stays the same while it is worked on."""

from collections.abc import Iterator
from contextlib import contextmanager

from clipper_assets.runtime.errors import UploadRefusedError
from clipper_assets.storage.base import Storage


class UploadWatch:
    """Sees to it that an upload stays the one that it is now, or that `etag` was read from, while it is worked on.

    The content is read again only where its size or its time is another one.
    """

    def __init__(self, storage: Storage, key: str, etag: str | None = None):
        self._storage, self._key, self._etag = storage, key, etag
        self._stored = storage.stat(key)

    def refuse_if_changed(self) -> None:
        """Raises UploadRefusedError where the content is not that of `etag`."""
        there = self._storage.exists(self._key)
        if self._etag is None or not there or self._storage.fingerprint(self._key) != self._etag:
            raise UploadRefusedError(
                f"{self._key} was replaced or removed since it was probed; materialize raw_video again"
            )

    def check(self) -> None:
        """Raises UploadRefusedError where the upload was replaced or removed since the watch began."""
        if self._storage.stat(self._key) != self._stored:
            self.refuse_if_changed()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Checks after the block, and also where it fails: what is read of two versions looks damaged."""
        try:
            yield
        except Exception:
            self.check()
            raise
        self.check()
