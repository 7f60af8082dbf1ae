"""The error for stored files that cannot be read, so that one bad file affects only its own episode."""

from clipper_assets.storage.base import Storage


class DamagedError(ValueError):
    """A stored file is missing or malformed; the message says in one sentence which file, what is wrong, what to do."""


def stored_bytes(storage: Storage, key: str, remedy: str) -> bytes:
    """Read an object that must exist. Raises DamagedError, with `remedy` in its message, if it does not."""
    try:
        return storage.read_bytes(key)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise DamagedError(f"{key} is missing; {remedy}") from None
