"""Errors of the environment (disks, S3, networks), and exceptions that any package of the project may raise."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

FULL = {errno.ENOSPC, errno.EDQUOT}
"""Error numbers of a full disk and of an exceeded disk quota."""

FORBIDDEN = "Server returned 403 Forbidden"
"""ffmpeg's message for an object that S3 does not allow it to read."""


@contextmanager
def named_if_full(place: str) -> Iterator[None]:
    """Add `place`, the file or folder being written, to an OSError about a full disk, because `write` does not."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise OSError(error.errno, error.strerror, place) from error
        raise


class StorageError(Exception):
    """The storage cannot perform an operation; the message is one sentence for a person."""


class ArchivedError(StorageError):
    """The object is in an archive storage class and must be restored before it can be read."""


class UploadRefusedError(Exception):
    """The upload cannot be used; the message says in one sentence which upload, what is wrong, what to do."""
