"""Probes an upload in a subprocess with limited memory and time; `main` is the subprocess."""

import json
import resource
import subprocess
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from clipper_assets.episodes.probe import probe_media, stat_upload
from clipper_assets.runtime.errors import StorageError, UploadRefusedError
from clipper_assets.storage.stored import Stored

if TYPE_CHECKING:
    from clipper_assets.storage.base import Storage

MEMORY_BYTES = 2 * 1024**3
"""Limit of the address space. The libraries take half a gigabyte of it; the rest holds a few 8K frames."""
TIME_S = 120.0
"""Longer than the probe's two attempts to open the upload may take."""


def check_in_subprocess(storage: "Storage", key: str, shortest_s: float) -> None:
    """Raise the errors of `probe_upload` for an upload, without decoding anything in this process."""
    request = {
        "media_source": storage.media_source(key),
        "uri": storage.uri(key),
        "stored": asdict(stat_upload(storage, key)),
        "shortest_s": shortest_s,
    }
    try:
        # Passed by stdin, because the URL is signed and every user of the machine can read a process's arguments.
        process = subprocess.run(
            [sys.executable, "-m", __name__],
            input=json.dumps(request),
            stdout=subprocess.PIPE,
            text=True,
            timeout=TIME_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UploadRefusedError(
            f"{key} could not be probed within {TIME_S:g} s; upload it again, or in another format"
        ) from None
    if process.returncode != 0:
        raise UploadRefusedError(
            f"{key} crashed the process that probed it (exit code {process.returncode}); upload it as H.264 in a "
            "smaller size"
        )
    response = json.loads(process.stdout)
    if "refused" in response:
        raise UploadRefusedError(response["refused"])
    if "unreadable" in response:
        raise StorageError(response["unreadable"])


def main() -> None:
    """Read the request from stdin; write `{"refused": sentence}`, `{"unreadable": sentence}` or `{}` to stdout."""
    request = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    response = {}
    try:
        probe_media(request["media_source"], request["uri"], Stored(**request["stored"]), request["shortest_s"])
    except UploadRefusedError as error:
        response["refused"] = str(error)
    except StorageError as error:
        response["unreadable"] = str(error)
    json.dump(response, sys.stdout)


if __name__ == "__main__":
    main()
