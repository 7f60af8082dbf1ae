"""Every media input of the program: which formats ffmpeg and PyAV may read, and from where.

An upload can be exchanged for another file at any moment after it was probed; what is opened is held to these lists
each time, so that no playlist makes ffmpeg read another file or another address.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import ffmpeg

if TYPE_CHECKING:
    from av.container import InputContainer

Stream = Any
"""A stream of ffmpeg-python, which carries no types."""

CONTAINERS = "mov,matroska,avi,flv,asf,ogg,mxf,mp3,wav,flac"
"""Demuxers that read one file and seek to the frame.

The others include playlists, which name further files and hosts to read from, and MPEG-TS, where ffmpeg seeks past the
key frame, so that a clip would begin with a still picture.
"""
PICTURES = "image2,png_pipe,jpeg_pipe,webp_pipe,bmp_pipe,tiff_pipe"
"""Demuxers of a single picture; `image2` is what ffmpeg takes for a name that ends with `.jpg`."""
MOST_PIXELS = 8192 * 4320
"""Of any picture: 8K, the largest that cameras record, which takes 283 MB at 64 bits a pixel. Decoders refuse more."""
FILES, URLS = "file", "http,https,tcp,tls,httpproxy"


def media_input(media_source: str | Path, **options: Any) -> Stream:
    """A recording: an upload or a file that was made of one."""
    return ffmpeg.input(str(media_source), **_limits(str(media_source), CONTAINERS), **options)


def picture_input(file: str | Path, **options: Any) -> Stream:
    """A picture in a local file."""
    return ffmpeg.input(str(file), **_limits(str(file), PICTURES), **options)


def generated_input(graph: str) -> Stream:
    """What ffmpeg draws itself, by the description of a filter."""
    return ffmpeg.input(graph, f="lavfi", format_whitelist="lavfi")


def open_media(
    media_source: str | Path, *, timeout: tuple[float, float] | None = None, metadata_errors: str = "strict"
) -> "InputContainer":
    """A recording, opened by PyAV. Raises `av.FFmpegError` where it cannot be, or is of another format."""
    import av

    limits = _limits(str(media_source), CONTAINERS)
    return av.open(str(media_source), timeout=timeout, options=limits, metadata_errors=metadata_errors)


def _limits(media_source: str, formats: str) -> dict[str, str]:
    protocols = URLS if media_source.startswith(("http:", "https:")) else FILES
    return {"format_whitelist": formats, "protocol_whitelist": protocols, "max_pixels": str(MOST_PIXELS)}
