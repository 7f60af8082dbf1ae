"""Finds the recordings that an MP3, Ogg or WAV file was joined from: ffmpeg stops at the second one, or skips it.

People join MP3s with `cat`, streaming servers write a new Ogg stream for each song or speaker, and recorders append to
a WAV file without correcting its header. Each part is a valid file by itself.
"""

import mmap
import struct
from collections.abc import Iterator

from clipper_assets.media.inputs import read

FORMATS = ("mp3", "ogg", "wav")
"""Containers, as ffmpeg names them, that can be joined from several files."""

_KBPS = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Bit rates of layer III in kbit/s, of MPEG-1, and of MPEG-2 and 2.5 (ISO/IEC 11172-3 and 13818-3)."""
_RATES_HZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_MP3_SYNC_BYTES = 64 * 1024
"""How far to look for the next frame after bytes that belong to none."""
_LARGEST_FRAMES = 4_000_000
"""Frames of 29 hours at 44.1 kHz."""

LARGEST_BYTES = 512 * 1024**2
"""A day of MP3 at 48 kbit/s, or 50 minutes of WAV."""
UNKNOWN_SIZE = 0xFFFFFFF0
"""Programs that write to a pipe declare this size, or one a little larger, or 0."""
LONGEST_TRAILER_BYTES = 64 * 1024
WAV_CHUNKS = (b"LIST", b"id3 ", b"ID3 ", b"bext", b"iXML", b"cue ", b"smpl", b"_PMX", b"JUNK")
"""Chunks that some programs append to a WAV file without counting them in its header."""


Bytes = bytes | mmap.mmap


def part_starts(data: Bytes, container: str) -> list[int]:
    """The offsets of the files that `data` was joined from; only the first one's, 0, if it is one recording."""
    starts = {"mp3": _mp3_starts, "ogg": _ogg_starts, "wav": _wav_starts}[container](data)
    return [0, *(start for start in starts if start > 0)]


def continues(data: Bytes, start: int, container: str) -> bool:
    """Whether there is sound after the end that the header of the last part of a WAV file, at `start`, declares."""
    if container != "wav":
        return False
    end = start + 8 + _riff_bytes(data, start)
    return len(data) - end > LONGEST_TRAILER_BYTES and data[end : end + 4] not in WAV_CHUNKS


def is_joined(media_source: str, container: str) -> bool:
    """Whether a `file:` path or URL has more than one part; False for a file of more than `LARGEST_BYTES`."""
    if container not in FORMATS:
        return False
    data = read(media_source, 0, LARGEST_BYTES + 1)
    return len(data) <= LARGEST_BYTES and (len(part_starts(data, container)) > 1 or continues(data, 0, container))


def _mp3_starts(data: Bytes) -> Iterator[int]:
    """Offsets at which a tag or a length header begins after frames, or frames of another rate or channel count."""
    at, format_before, tag_at = 0, None, None
    for _ in range(_LARGEST_FRAMES):
        if data[at : at + 3] == b"ID3" and len(data) > at + 10:
            tag_at = at
            at += 10 + sum(
                (byte & 0x7F) << shift for byte, shift in zip(data[at + 6 : at + 10], (21, 14, 7, 0), strict=True)
            )
            continue
        if data[at : at + 3] == b"TAG":
            at += 128
            continue
        frame = _mp3_frame(data, at)
        if frame is None:
            at = _next_mp3_frame(data, at + 1)
            if at < 0:
                return
            continue
        length, kind, has_header = frame
        if format_before is not None and (tag_at is not None or has_header or kind != format_before):
            yield at if tag_at is None else tag_at
        format_before, tag_at = kind, None
        at += length


def _mp3_frame(data: Bytes, at: int) -> tuple[int, tuple[int, int, bool], bool] | None:
    """Of the layer III frame at `at`: its bytes; version, rate and whether it is mono; whether it has a length."""
    head = data[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return None
    version, rate_index, kbps_index = head[1] >> 3 & 3, head[2] >> 2 & 3, head[2] >> 4
    if version == 1 or rate_index == 3 or not 0 < kbps_index < 15:
        return None
    rate_hz, mono = _RATES_HZ[version][rate_index], head[3] >> 6 == 3
    kbps = _KBPS[1 if version == 3 else 2][kbps_index]
    length = (144 if version == 3 else 72) * kbps * 1000 // rate_hz + (head[2] >> 1 & 1)
    side = (17 if mono else 32) if version == 3 else (9 if mono else 17)
    header = data[at + 4 + side : at + 8 + side] in (b"Xing", b"Info") or data[at + 36 : at + 40] == b"VBRI"
    return length, (version, rate_hz, mono), header


def _next_mp3_frame(data: Bytes, at: int) -> int:
    """The offset of the next tag or of a frame that another one follows, or -1."""
    for candidate in range(at, min(at + _MP3_SYNC_BYTES, len(data))):
        if data[candidate] == 0xFF:
            frame = _mp3_frame(data, candidate)
            following = frame and _mp3_frame(data, candidate + frame[0])
            if frame and following and following[1] == frame[1]:
                return candidate
        elif data[candidate : candidate + 3] == b"ID3":
            return candidate
    return -1


def _ogg_starts(data: Bytes) -> Iterator[int]:
    """Offsets of the first pages of logical streams that follow other pages (RFC 3533, section 6)."""
    at, streams_began = 0, True
    while data[at : at + 4] == b"OggS" and len(data) > at + 27:
        begins = bool(data[at + 5] & 2)
        if begins and not streams_began:
            yield at
        streams_began = begins
        segments = data[at + 26]
        at += 27 + segments + sum(data[at + 27 : at + 27 + segments])


def _wav_starts(data: Bytes) -> Iterator[int]:
    """Offsets of the RIFF headers that follow the end of a RIFF file."""
    at = 0
    while data[at : at + 4] == b"RIFF" and data[at + 8 : at + 12] == b"WAVE":
        yield at
        at += 8 + _riff_bytes(data, at)


def _riff_bytes(data: Bytes, at: int) -> int:
    """Bytes of the RIFF file at `at` after its size field; all the rest if the size is missing."""
    (size,) = struct.unpack_from("<I", data, at + 4)
    return size + size % 2 if 0 < size < UNKNOWN_SIZE else len(data) - at - 8
