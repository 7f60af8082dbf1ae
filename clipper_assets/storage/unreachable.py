"""What a storage raises that cannot be reached. It is no part of base.py, since a directory needs no boto3."""

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from clipper_assets.runtime.faults import fault_of
from clipper_assets.storage.base import Storage

UNREACHABLE = (OSError, Boto3Error, BotoCoreError, ClientError)
"""What reading or writing a storage raises where the machine, the network or a permission is in the way."""


def unreachable(storage: Storage) -> str | None:
    """Why the storage cannot be used, in one sentence; None if an object can be written, read and removed."""
    probe = ".clipper-doctor"
    try:
        storage.put_bytes(probe, b"ok")
        storage.delete(probe)
    except UNREACHABLE as error:
        fault = fault_of(error)
        return f"the storage root cannot be written: {fault.sentence if fault else error}"
    return None
