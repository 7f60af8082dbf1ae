"""Decodes the pictures of a window one by one, so that none is decoded that the analysis does not need."""

import errno
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Self

from clipper_assets.camera.analysis.frames import Picture, small_picture
from clipper_assets.camera.analysis.hardware import hardware_decoder
from clipper_assets.camera.scene import FPS
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.ffmpeg import FfmpegError, range_options
from clipper_assets.media.inputs import MAX_PIXELS, open_media
from clipper_assets.runtime.errors import FORBIDDEN

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.video.stream import VideoStream

TIMEOUT_S = (60.0, 60.0)
"""Longest wait for a server to answer, and for its next bytes."""
REQUESTS = 8
"""How many times as many ranged requests are made as for a window that is read in one go; each seek wastes about one.
Of 30 MB in six runs of key pictures, 69 MB were read with one time as many, and 38 MB with eight."""
LEAST_FPS = 10
"""Distinct pictures per second that suffice to tell who speaks; with real people, 12 were as good as all of them."""
GLANCE = FPS
"""Number of pictures after which it is decided whether skipping leaves enough distinct ones."""
APART = FPS // 2
"""Least number of pictures between two key pictures that are decoded, and from one place to a key picture that is worth
a request; some cameras make every picture a key one."""
EARLY = 0.9
"""Share of the usual distance of key pictures before which an encoder makes another one only for a cut."""
CUT_SIZE = 0.5
"""Size of a packet, relative to the key picture's before it, from which on it may hold a cut: a new picture needs about
as many bytes as a key picture does."""
DELAYS_S = (0.0, 0.1, 0.25, 0.5)
"""Times by which a picture may be shown later than it is decoded, in the order in which they are tried."""


class Recording:
    """The pictures of one window, number k shown at `start_s` + k/25 seconds, up to before number `count`.

    A picture depends on those before it, back to a key picture. So reading on is cheap, and reading what was passed
    begins again at a key picture. Frames on which no other depends (about half of all frames, with most encoders) are
    replaced by the frame before them, unless that leaves too few distinct pictures. All methods raise FfmpegError if
    the source cannot be decoded, and PermissionError if a server denies access.
    """

    def __init__(self, media_source: str, source: RawVideo, start_s: float, end_s: float):
        from av.stream import Discard

        self.count = max(round((end_s - start_s) * FPS), 1)
        self._source = source
        self._early: set[int] = set()
        self._delay_s = 0.0
        self._shown: tuple[int, VideoFrame] | None = None
        self._next: tuple[int, VideoFrame] | None = None
        self._frames: Iterator[tuple[int, VideoFrame]] = iter(())
        self._picture: Picture | None = None
        self._end = 0
        share = min((end_s - start_s) / source.duration_s / REQUESTS, 1.0)
        options = {name: str(value) for name, value in range_options(media_source, source.size_bytes, share).items()}
        stream = source.video_stream or 0
        with _errors():
            device = hardware_decoder(media_source, stream)
            self._container = open_media(media_source, timeout=TIMEOUT_S, options=options, hwaccel=device)
            self._stream = next(each for each in self._container.streams.video if each.index == stream)
            for other in self._container.streams:
                other.discard = Discard.default if other is self._stream else Discard.all
            self._codec = self._stream.codec_context
            self._codec.thread_count = 1  # each thread buffers pictures, and two cost 4 % more CPU in all
            # Without the loop filter decoding costs an eighth less. Until the next key picture grey values drift by
            # 0.4 to 2.3 on average (measured), which does not change who is found to speak.
            self._codec.options = {"skip_loop_filter": "all", "max_pixels": str(MAX_PIXELS)}
            self._codec.skip_frame = "NONREF"
            self._zero_s = start_s + (self._container.start_time or 0) / 1e6
            self._time_base = float(self._stream.time_base or 1)
            # Matroska's index, which is at the end, is only read for a seek.
            self._container.seek(self._timestamp(0), stream=self._stream)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    def key_pictures(self) -> Iterator[tuple[int, Picture]]:
        """Yield number and picture of key pictures, from the last one before the window to the first one after it.

        They are at least `APART` pictures apart; there are none if the file has no index.
        """
        index = self._stream.index_entries
        first = max(index.search_timestamp(self._timestamp(0)), 0)
        last = index.search_timestamp(self._timestamp(self.count - 1), backward=False)
        keys = {
            self._number(entry.timestamp): entry.timestamp
            for entry in index[first : last + 1 if last >= 0 else len(index)]
            if entry.is_keyframe
        }
        self._early = early_keys(list(keys))
        earliest, latest = -math.inf, None
        for number, timestamp in keys.items():
            if number < earliest:
                continue
            earliest = number + APART
            with _errors():
                shown = self._decoded_alone(next(self._from_key(timestamp)))
            if shown is not None and shown[0] != latest:
                latest, frame = shown
                yield latest, small_picture(frame, self._source)

    def read(self, first: int, end: int) -> Iterator[tuple[int, Picture]]:
        """Yield number and picture from `first` up to before `end`; fewer if the video ends earlier.

        A picture that is still shown is the same object.
        """
        with _errors():
            self._go_to(first)
            for number in range(first, end):
                while self._next is not None and (self._next[0] <= number or self._shown is None):
                    self._shown, self._picture = self._next, None
                    self._next = next(self._frames, None)
                if self._shown is None or (self._next is None and number >= self._end):
                    return
                if self._picture is None:
                    self._picture = small_picture(self._shown[1], self._source)
                yield number, self._picture

    def may_have_cut(self, first: int, end: int) -> bool:
        """Whether there may be a cut between two pictures, by the file's index: a large packet or an early key picture.

        `key_pictures` must have been called.
        """
        index = self._stream.index_entries
        key = index.search_timestamp(self._timestamp(first))
        from_entry, to_entry = (index.search_timestamp(self._timestamp(each), any_frame=True) for each in (first, end))
        sizes = [entry.size for entry in index[from_entry:to_entry] if not entry.is_keyframe]
        if min(key, from_entry, to_entry) < 0 or any(first < each < end for each in self._early):
            return True
        return max(sizes, default=0) > CUT_SIZE * index[key].size

    def has_key(self, after: int, before: int) -> bool:
        """Whether decoding may begin anew between two pictures, so that those after the first need not be decoded."""
        key = self._key_before(self._timestamp(before))
        return key is not None and self._number(key) > after

    def _go_to(self, number: int) -> None:
        """Make `number` or a picture before it the next one that is decoded or shown, from the nearest place."""
        key = self._key_before(self._timestamp(number))
        shown = self._shown and self._shown[0]
        if shown is not None and shown <= number and (key is None or self._number(key) <= shown + APART):
            return
        while key is not None:
            self._read_from(self._from_key(key))
            if self._next is not None and self._next[0] <= number:
                return
            key = self._key_before(key - 1)
        for earlier in (0, APART):  # without an index
            self._read_from(self._from(self._timestamp(number - earlier)))
            if self._next is not None and self._next[0] <= number:
                return

    def _key_before(self, timestamp: int) -> int | None:
        """The time of the last key picture up to a time, by the file's index; None without one."""
        entry = self._stream.index_entries.search_timestamp(timestamp)
        return self._stream.index_entries[entry].timestamp if entry >= 0 else None

    def _read_from(self, packets: Iterator["Packet[VideoStream]"]) -> None:
        self._frames = self._decoded(packets)
        self._shown, self._picture, self._end = None, None, 0
        self._next = next(self._frames, None)

    def _from(self, timestamp: int) -> Iterator["Packet[VideoStream]"]:
        """The packets from the last key picture up to a time on; the first is empty if there are none."""
        self._shown = None
        self._container.seek(timestamp, stream=self._stream)
        return self._container.demux(self._stream)

    def _from_key(self, timestamp: int) -> Iterator["Packet[VideoStream]"]:
        """The packets from the key picture on that has this time in the file's index.

        Some indexes have times of decoding, and seeking goes by times of showing, which are a little later.
        """
        for delay_s in (self._delay_s, *DELAYS_S):
            self._delay_s = delay_s
            packets = self._from(timestamp + round(delay_s / self._time_base))
            packet = next(packets)
            if packet.pts is None or packet.pts >= timestamp:
                break
        return chain([packet], packets)

    def _decoded_alone(self, packet: "Packet[VideoStream]") -> tuple[int, "VideoFrame"] | None:
        """The frame of a key picture and its number, without those after it, for which a decoder waits unless told."""
        import av

        if not packet.size:
            return None
        try:
            frames = [*packet.decode(), *self._codec.decode(None)]
        except av.InvalidDataError:
            return None
        shown = ((frame.pts, frame) for frame in frames if frame.pts is not None)
        return next(((self._number(pts), frame) for pts, frame in shown if pts >= (packet.pts or pts)), None)

    def _decoded(self, packets: Iterator["Packet[VideoStream]"]) -> Iterator[tuple[int, "VideoFrame"]]:
        """Yield the frames of packets with their numbers.

        Frames that need others before the first packet are left out, and damaged packets too, as ffmpeg does.
        """
        import av

        begun_at: int | None = None
        begun = count = 0
        for packet in packets:
            begun_at = packet.pts if begun_at is None else begun_at
            try:
                frames = packet.decode()
            except av.InvalidDataError:
                continue
            for frame in frames:
                if frame.pts is None or (begun_at is not None and frame.pts < begun_at):
                    continue
                number = self._number(frame.pts)
                begun, count = (begun, count + 1) if count else (number, 1)
                if number - begun >= GLANCE and count * FPS < LEAST_FPS * (number - begun):
                    self._codec.skip_frame = "DEFAULT"
                self._end = self._number(frame.pts, 1 / (self._source.fps or FPS))
                yield number, frame

    def _number(self, timestamp: int, after_s: float = 0.0) -> int:
        """The number of the picture that is shown at a time of the stream, or so many seconds later."""
        return round((timestamp * self._time_base - self._zero_s + after_s) * FPS)

    def _timestamp(self, number: int) -> int:
        return round((self._zero_s + number / FPS) / self._time_base)


def early_keys(keys: Sequence[int]) -> set[int]:
    """Those of successive key pictures, by number, that come earlier than usual, because encoders make one at a cut."""
    distances = {after: after - before for before, after in pairwise(keys)}
    return {key for key, distance in distances.items() if distance < EARLY * max(distances.values())}


@contextmanager
def _errors() -> Iterator[None]:
    """Raise PyAV's errors as FfmpegError, without the signed URL that their text may have."""
    import av

    try:
        yield
    except av.HTTPForbiddenError:
        raise PermissionError(errno.EACCES, FORBIDDEN) from None
    except av.FFmpegError as error:
        raise FfmpegError(f"the pictures cannot be decoded: {error.strerror}") from None
