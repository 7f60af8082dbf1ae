"""Explains files that cannot be read, and finds what can be read of a recording that broke off."""

import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from clipper_assets.media.inputs import read

if TYPE_CHECKING:
    from av.container import InputContainer

INTACT = "upload an intact mp4, mov, mkv or webm, or sound as mp3, m4a, wav, flac or opus"
TS_PACKET_BYTES, TS_SYNC = 188, 0x47
MOST_BOXES = 64
BACK_S = (30.0, 120.0, 600.0)
"""How far before the promised end the last whole packets are looked for, before the whole file is read."""


def why_unreadable(media_source: str) -> str:
    """The end of a sentence that begins with "... is not a media file that can be read"."""
    with suppress(OSError):
        head = read(media_source, 0, 2 * TS_PACKET_BYTES + 1)
        if len(head) > 2 * TS_PACKET_BYTES and set(head[::TS_PACKET_BYTES]) == {TS_SYNC}:
            return ": it is an MPEG transport stream; convert it to mp4, which needs no new encoding, and upload that"
        names = [name for name, _ in _boxes(media_source)]
        if names[:1] == [b"ftyp"] and b"mdat" in names and b"moov" not in names:
            return (
                ": its index, which recorders write at the end, is missing; upload it again if the upload broke off, "
                "or repair it with the recorder's software if the recording did"
            )
    return f", or its beginning is damaged; {INTACT}"


def is_fragmented(media_source: str) -> bool:
    """Whether a file is an MP4 in fragments, which recorders write so that nothing is lost if they break off."""
    with suppress(OSError):
        return any(name == b"moof" for name, _ in _boxes(media_source))
    return False


def readable_s(container: "InputContainer", streams: Sequence[int | None], promised_s: float) -> float:
    """Seconds up to which every one of the streams (indexes) can be read; 0 if one cannot be read at all."""
    import av

    for back_s in (*BACK_S, promised_s):
        ends: dict[int, float] = dict.fromkeys((index for index in streams if index is not None), 0.0)
        container.seek(int(max(promised_s - back_s, 0.0) * av.time_base))
        with suppress(av.InvalidDataError, av.EOFError):  # the end of what can be read
            for packet in container.demux():
                if packet.stream_index in ends and packet.size and packet.pts is not None and not packet.is_corrupt:
                    end_s = float((packet.pts + (packet.duration or 0)) * packet.time_base)
                    ends[packet.stream_index] = max(ends[packet.stream_index], end_s)
        if all(ends.values()):
            return min(ends.values())
    return 0.0


def _boxes(media_source: str) -> Iterator[tuple[bytes, int]]:
    """Type and offset of each of the first boxes at the top level of an MP4 (ISO/IEC 14496-12, section 4.2)."""
    at = 0
    for _ in range(MOST_BOXES):
        header = read(media_source, at, 16)
        if len(header) < 8:
            return
        size, name = struct.unpack_from(">I4s", header)
        yield name, at
        if size == 1 and len(header) == 16:
            (size,) = struct.unpack_from(">Q", header, 8)
        if size < 8:
            return
        at += size
