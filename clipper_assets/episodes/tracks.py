"""Chooses the audio stream of an upload among several: one that can be decoded, has sound, and is no commentary."""

from collections import Counter
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.stream import VideoStream

MOST_PACKETS = 3000
"""Packets read to see which of several audio streams have any: about 20 s."""
FEWEST_PACKETS = 3
"""Encoders write up to two packets for no sound at all."""


def readable_audio(container: "InputContainer") -> list["AudioStream"]:
    """The audio streams that have a decoder and, if there are several of them, packets near the beginning."""
    import av

    decodable = [stream for stream in container.streams.audio if stream.codec_context is not None]
    if len(decodable) < 2:
        return decodable
    packets: Counter[int] = Counter()
    with suppress(av.InvalidDataError, av.EOFError):  # the packets before the damage count
        for packet in islice(container.demux(), MOST_PACKETS):
            packets[packet.stream_index] += bool(packet.size)
            if all(packets[stream.index] >= FEWEST_PACKETS for stream in decodable):
                break
    container.seek(0)
    return [stream for stream in decodable if packets[stream.index] >= FEWEST_PACKETS] or decodable


def main_audio(
    container: "InputContainer", readable: list["AudioStream"], video: "VideoStream | None"
) -> "AudioStream":
    """The readable stream that a player would choose, unless it is a commentary or made for the hearing or visually
    impaired and another one is not."""
    from av.stream import Disposition

    aside = Disposition.comment | Disposition.hearing_impaired | Disposition.visual_impaired | Disposition.descriptions
    main = [stream for stream in readable if not stream.disposition & aside] or readable
    best = container.streams.best("audio", related=video)
    if best in main:
        return next(stream for stream in main if stream == best)
    return next((stream for stream in main if stream.disposition & Disposition.default), main[0])
