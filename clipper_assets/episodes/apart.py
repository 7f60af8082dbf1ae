"""Looks at an upload in a process of its own, which may take only so much memory and time; `main` is that process."""

import json
import resource
import subprocess
import sys
from dataclasses import asdict

from clipper_assets.episodes.probe import probe_media, stat_upload
from clipper_assets.runtime.errors import StorageError, UploadRefusedError
from clipper_assets.storage.base import Storage, Stored

MEMORY_BYTES = 2 * 1024**3
"""Of addresses, of which the libraries take half a gigabyte; the rest holds a few frames of 8K."""
TIME_S = 120.0
"""Longer than the two times that a storage may take to open a file."""


def check_apart(storage: Storage, key: str, shortest_s: float) -> None:
    """Raise for an upload as `probe_upload` does, without decoding anything in this process."""
    asked = {
        "media_source": storage.media_source(key),
        "uri": storage.uri(key),
        "stored": asdict(stat_upload(storage, key)),
        "shortest_s": shortest_s,
    }
    try:
        # By stdin, for a URL has a signature in it, and anyone on the machine can read the arguments of a process.
        child = subprocess.run(
            [sys.executable, "-m", __name__],
            input=json.dumps(asked),
            stdout=subprocess.PIPE,
            text=True,
            timeout=TIME_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UploadRefusedError(
            f"{key} cannot be looked at within {TIME_S:g} s; upload it again, or in another format"
        ) from None
    if child.returncode != 0:
        raise UploadRefusedError(
            f"{key} ended the process that looked at it (code {child.returncode}); upload it as H.264 in a smaller size"
        )
    answer = json.loads(child.stdout)
    if "refused" in answer:
        raise UploadRefusedError(answer["refused"])
    if "unreadable" in answer:
        raise StorageError(answer["unreadable"])


def main() -> None:
    """Read what is asked from stdin; write a JSON object, with a sentence as `refused` or `unreadable`, or empty."""
    asked = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    answer = {}
    try:
        probe_media(asked["media_source"], asked["uri"], Stored(**asked["stored"]), asked["shortest_s"])
    except UploadRefusedError as refused:
        answer["refused"] = str(refused)
    except StorageError as error:
        answer["unreadable"] = str(error)
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
