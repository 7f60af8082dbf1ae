"""Errors of a storage that cannot be reached. Kept out of base.py, because a directory does not need boto3."""

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from clipper_assets.runtime.faults import fault_of
from clipper_assets.storage.base import Storage

UNREACHABLE = (OSError, Boto3Error, BotoCoreError, ClientError)
"""What reading and writing a storage raise if the disk, the network or a permission prevents it."""


def unreachable(storage: Storage) -> str | None:
    """Why the storage cannot be used, in one sentence; None if an object can be written and deleted."""
    probe = ".clipper-doctor"
    try:
        storage.put_bytes(probe, b"ok")
        storage.delete(probe)
    except UNREACHABLE as error:
        fault = fault_of(error)
        return f"the storage root cannot be written: {fault.sentence if fault else error}"
    return None
