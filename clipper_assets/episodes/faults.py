"""What the surroundings of the program do to it (disks, S3, permissions), each in a sentence for a person."""

from dataclasses import dataclass

from clipper_assets.episodes.storage import ArchivedError, StorageError


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
    return None
