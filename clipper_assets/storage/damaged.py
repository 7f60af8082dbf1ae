"""Stored files that cannot be read: one kind of error, so that one bad file stays one bad episode."""

from clipper_assets.storage.base import Storage


class DamagedError(ValueError):
    """A stored file is missing or is not what it should be; the message is one sentence: what, where, what to do."""


def stored_bytes(storage: Storage, key: str, remedy: str) -> bytes:
    """An object that has to be there. Raises DamagedError, with what to do about it, where it is not."""
    try:
        return storage.read_bytes(key)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise DamagedError(f"{key} is missing; {remedy}") from None
