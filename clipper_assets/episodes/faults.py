"""What the surroundings of the program do to it (disks, S3, permissions), each in a sentence for a person."""

import errno
import tempfile
from dataclasses import dataclass
from pathlib import Path

from clipper_assets.episodes.storage import FULL, ArchivedError, StorageError


@dataclass(frozen=True)
class Fault:
    """What is wrong and what to do, in one sentence; whether another try is in vain; the status of an HTTP answer."""

    sentence: str
    final: bool
    status: int


def fault_of(error: BaseException) -> Fault | None:
    """What an exception means; None for one that only a traceback explains."""
    if isinstance(error, StorageError):
        return Fault(str(error), final=True, status=409 if isinstance(error, ArchivedError) else 422)
    if isinstance(error, OSError):
        return _of_system(error)
    return None


def _of_system(error: OSError) -> Fault | None:
    if error.errno in FULL:
        return Fault(_full(error.filename), final=False, status=503)
    if error.errno == errno.ENOENT and str(error.strerror).startswith("No usable temporary directory"):
        return Fault(_full(None), final=False, status=503)
    return None


def _full(place: str | None) -> str:
    """All that is written outside the scratch directory names its place."""
    scratch = _scratch()
    if place is None or str(place).startswith(str(Path(scratch, "clipper-"))):
        return f"the scratch directory {scratch} is full; free space in it, or set TMPDIR to one on a larger disk"
    return f"the disk that holds {place} is full; free space on it, or move it to a larger one"


def _scratch() -> str:
    try:
        return tempfile.gettempdir()
    except FileNotFoundError:  # it is full, too
        return "(TMPDIR, /tmp)"
