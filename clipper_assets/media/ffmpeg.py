"""Runs ffmpeg: finds the binary, reports progress, restarts stalled runs, and raises with the cause of a failure."""

import errno
import logging
import math
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Event, Thread
from typing import IO, cast

import imageio_ffmpeg

from clipper_assets.runtime.errors import FORBIDDEN
from clipper_assets.runtime.progress import Report
from clipper_assets.settings import Settings

log = logging.getLogger(__name__)

STALL_S = 120.0
"""ffmpeg counts as stalled after this long without progress: once in thousands of runs its threads deadlock, and it
then waits forever."""
PROGRESS_FIELDS = ("frame", "out_time_us", "total_size")
"""Fields of `-progress` that change while ffmpeg works."""
SMALLEST_REQUEST_BYTES, LARGEST_REQUEST_BYTES = 64 * 1024, 8 * 1024 * 1024

# Presigned URLs contain a signature, which must not appear in messages.
_QUERY = re.compile(r"(https?://[^\s?']+)\?[^\s':]*")

_ADDRESS = re.compile(r" @ 0x[0-9a-f]+(?=\])")
_NO_CAUSE = re.compile(
    r"""
    \[libx26[45]\ @\ \w+\]\ (
        frame\ [IPB]: | mb\ [IPB]\b | consecutive\ B | 8x8\ transform | coded\ y | i(16|8|4|8c)\ [vd] | Weighted\ P
        | ref\ [PB]\ L | direct\ mvs | kb/s: | final\ ratefactor | using\  | profile\  | \d+\ -\ core
    )
    | \[\w+\ @\ \w+\]\ Qavg:
    | \[out\#\S+\ @\ \w+\]\ video:
    | (frame|size)=
    | Conversion\ failed!
    """,
    re.VERBOSE,
)


class FfmpegError(Exception):
    """ffmpeg failed; the message has the last lines of its log, without the query part of any URL."""


class StalledError(FfmpegError):
    """ffmpeg made no progress for `STALL_S` and was killed."""


@cache
def binary() -> str:
    """The ffmpeg to run: `CLIPPER_FFMPEG`, else the one inside the imageio-ffmpeg package.

    Raises FfmpegError if there is none.
    """
    configured = Settings().ffmpeg
    if configured and shutil.which(configured) is None:
        raise FfmpegError(f"CLIPPER_FFMPEG is {configured!r}, which is not a program; name an ffmpeg or unset it")
    if configured:
        return configured
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:
        raise FfmpegError("no ffmpeg was found; install the imageio-ffmpeg package or set CLIPPER_FFMPEG") from None


def _no_report(share: float) -> None:
    """Default for runs that are too short to report progress."""


def run(
    arguments: Sequence[str], *, duration_s: float = 0.0, report: Report = _no_report, cwd: Path | None = None
) -> str:
    """Run ffmpeg with `arguments` (without the binary) and return its log.

    Existing output files are overwritten: without `-y`, ffmpeg would leave them unchanged and report success. `report`
    is called with the finished share of `duration_s` seconds of output. A run that stalls is repeated once. Raises
    FfmpegError on a non-zero exit code, StalledError on a second stall, and OSError if a disk is full or a server
    denies access to the input. The process is ended in any case.
    """
    try:
        return _run(arguments, duration_s, report, cwd)
    except StalledError as stalled:
        log.warning("%s; trying again", stalled)
        return _run(arguments, duration_s, report, cwd)


def _run(arguments: Sequence[str], duration_s: float, report: Report, cwd: Path | None) -> str:
    command = [binary(), "-hide_banner", "-nostdin", "-y", "-nostats", "-progress", "pipe:1", *arguments]
    progress: dict[str, str] = {}
    with (
        tempfile.TemporaryFile("w+", errors="replace") as log_file,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log_file, stdin=subprocess.DEVNULL, text=True, cwd=cwd
        ) as process,
        _watchdog(process) as watch,
    ):
        for line in process.stdout or ():
            name, _, value = line.strip().partition("=")
            if name in PROGRESS_FIELDS and progress.get(name) != value:
                progress[name] = value
                watch.progressed()
            if name == "out_time_us" and value.isdigit() and duration_s:
                report(min(int(value) / 1e6 / duration_s, 1.0))
        log_text = watch.wait(log_file)
    # The audio may be shorter than the container, and without a known duration nothing was reported so far.
    report(1.0)
    return log_text


def chunks(arguments: Sequence[str], size_bytes: int) -> Generator[bytes, None, None]:
    """Yield what ffmpeg writes to `pipe:1` in pieces of `size_bytes`; an incomplete last piece is dropped.

    Raises FfmpegError on a non-zero exit code, StalledError if ffmpeg stops writing, and OSError as `run` does. The
    process is ended with the iteration, or when the generator is closed.
    """
    command = [binary(), "-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", *arguments]
    with (
        tempfile.TemporaryFile("w+", errors="replace") as log_file,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log_file, stdin=subprocess.DEVNULL) as process,
        _watchdog(process) as watch,
    ):
        output = cast(IO[bytes], process.stdout)
        while len(piece := output.read(size_bytes)) == size_bytes:
            watch.pause()
            yield piece
            watch.progressed()
        watch.wait(log_file)


class _Watchdog:
    """Kills a process if `progressed` is not called for `STALL_S`."""

    def __init__(self, process: "subprocess.Popen[str] | subprocess.Popen[bytes]"):
        self._process = process
        self._stalled = False
        self._stopped = Event()
        self.progressed()

    def progressed(self) -> None:
        self._progressed_at = time.monotonic()

    def pause(self) -> None:
        """Expect no progress until the next call of `progressed`."""
        self._progressed_at = math.inf

    def wait(self, log_file: IO[str]) -> str:
        """Wait for the process and return its log. Raises FfmpegError unless it succeeded."""
        code = self._process.wait()
        if self._stalled:
            raise StalledError(f"ffmpeg made no progress for {STALL_S:g} s and was killed")
        text = _read_log(log_file)
        if code != 0:
            _raise_for_environment(code, text)
            raise FfmpegError(f"ffmpeg exited with code {code}: {error_lines(text)}")
        return text

    def watch(self) -> None:
        while not self._stopped.wait(STALL_S / 10):
            if time.monotonic() - self._progressed_at > STALL_S:
                self._stalled = True
                self._process.kill()
                return

    def stop(self) -> None:
        self._stopped.set()


@contextmanager
def _watchdog(process: "subprocess.Popen[str] | subprocess.Popen[bytes]") -> Iterator[_Watchdog]:
    """Watch a process during the block, and kill it if the block raises."""
    watchdog = _Watchdog(process)
    thread = Thread(target=watchdog.watch, name="ffmpeg-watchdog", daemon=True)
    thread.start()
    try:
        yield watchdog
    except BaseException:
        process.kill()
        raise
    finally:
        watchdog.stop()


def range_options(media_source: str, size_bytes: int, share: float) -> dict[str, int]:
    """Input options to read a `share` (0..1) of a remote file of `size_bytes` in ranged requests of an eighth of it.

    Without these options, ffmpeg requests everything up to the end of the file; with them, it reads at most one request
    too much. Empty for local files.
    """
    if not media_source.startswith("http"):
        return {}
    return {
        "initial_request_size": SMALLEST_REQUEST_BYTES,
        "request_size": min(max(int(size_bytes * share / 8), SMALLEST_REQUEST_BYTES), LARGEST_REQUEST_BYTES),
        "reconnect": 1,
        "reconnect_max_retries": 4,
    }


def _raise_for_environment(code: int, text: str) -> None:
    """Raise OSError if neither the arguments nor the media caused the failure, so that callers try no fallback.

    If the disk is full, the log may be incomplete, but ffmpeg 7 and later also exit with the error number.
    """
    full = os.strerror(errno.ENOSPC)
    if full in text or code == 256 - errno.ENOSPC:
        raise OSError(errno.ENOSPC, full)
    if code == 256 - errno.EDQUOT or os.strerror(errno.EDQUOT) in text:
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))
    if FORBIDDEN in text:
        raise PermissionError(errno.EACCES, FORBIDDEN)


def error_lines(text: str) -> str:
    """The last three lines of ffmpeg's log without statistics, which encoders write even after an error."""
    lines = [_ADDRESS.sub("", line.strip()) for line in text.splitlines() if line.strip() and not _NO_CAUSE.match(line)]
    return "; ".join(lines[-3:])


def _read_log(log_file: IO[str]) -> str:
    """ffmpeg's log without the query part of any URL."""
    log_file.seek(0)
    return _QUERY.sub(r"\1", log_file.read())


def components(kind: str) -> set[str]:
    """Names of the filters or encoders that this ffmpeg has; `kind` is `filters` or `encoders`.

    Raises OSError or CalledProcessError if ffmpeg does not run.
    """
    listing = subprocess.run([binary(), "-hide_banner", f"-{kind}"], capture_output=True, text=True, check=True).stdout
    return {fields[1] for line in listing.splitlines() if len(fields := line.split()) > 2}
