"""Looks at an upload: what it is, and whether clips can be made of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from clipper_assets.media.inputs import MOST_PIXELS, open_media
from clipper_assets.runtime.errors import StorageError, UploadRefusedError
from clipper_assets.storage.base import Storage, Stored
from clipper_assets.text.clean import clean_text

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.stream import VideoStream

HDR_TRANSFERS = {16, 18}  # SMPTE ST 2084 (PQ) and ARIB STD-B67 (HLG), numbered as in ITU-T H.273
OPEN_TIMEOUT_S = (20.0, 60.0)
MOST_STREAMS = 64
"""A studio's recorder writes 32 microphones beside its pictures and subtitles."""
UNEVEN = 0.02  # frames further than 2 % from the mean spacing make a stream variable
FRAMES_LOOKED_AT = 120
TAIL_S = 2.0
NO_PICTURE: dict[str, Any] = {
    "width_px": 0,
    "height_px": 0,
    "rotation_deg": 0,
    "sample_aspect_ratio": 1.0,
    "fps": 0.0,
    "variable_fps": False,
    "hdr": False,
    "video_codec": "",
    "pixel_format": "",
    "video_stream": None,
}


@dataclass(frozen=True)
class Probe:
    """Facts of a media file; sizes in pixels as displayed, `duration_s` None where the container does not say.

    Where there is no video, `video_stream` is None and the other facts of it are 0, 1 for the aspect, or empty. Cover
    art is no video. `title` and `show` are what the file's own tags say.
    """

    size_bytes: int
    container: str
    duration_s: float | None
    width_px: int
    height_px: int
    rotation_deg: int
    sample_aspect_ratio: float
    fps: float
    variable_fps: bool
    hdr: bool
    video_codec: str
    pixel_format: str
    video_stream: int | None
    audio_codec: str
    audio_stream: int
    audio_streams: int
    audio_channels: int
    audio_rate_hz: int
    audio_indices: tuple[int, ...] = field(default=(), kw_only=True)
    cover_stream: int | None = field(default=None, kw_only=True)
    title: str | None = field(default=None, kw_only=True)
    show: str | None = field(default=None, kw_only=True)

    @property
    def audio_only(self) -> bool:
        """Whether there is sound and no video."""
        return self.video_stream is None


def probe_upload(storage: Storage, key: str, shortest_s: float) -> Probe:
    """Probe the object at `key`.

    Raises UploadRefusedError for an object that is missing, empty, no media file, damaged, without sound, or shorter
    than `shortest_s` seconds; StorageError where the storage does not give it.
    """
    return probe_media(storage.media_source(key), storage.uri(key), stat_upload(storage, key), shortest_s)


def stat_upload(storage: Storage, key: str) -> Stored:
    """Raises UploadRefusedError for an object that is missing or empty."""
    stored = storage.stat(key)
    if stored is None:
        raise UploadRefusedError(f"{key} does not exist in the storage; upload it, or check the key")
    if stored.size_bytes == 0:
        raise UploadRefusedError(f"{key} is empty (0 bytes); upload it again")
    return stored


def probe_media(media_source: str, uri: str, stored: Stored, shortest_s: float) -> Probe:
    """Probe an object that is opened by `media_source`, and raise as `probe_upload` does."""
    key = stored.key
    with _opened(media_source, uri, key) as container:
        _refuse_if_large(container, key)
        audio = _audio(container, key)
        duration_s = _promised_s(container)
        if duration_s is not None:
            refuse_if_short(key, duration_s, shortest_s)
        probe = _facts(container, audio, duration_s, stored)
    if duration_s is not None:
        with _opened(media_source, uri, key) as container:
            if not _reaches(container, duration_s - TAIL_S):
                raise UploadRefusedError(
                    f"{key} is truncated: it promises {duration_s:.1f} s but its end cannot be read; upload it again"
                )
    return probe


def refuse_if_short(key: str, duration_s: float, shortest_s: float) -> None:
    """Raises UploadRefusedError where not even the shortest window fits."""
    if duration_s < shortest_s:
        raise UploadRefusedError(
            f"{key} lasts {duration_s:.1f} s, less than the shortest clip of {shortest_s:g} s; upload a longer "
            "recording or lower CLIPPER_WINDOW_MIN_S"
        )


def _refuse_if_large(container: "InputContainer", key: str) -> None:
    """Raises UploadRefusedError for more streams or larger pictures than anyone records; no frame is decoded for it."""
    if len(container.streams) > MOST_STREAMS:
        raise UploadRefusedError(
            f"{key} has {len(container.streams)} streams, more than {MOST_STREAMS}; upload one with fewer tracks"
        )
    for stream in container.streams.video:
        known = stream.codec_context
        # ffmpeg takes a size above its limit for none at all.
        if known is not None and not 0 < known.width * known.height <= MOST_PIXELS:
            raise UploadRefusedError(
                f"{key} has a video or cover art that is larger than 8192x4320 pixels, or of no size; upload it smaller"
            )


@contextmanager
def _opened(media_source: str, uri: str, key: str) -> Iterator["InputContainer"]:
    import av

    try:
        with open_media(media_source, timeout=OPEN_TIMEOUT_S, metadata_errors="replace") as container:
            yield container
    except av.DecoderNotFoundError:
        raise UploadRefusedError(f"{key} has a video codec that is not known; upload it as H.264") from None
    except (av.InvalidDataError, av.EOFError, av.ArgumentError):
        raise UploadRefusedError(
            f"{key} is not a media file that can be read, or its beginning is damaged; "
            "upload an intact mp4, mov, mkv or webm, or sound as mp3, m4a, wav, flac or opus"
        ) from None
    except MemoryError:
        raise UploadRefusedError(
            f"{key} takes too much memory to look at; upload it as H.264 in a smaller size"
        ) from None
    except av.HTTPForbiddenError:
        raise StorageError(
            f"S3 denies reading {uri} (403 Forbidden); allow s3:GetObject to the credentials of this service"
        ) from None
    except av.FFmpegError as error:  # its own message has the URL in it, signature and all
        raise StorageError(f"{uri} cannot be read: {error.strerror}") from None


def _audio(container: "InputContainer", key: str) -> "AudioStream":
    from av.audio.stream import AudioStream

    audio = container.streams.best("audio", related=_video(container))
    if not isinstance(audio, AudioStream):
        raise UploadRefusedError(f"{key} has no audio stream; upload the video with its sound")
    return audio


def _video(container: "InputContainer") -> "VideoStream | None":
    return next((stream for stream in container.streams.video if not _is_cover(stream)), None)


def _is_cover(stream: "VideoStream") -> bool:
    from av.stream import Disposition

    return bool(stream.disposition & Disposition.attached_pic)


def _promised_s(container: "InputContainer") -> float | None:
    """The length in seconds that the container says it has.

    An MP3 says it only in the header that encoders write along with their delay; without that, ffmpeg guesses it from
    the bit rate of the first frames.
    """
    import av

    guessed = container.format.name == "mp3" and not container.start_time
    return container.duration / av.time_base if container.duration and not guessed else None


def _facts(container: "InputContainer", audio: "AudioStream", duration_s: float | None, stored: Stored) -> Probe:
    video = _video(container)
    tags = {name.lower(): " ".join(text.split()) for name, text in (container.metadata | audio.metadata).items()}
    return Probe(
        **(_picture(container, video, stored.key) if video else NO_PICTURE),
        size_bytes=stored.size_bytes,
        container=container.format.name,
        duration_s=duration_s,
        audio_codec=audio.codec_context.name,
        audio_stream=audio.index,
        audio_streams=len(container.streams.audio),
        audio_channels=audio.codec_context.channels,
        audio_rate_hz=audio.codec_context.sample_rate,
        audio_indices=tuple(stream.index for stream in container.streams.audio),
        cover_stream=next((stream.index for stream in container.streams.video if _is_cover(stream)), None),
        title=clean_text(tags.get("title", "")).strip() or None,
        show=tags.get("album") or tags.get("artist") or None,
    )


def _picture(container: "InputContainer", video: "VideoStream", key: str) -> dict[str, Any]:
    """What `Probe` says of a video."""
    times: list[float] = []
    rotation = 0
    if video.codec_context is not None:  # the frames may be larger than the container says
        video.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
    for frame in container.decode(video):
        if not times:
            rotation = frame.rotation
        if frame.time is not None:
            times.append(frame.time)
        if len(times) >= FRAMES_LOOKED_AT:
            break
    if not times:
        raise UploadRefusedError(f"{key} has a video stream without a single readable frame; upload an intact video")
    turned = rotation % 180 != 0
    width, height = video.codec_context.width, video.codec_context.height
    aspect = video.sample_aspect_ratio or Fraction(1)
    return {
        "width_px": height if turned else width,
        "height_px": width if turned else height,
        "rotation_deg": rotation,
        "sample_aspect_ratio": float(1 / aspect if turned else aspect),
        "fps": float(video.average_rate or video.guessed_rate or 25),
        "variable_fps": _uneven(times),
        "hdr": video.codec_context.color_trc in HDR_TRANSFERS,
        "video_codec": video.codec_context.name,
        "pixel_format": video.codec_context.pix_fmt or "unknown",
        "video_stream": video.index,
    }


def _uneven(times: list[float]) -> bool:
    """Whether frame times (seconds) stray from an even spacing by more than a tick of a millisecond clock."""
    if len(times) < 3:
        return False
    steps = [later - earlier for earlier, later in pairwise(times)]
    mean = (times[-1] - times[0]) / len(steps)
    return any(abs(step - mean) > max(UNEVEN * mean, 0.0011) for step in steps)


def _reaches(container: "InputContainer", time_s: float) -> bool:
    """Whether a packet at or after `time_s` on the container's own clock can be read.

    Where that clock does not start at zero, Matroska's duration counts from zero all the same.
    """
    import av

    container.seek(int(max(time_s - TAIL_S, 0) * av.time_base))
    try:
        for packet in container.demux():
            if packet.size and packet.pts is not None and float(packet.pts * packet.time_base) >= time_s:
                return True
    except (av.InvalidDataError, av.EOFError):
        return False
    return False
