"""Downloads model files from their authors' repositories, most of them on the model hub."""

from collections.abc import Iterator, Sequence
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from huggingface_hub.constants import ENDPOINT, HF_HUB_OFFLINE

from clipper_assets.models.sources import SourceError, share_of, write_verified
from clipper_assets.models.table import HUB, ModelFile
from clipper_assets.runtime.progress import Report

HUB_TIMEOUT_S = 3.0
"""Longest wait for the hub's first answer, so that an unreachable one does not delay a step."""
TIMEOUT_S = 20.0
"""Longest wait for the next bytes from the server."""
CHUNK_BYTES = 1 << 16


def hub_is_off() -> bool:
    """Whether `HF_HUB_OFFLINE` forbids requests to the hub."""
    return bool(HF_HUB_OFFLINE)


def address(url: str) -> str:
    """A model file's URL with the address of the hub in it."""
    return url.replace(HUB, ENDPOINT, 1)


def unreachable(url: str, token: str | None = None) -> str | None:
    """Why the hub cannot deliver the file at `url`, which begins with `HUB`; None if it can.

    Sends one request with a timeout of `HUB_TIMEOUT_S`; with `HF_HUB_OFFLINE`, none.
    """
    if hub_is_off():
        return "HF_HUB_OFFLINE is set"
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = Request(address(url), headers=headers, method="HEAD")  # noqa: S310 (https, or the user's own HF_ENDPOINT)
    try:
        with urlopen(request, timeout=HUB_TIMEOUT_S):  # noqa: S310 (likewise)
            return None
    except HTTPError as error:
        return f"{ENDPOINT} responded with status {error.code}"
    except OSError as error:
        return f"{ENDPOINT} cannot be reached: {getattr(error, 'reason', error)}"


def download(files: Sequence[ModelFile], place: Path, report: Report) -> None:
    """Download the files of a model to `place`, the model's file or folder.

    Raises SourceError if the server does not send a file or sends another one, and OSError if it cannot be written.
    """
    if files[-1].url.startswith(HUB) and (reason := unreachable(files[-1].url)):
        raise SourceError(reason)
    done, total = 0, sum(file.size_bytes for file in files)
    for file in files:
        url = address(file.url)
        write_verified(file, _received(url), place / file.name, url, share_of(report, done, file.size_bytes, total))
        done += file.size_bytes


def _received(url: str) -> Iterator[bytes]:
    """Yield the chunks of the response."""
    try:
        with urlopen(url, timeout=TIMEOUT_S) as response:  # noqa: S310 (https, or the user's own HF_ENDPOINT)
            while chunk := response.read(CHUNK_BYTES):
                yield chunk
    except HTTPError as error:
        raise SourceError(f"{url} answered {error.code}") from error
    except (OSError, HTTPException) as error:
        raise SourceError(f"{url} cannot be downloaded: {getattr(error, 'reason', None) or error}") from error
