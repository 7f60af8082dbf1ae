"""Writes a model file from a source: it appears under its name only when it is complete and its checksum is right."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from uuid import uuid4

from clipper_assets.models.table import ModelFile
from clipper_assets.runtime.progress import Report


class SourceError(Exception):
    """A source cannot deliver a model; the message says in a part of a sentence why."""


def write_verified(file: ModelFile, chunks: Iterable[bytes], target: Path, source: str, report: Report) -> None:
    """Write the bytes of `file` to `target`, replacing what was there.

    Reads at most one chunk more than the file has bytes. Raises SourceError if `chunks`, which come from `source`, are
    other bytes, and OSError if they cannot be written.
    """
    digest, size = hashlib.sha256(), 0
    part = target.with_name(f".{target.name}.{uuid4().hex}")
    try:
        with part.open("xb") as opened:
            for chunk in chunks:
                opened.write(chunk)
                digest.update(chunk)
                size += len(chunk)
                if size > file.size_bytes:
                    raise SourceError(f"{source} has more than the {file.size_bytes} bytes of {target.name}")
                report(size / file.size_bytes)
        if digest.hexdigest() != file.sha256:
            raise SourceError(
                f"{source} gave {size} bytes with SHA-256 {digest.hexdigest()[:12]}..., but {target.name} has "
                f"{file.size_bytes} bytes with SHA-256 {file.sha256[:12]}..."
            )
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def share_of(report: Report, done_bytes: int, file_bytes: int, total_bytes: int) -> Report:
    """A reporter for a file of `file_bytes`, which follows `done_bytes` of a work of `total_bytes`."""
    return lambda share: report(min((done_bytes + share * file_bytes) / total_bytes, 1.0))
