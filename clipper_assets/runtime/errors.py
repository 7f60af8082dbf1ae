"""What the surroundings of the program (disks, S3, networks) raise, and errors that every room may raise itself."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

FULL = {errno.ENOSPC, errno.EDQUOT}
"""What the system says of a full disk, and of a user's full share of it."""

FORBIDDEN = "Server returned 403 Forbidden"
"""What ffmpeg says of an upload that S3 does not let it read."""


@contextmanager
def named_if_full(place: str) -> Iterator[None]:
    """Has an OSError about a full disk name the file or folder that was written to, which `write` does not."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise OSError(error.errno, error.strerror, place) from error
        raise


class StorageError(Exception):
    """The storage cannot do what was asked; the message is one sentence for a person."""


class ArchivedError(StorageError):
    """The object lies in an archive, from which it has to be restored before it can be read."""


class UploadRefusedError(Exception):
    """The upload cannot become clips; the message is one sentence: which upload, what is wrong, what to do."""
