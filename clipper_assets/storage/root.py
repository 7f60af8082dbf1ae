"""Opens the storage that `CLIPPER_STORAGE` names."""

from pathlib import Path
from urllib.parse import urlsplit

from clipper_assets.runtime.errors import StorageError
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage


def storage_at(root: str, url_expiry_s: int) -> Storage:
    """The storage that `CLIPPER_STORAGE` names: `s3://bucket[/prefix]` or a directory.

    Raises StorageError for any other URL.
    """
    parts = urlsplit(root)
    if parts.scheme == "s3" and parts.netloc:
        from clipper_assets.storage.s3 import S3Storage  # noqa: PLC0415  # importing boto3 is slow

        prefix = parts.path.strip("/")
        return S3Storage(bucket=parts.netloc, prefix=f"{prefix}/" if prefix else "", url_expiry_s=url_expiry_s)
    if "://" in root:
        raise StorageError(f"CLIPPER_STORAGE is {root!r}; it must be a directory or s3://bucket[/prefix]")
    return DirectoryStorage(root=str(Path(root).expanduser().resolve()))
