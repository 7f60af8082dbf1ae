"""Probes an upload: reads its properties, and refuses one that no clips can be made from."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from clipper_assets.episodes.broken import is_fragmented, readable_s, why_unreadable
from clipper_assets.episodes.first_pictures import NO_PICTURE, picture
from clipper_assets.episodes.parts import FORMATS, is_joined
from clipper_assets.episodes.properties import Probe
from clipper_assets.episodes.tracks import main_audio, readable_audio
from clipper_assets.media.inputs import MAX_PIXELS, open_media
from clipper_assets.runtime.errors import StorageError, UploadRefusedError
from clipper_assets.storage.stored import Stored
from clipper_assets.text.clean import clean_text

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.stream import VideoStream

    from clipper_assets.storage.base import Storage

OPEN_TIMEOUT_S = (20.0, 60.0)
MAX_STREAMS = 64
"""Recorders in studios write up to 32 microphones, besides video and subtitles."""
TAIL_S = 2.0


def probe_upload(storage: "Storage", key: str, shortest_s: float) -> Probe:
    """Probe the object at `key`.

    Raises UploadRefusedError if the object is missing, empty, not a media file, damaged, without sound, or shorter than
    `shortest_s` seconds, and StorageError if the storage cannot read it.
    """
    return probe_media(storage.media_source(key), storage.uri(key), stat_upload(storage, key), shortest_s)


def stat_upload(storage: "Storage", key: str) -> Stored:
    """Size and version of an upload. Raises UploadRefusedError if it is missing or empty."""
    stored = storage.stat(key)
    if stored is None:
        raise UploadRefusedError(f"{key} does not exist in the storage; upload it, or check the key")
    if stored.size_bytes == 0:
        raise UploadRefusedError(f"{key} is empty (0 bytes); upload it again")
    return stored


def probe_media(media_source: str, uri: str, stored: Stored, shortest_s: float) -> Probe:
    """Probe the object that `media_source` opens; raises the errors of `probe_upload`."""
    key = stored.key
    with opened(media_source, uri, key) as container:
        _refuse_if_large(container, key)
        audio, readable = _audio(container, key)
        duration_s = _declared_duration_s(container)
        may_be_joined = _video(container) is None and container.format.name in FORMATS
        if duration_s is not None and not may_be_joined:
            refuse_if_short(key, duration_s, shortest_s)
        probe = _facts(container, audio, readable, duration_s, stored)
    if duration_s is None:
        return probe
    with opened(media_source, uri, key) as container:
        whole = _reaches(container, duration_s - TAIL_S)
        if may_be_joined and (not whole or duration_s < shortest_s) and is_joined(media_source, probe.container):
            return replace(probe, duration_s=None)
        refuse_if_short(key, duration_s, shortest_s)
        if not whole and not is_fragmented(media_source):
            raise UploadRefusedError(
                f"{key} is truncated: its length is given as {duration_s:.1f} s, but its end cannot be read; "
                "upload it again"
            )
    if whole:
        return probe
    with opened(media_source, uri, key) as container:
        whole_s = readable_s(container, [probe.audio_stream, probe.video_stream], duration_s)
    refuse_if_short(key, whole_s, shortest_s)
    return replace(probe, duration_s=whole_s, broke_off=True)


def refuse_if_short(key: str, duration_s: float, shortest_s: float) -> None:
    """Raise UploadRefusedError if the upload is shorter than the shortest clip."""
    if duration_s < shortest_s:
        raise UploadRefusedError(
            f"{key} lasts {duration_s:.1f} s, less than the shortest clip of {shortest_s:g} s; upload a longer "
            "recording or lower CLIPPER_WINDOW_MIN_S"
        )


def _refuse_if_large(container: "InputContainer", key: str) -> None:
    """Raise UploadRefusedError for implausibly many streams or large pictures, without decoding a frame."""
    if len(container.streams) > MAX_STREAMS:
        raise UploadRefusedError(
            f"{key} has {len(container.streams)} streams, more than {MAX_STREAMS}; upload one with fewer tracks"
        )
    for stream in container.streams.video:
        codec = stream.codec_context
        # ffmpeg reports a size above its limit as zero.
        if codec is not None and not 0 < codec.width * codec.height <= MAX_PIXELS:
            raise UploadRefusedError(
                f"{key} has a video or cover art that is larger than 8192x4320 pixels, or of unknown size; upload it "
                "in a smaller size"
            )


@contextmanager
def opened(media_source: str, uri: str, key: str) -> Iterator["InputContainer"]:
    """Open an upload; in the block, too, errors of PyAV become those of `probe_upload`."""
    import av

    try:
        with open_media(media_source, timeout=OPEN_TIMEOUT_S, metadata_errors="replace") as container:
            yield container
    except av.DecoderNotFoundError:
        raise UploadRefusedError(f"{key} has an unknown video codec; upload it as H.264") from None
    except (av.InvalidDataError, av.EOFError, av.ArgumentError):
        raise UploadRefusedError(f"{key} is not a media file that can be read{why_unreadable(media_source)}") from None
    except MemoryError:
        raise UploadRefusedError(
            f"{key} needs too much memory to decode; upload it as H.264 in a smaller size"
        ) from None
    except av.HTTPForbiddenError:
        raise StorageError(
            f"S3 denies reading {uri} (403 Forbidden); allow s3:GetObject to the credentials of this service"
        ) from None
    except av.FFmpegError as error:  # not str(error), which contains the signed URL
        raise StorageError(f"{uri} cannot be read: {error.strerror}") from None


def _audio(container: "InputContainer", key: str) -> "tuple[AudioStream, tuple[int, ...]]":
    """The audio stream that is used, and the indexes of all that can be read."""
    if not container.streams.audio:
        raise UploadRefusedError(f"{key} has no audio stream; upload the video with its sound")
    readable = readable_audio(container)
    if not readable:
        raise UploadRefusedError(f"{key} has an audio stream with an unknown codec; upload it with AAC sound")
    return main_audio(container, readable, _video(container)), tuple(stream.index for stream in readable)


def _video(container: "InputContainer") -> "VideoStream | None":
    return next((stream for stream in container.streams.video if not _is_cover(stream)), None)


def _is_cover(stream: "VideoStream") -> bool:
    from av.stream import Disposition

    return bool(stream.disposition & Disposition.attached_pic)


def _declared_duration_s(container: "InputContainer") -> float | None:
    """The length in seconds that the container declares; None if it declares none.

    An MP3 declares it only in a header that also holds the encoder delay, which ffmpeg reports as the start time.
    Without that header, ffmpeg estimates the length from the bit rate of the first frames.
    """
    import av

    estimated = container.format.name == "mp3" and not container.start_time
    return container.duration / av.time_base if container.duration and not estimated else None


def _facts(
    container: "InputContainer",
    audio: "AudioStream",
    readable: tuple[int, ...],
    duration_s: float | None,
    stored: Stored,
) -> Probe:
    video = _video(container)
    tags = {name.lower(): " ".join(text.split()) for name, text in (container.metadata | audio.metadata).items()}
    return Probe(
        **(picture(container, video, stored.key) if video else NO_PICTURE),
        size_bytes=stored.size_bytes,
        container=container.format.name,
        duration_s=duration_s,
        audio_codec=audio.codec_context.name,
        audio_stream=audio.index,
        audio_streams=len(container.streams.audio),
        audio_channels=audio.codec_context.channels,
        audio_rate_hz=audio.codec_context.sample_rate,
        audio_indices=readable,
        unread_audio=tuple(stream.index for stream in container.streams.audio if stream.index not in readable),
        cover_stream=next((stream.index for stream in container.streams.video if _is_cover(stream)), None),
        title=clean_text(tags.get("title", "")).strip() or None,
        show=tags.get("album") or tags.get("artist") or None,
    )


def _reaches(container: "InputContainer", time_s: float) -> bool:
    """Whether a packet with a timestamp of at least `time_s` can be read.

    Timestamps need no offset: even if they do not start at zero, Matroska's duration counts from zero.
    """
    import av

    container.seek(int(max(time_s - TAIL_S, 0) * av.time_base))
    try:
        for packet in container.demux():
            if packet.size and packet.pts is not None and float(packet.pts * packet.time_base) >= time_s:
                return True
    except (av.InvalidDataError, av.EOFError, av.PatchWelcomeError):
        return False
    return False
