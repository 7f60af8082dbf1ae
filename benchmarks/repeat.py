"""Writes recordings of any length that repeat a short one: without encoding, and almost without disk space."""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from av import Packet
    from av.container import OutputContainer
    from av.stream import Stream

Span = tuple[float, float]
"""Start and end in seconds."""
BUFFER_BYTES = 1 << 18
ZEROS = bytes(BUFFER_BYTES)
INDEX_BYTES_PER_S = 1500
"""Room for the index at the start of the file, where an editor's export has it. It takes 1,350 bytes for a second of
30 fps and AAC at 48 kHz in a file of more than 4 GB."""


def repeat(picture: Path, sound: Path, target: Path, loop_s: Fraction, duration_s: float, kept: Sequence[Span]) -> None:
    """Writes an mp4 of `duration_s` seconds that shows `picture` every `loop_s` seconds.

    The sound of a loop is the second `loop_s` seconds of `sound`, where the encoder has settled. Packets outside the
    spans `kept` have their size and time but consist of zeros, which are holes in the file. So size, index and all
    positions are those of the complete recording, but only the kept spans can be decoded.
    """
    import av

    room = {"moov_size": str(round(INDEX_BYTES_PER_S * (duration_s + 60)))}
    with (
        av.open(str(picture)) as pictures,
        av.open(str(sound)) as sounds,
        _Sparse(target, "w") as file,
        av.open(file, "w", "mp4", room, buffer_size=BUFFER_BYTES) as output,
    ):
        once = [*_loop(pictures.demux(video=0), output, loop_s, 0), *_loop(sounds.demux(audio=0), output, loop_s, 1)]
        once.sort(key=lambda packet: packet.dts * packet.base_s)
        for number in range(ceil(duration_s / loop_s)):
            for packet in once:
                at_s = packet.at_s + number * float(loop_s)
                whole = any(first_s <= at_s < last_s for first_s, last_s in kept)
                if at_s < duration_s:
                    output.mux(packet.moved(number, whole))


@dataclass(frozen=True)
class _Packet:
    """A packet of the loop, with its times and the loop's duration in units of `base_s` seconds.

    `at_s` is when it is decoded after the first of its stream. It counts instead of when it is shown, because without
    the packets that are shown last, others would be decoded without a pause, and the frame rate would seem lower.
    """

    stream: "Stream"
    at_s: float
    content: bytes
    base_s: Fraction
    loop: int
    pts: int
    dts: int
    duration: int
    is_keyframe: bool

    def moved(self, loops: int, whole: bool) -> "Packet[Any]":
        """Returns it for a later loop; if not `whole`, it consists of zeros."""
        import av

        packet: Packet[Any] = av.Packet(self.content if whole else bytes(len(self.content)))
        packet.stream, packet.time_base, packet.is_keyframe = self.stream, self.base_s, self.is_keyframe
        later = loops * self.loop
        packet.pts, packet.dts, packet.duration = self.pts + later, self.dts + later, self.duration
        return packet


def _loop(
    packets: Iterable["Packet[Any]"], output: "OutputContainer", loop_s: Fraction, first: int
) -> Iterator[_Packet]:
    """Yields the packets of the loop number `first`, moved to zero and to a new stream of `output`."""
    stream: Stream | None = None
    first_dts: int | None = None
    for packet in packets:
        if packet.pts is None or packet.dts is None:
            continue  # the last, empty packet of a stream
        stream = stream or output.add_stream_from_template(packet.stream)
        loop = int(loop_s / packet.time_base)
        pts, dts = packet.pts - first * loop, packet.dts - first * loop
        if 0 <= pts < loop:
            first_dts = dts if first_dts is None else first_dts
            at_s = float((dts - first_dts) * packet.time_base)
            times = (packet.time_base, loop, pts, dts, packet.duration or 0)
            yield _Packet(stream, at_s, bytes(packet), *times, packet.is_keyframe)


class _Sparse(io.FileIO):
    """A file with holes where zeros are written."""

    def write(self, piece: bytes, /) -> int:  # type: ignore[override]  # PyAV writes bytes
        if piece == ZEROS[: len(piece)]:
            self.seek(len(piece), io.SEEK_CUR)
            return len(piece)
        return super().write(piece)
