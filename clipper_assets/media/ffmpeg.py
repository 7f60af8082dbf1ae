"""Runs ffmpeg: which binary, with progress, and with its last words where it fails."""

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
"""Without any progress for so long ffmpeg is taken for dead: its threads can lock each other out, once in thousands of
runs, and it then waits for ever."""
MOVES = ("frame", "out_time_us", "total_size")
"""What of `-progress` changes as long as work is done."""
SMALLEST_REQUEST_BYTES, LARGEST_REQUEST_BYTES = 64 * 1024, 8 * 1024 * 1024

# Presigned URLs carry a signature; what ffmpeg says about them must not.
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
    """ffmpeg failed; the message holds its last lines, without the query part of any URL."""


class StalledError(FfmpegError):
    """ffmpeg made no progress for `STALL_S` and was killed."""


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
    `report` gets the share of `duration_s` seconds of output that are done. A run that stalls is done once more. Raises
    FfmpegError on a non-zero exit, StalledError on a second stall, and OSError where a disk is full or a server denies
    the input; the process does not outlive the call.
    """
    try:
        return _run(arguments, duration_s, report, cwd)
    except StalledError as stalled:
        log.warning("%s; trying once more", stalled)
        return _run(arguments, duration_s, report, cwd)


def _run(arguments: Sequence[str], duration_s: float, report: Report, cwd: Path | None) -> str:
    command = [binary(), "-hide_banner", "-nostdin", "-y", "-nostats", "-progress", "pipe:1", *arguments]
    moves: dict[str, str] = {}
    with (
        tempfile.TemporaryFile("w+", errors="replace") as said,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=said, stdin=subprocess.DEVNULL, text=True, cwd=cwd
        ) as process,
        _watchdog(process) as watch,
    ):
        for line in process.stdout or ():
            name, _, value = line.strip().partition("=")
            if name in MOVES and moves.get(name) != value:
                moves[name] = value
                watch.moved()
            if name == "out_time_us" and value.isdigit() and duration_s:
                report(min(int(value) / 1e6 / duration_s, 1.0))
        log_text = watch.ended(said)
    # The sound may be shorter than the container, and where its length is not known nothing was reported so far.
    report(1.0)
    return log_text


def chunks(arguments: Sequence[str], size_bytes: int) -> Generator[bytes, None, None]:
    """What ffmpeg writes to `pipe:1`, in whole pieces of that size.

    Raises FfmpegError on a non-zero exit, StalledError where nothing comes any more, OSError as `run` does. The process
    ends with the iteration, or when it is closed.
    """
    command = [binary(), "-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", *arguments]
    with (
        tempfile.TemporaryFile("w+", errors="replace") as said,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, stdin=subprocess.DEVNULL) as process,
        _watchdog(process) as watch,
    ):
        written = cast(IO[bytes], process.stdout)
        while len(piece := written.read(size_bytes)) == size_bytes:
            watch.rests()
            yield piece
            watch.moved()
        watch.ended(said)


class _Watchdog:
    """Kills a process that nobody called `moved` about for `STALL_S`."""

    def __init__(self, process: "subprocess.Popen[str] | subprocess.Popen[bytes]"):
        self._process = process
        self._stalled = False
        self._over = Event()
        self.moved()

    def moved(self) -> None:
        self._moved_at = time.monotonic()

    def rests(self) -> None:
        """Nobody asks anything of it until the next `moved`."""
        self._moved_at = math.inf

    def ended(self, said: IO[str]) -> str:
        """Waits for the end, and returns the log. Raises FfmpegError unless the end was a good one."""
        code = self._process.wait()
        if self._stalled:
            raise StalledError(f"ffmpeg made no progress for {STALL_S:g} s and was killed")
        text = _log_of(said)
        if code != 0:
            _raise_for_surroundings(code, text)
            raise FfmpegError(f"ffmpeg ended with {code}: {last_words(text)}")
        return text

    def watch(self) -> None:
        while not self._over.wait(STALL_S / 10):
            if time.monotonic() - self._moved_at > STALL_S:
                self._stalled = True
                self._process.kill()
                return

    def stop(self) -> None:
        self._over.set()


@contextmanager
def _watchdog(process: "subprocess.Popen[str] | subprocess.Popen[bytes]") -> Iterator[_Watchdog]:
    """Watches a process, and leaves none behind."""
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


def _raise_for_surroundings(code: int, text: str) -> None:
    """Raises OSError where neither the arguments nor the media are at fault, so that no other attempt is made of them.

    With the disk full, the log may be cut off; ffmpeg 7 and later also end with the number of the error.
    """
    full = os.strerror(errno.ENOSPC)
    if full in text or code == 256 - errno.ENOSPC:
        raise OSError(errno.ENOSPC, full)
    if code == 256 - errno.EDQUOT or os.strerror(errno.EDQUOT) in text:
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))
    if FORBIDDEN in text:
        raise PermissionError(errno.EACCES, FORBIDDEN)


def last_words(text: str) -> str:
    """The last lines of ffmpeg's log that name a cause: no statistics, which encoders write also after an error."""
    lines = [_ADDRESS.sub("", line.strip()) for line in text.splitlines() if line.strip() and not _NO_CAUSE.match(line)]
    return "; ".join(lines[-3:])


def _log_of(said: IO[str]) -> str:
    """What ffmpeg wrote to its log, without the query part of any URL."""
    said.seek(0)
    return _QUERY.sub(r"\1", said.read())


def components(kind: str) -> set[str]:
    """Names of what this ffmpeg was built with; `kind` is `filters` or `encoders`.

    Raises OSError or CalledProcessError where it does not run.
    """
    listing = subprocess.run([binary(), "-hide_banner", f"-{kind}"], capture_output=True, text=True, check=True).stdout
    return {fields[1] for line in listing.splitlines() if len(fields := line.split()) > 2}
