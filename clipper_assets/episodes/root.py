"""The storage that a setting names."""

from pathlib import Path
from urllib.parse import urlsplit

from clipper_assets.episodes.s3 import BoundedS3Resource, S3Storage
from clipper_assets.episodes.storage import DirectoryStorage, Storage, StorageError


def storage_at(root: str, url_expiry_s: int) -> Storage:
    """The storage that `CLIPPER_STORAGE` names: `s3://bucket[/prefix]` or a directory.

    Raises StorageError for any other URL.
    """
    parts = urlsplit(root)
    if parts.scheme == "s3" and parts.netloc:
        prefix = parts.path.strip("/")
        return S3Storage(
            bucket=parts.netloc,
            prefix=f"{prefix}/" if prefix else "",
            url_expiry_s=url_expiry_s,
            s3=BoundedS3Resource(),
        )
    if "://" in root:
        raise StorageError(f"CLIPPER_STORAGE is {root!r}; it must be a directory or s3://bucket[/prefix]")
    return DirectoryStorage(root=str(Path(root).expanduser().resolve()))
