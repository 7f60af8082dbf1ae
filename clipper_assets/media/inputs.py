"""Opens every media input of the program with the formats and protocols that ffmpeg and PyAV may read.

An upload can be replaced at any moment after it was probed. So every input is restricted to these lists, and no
playlist can make ffmpeg read another file or address.
"""

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import ffmpeg

if TYPE_CHECKING:
    from av.codec.hwaccel import HWAccel
    from av.container import InputContainer

Stream = Any
"""A stream of ffmpeg-python, which carries no types."""

CONTAINERS = "mov,matroska,avi,flv,asf,ogg,mxf,mp3,wav,flac"
"""Demuxers that read a single file and seek to the exact frame.

Excluded are playlists, which name further files and hosts to read from, and MPEG-TS, where ffmpeg seeks past the key
frame, so that a clip would begin with a frozen frame.
"""
PICTURES = "image2,png_pipe,jpeg_pipe,webp_pipe,bmp_pipe,tiff_pipe"
"""Demuxers of a single picture; ffmpeg uses `image2` for names that end with `.jpg`."""
MAX_PIXELS = 8192 * 4320
"""Largest frame that decoders accept: 8K, the most that cameras record, takes 283 MB at 64 bits a pixel."""
READ_TIMEOUT_S = 60
FILES, URLS = "file", "http,https,tcp,tls,httpproxy"


def media_input(media_source: str | Path, **options: Any) -> Stream:
    """An ffmpeg input for a recording: an upload, or a file made from one."""
    return ffmpeg.input(str(media_source), **_limits(str(media_source), CONTAINERS), **options)


def picture_input(file: str | Path, **options: Any) -> Stream:
    """An ffmpeg input for a picture in a local file."""
    return ffmpeg.input(str(file), **_limits(str(file), PICTURES), **options)


def generated_input(graph: str) -> Stream:
    """An ffmpeg input that a filter graph generates, such as `color` or `sine`."""
    return ffmpeg.input(graph, f="lavfi", format_whitelist="lavfi")


def open_media(
    media_source: str | Path,
    *,
    timeout: tuple[float, float] | None = None,
    metadata_errors: str = "strict",
    options: Mapping[str, str] = MappingProxyType({}),
    hwaccel: "HWAccel | None" = None,
) -> "InputContainer":
    """Open a recording with PyAV; `options` are those of ffmpeg's demuxers and protocols.

    Raises `av.FFmpegError` if it cannot be opened or has a format not allowed here.
    """
    import av

    limits = {**options, **_limits(str(media_source), CONTAINERS)}
    return av.open(str(media_source), timeout=timeout, options=limits, metadata_errors=metadata_errors, hwaccel=hwaccel)


def read(media_source: str, start: int, at_most: int) -> bytes:
    """Up to `at_most` bytes of a `file:` path or a URL of the storage, from offset `start` on; none after its end.

    Raises OSError if it cannot be read.
    """
    if media_source.startswith("file:"):
        with Path(media_source.removeprefix("file:")).open("rb") as file:
            file.seek(start)
            return file.read(at_most)
    request = Request(media_source, headers={"Range": f"bytes={start}-{start + at_most - 1}"})  # noqa: S310 (http)
    try:
        with urlopen(request, timeout=READ_TIMEOUT_S) as response:  # noqa: S310 (likewise)
            content: bytes = response.read(at_most)
            return content
    except HTTPError as error:
        if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return b""
        raise


def _limits(media_source: str, formats: str) -> dict[str, str]:
    protocols = URLS if media_source.startswith(("http:", "https:")) else FILES
    return {"format_whitelist": formats, "protocol_whitelist": protocols, "max_pixels": str(MAX_PIXELS)}
