"""Runs ffmpeg: which binary, with progress, and with its last words where it fails."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Sequence
from functools import cache
from pathlib import Path
from typing import IO, cast

import imageio_ffmpeg

from clipper_assets.progress import Report
from clipper_assets.settings import Settings

SMALLEST_REQUEST_BYTES, LARGEST_REQUEST_BYTES = 64 * 1024, 8 * 1024 * 1024

# Presigned URLs carry a signature; what ffmpeg says about them must not.
_QUERY = re.compile(r"(https?://[^\s?']+)\?[^\s':]*")


class FfmpegError(Exception):
    """ffmpeg failed; the message holds its last lines, without the query part of any URL."""


@cache
def binary() -> str:
    """The ffmpeg to run: `CLIPPER_FFMPEG`, else the one inside the imageio-ffmpeg package.

    Raises FfmpegError where there is none.
    """
    named = Settings().ffmpeg
    if named and shutil.which(named) is None:
        raise FfmpegError(f"CLIPPER_FFMPEG is {named!r}, which is not a program; name an ffmpeg or unset it")
    if named:
        return named
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:
        raise FfmpegError("no ffmpeg was found; install imageio-ffmpeg's wheel or set CLIPPER_FFMPEG") from None


def _no_report(share: float) -> None:
    """For runs too short to report on."""


def run(
    arguments: Sequence[str], *, duration_s: float = 0.0, report: Report = _no_report, cwd: Path | None = None
) -> str:
    """Run ffmpeg on `arguments` (all but the binary) and return what it wrote to its log.

    Files that are there already are overwritten: without `-y` ffmpeg leaves them as they are and reports success.
    `report` gets the share of `duration_s` seconds of output that are done. Raises FfmpegError on a non-zero exit; the
    process does not outlive the call.
    """
    command = [binary(), "-hide_banner", "-nostdin", "-y", "-nostats", "-progress", "pipe:1", *arguments]
    with (
        tempfile.TemporaryFile("w+", errors="replace") as log,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL, text=True, cwd=cwd
        ) as process,
    ):
        try:
            for line in process.stdout or ():
                name, _, value = line.strip().partition("=")
                if name == "out_time_us" and value.isdigit() and duration_s:
                    report(min(int(value) / 1e6 / duration_s, 1.0))
            code = process.wait()
        except BaseException:
            process.kill()
            raise
        said = _said(log)
    _refuse_failure(code, said)
    return said


def chunks(arguments: Sequence[str], size_bytes: int) -> Generator[bytes, None, None]:
    """What ffmpeg writes to `pipe:1`, in whole pieces of that size.

    Raises FfmpegError on a non-zero exit. The process ends with the iteration, or when it is closed.
    """
    command = [binary(), "-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", *arguments]
    with (
        tempfile.TemporaryFile("w+", errors="replace") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL) as process,
    ):
        written = cast(IO[bytes], process.stdout)
        try:
            while len(piece := written.read(size_bytes)) == size_bytes:
                yield piece
            code = process.wait()
        except BaseException:
            process.kill()
            raise
        said = _said(log)
    _refuse_failure(code, said)


def ranged(media_source: str, size_bytes: int, share: float) -> dict[str, int]:
    """Options to read a `share` of a media file of so many bytes, by a URL: ranged requests of an eighth of it.

    The last one reads past the end by no more than that; without them one request asks for all up to the file's end.
    """
    if not media_source.startswith("http"):
        return {}
    return {
        "initial_request_size": SMALLEST_REQUEST_BYTES,
        "request_size": min(max(int(size_bytes * share / 8), SMALLEST_REQUEST_BYTES), LARGEST_REQUEST_BYTES),
        "reconnect": 1,
        "reconnect_max_retries": 4,
    }


def _said(log: IO[str]) -> str:
    """What ffmpeg wrote to its log, without the query part of any URL."""
    log.seek(0)
    return _QUERY.sub(r"\1", log.read())


def _refuse_failure(code: int, said: str) -> None:
    if code != 0:
        last = "; ".join(line.strip() for line in said.splitlines()[-3:] if line.strip())
        raise FfmpegError(f"ffmpeg ended with {code}: {last}")


def components(kind: str) -> set[str]:
    """Names of what this ffmpeg was built with; `kind` is `filters` or `encoders`.

    Raises OSError or CalledProcessError where it does not run.
    """
    listing = subprocess.run([binary(), "-hide_banner", f"-{kind}"], capture_output=True, text=True, check=True).stdout
    return {fields[1] for line in listing.splitlines() if len(fields := line.split()) > 2}
