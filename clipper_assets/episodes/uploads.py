"""Decides which objects below the storage root are uploads that become episodes."""

from collections.abc import Collection, Iterable
from pathlib import PurePosixPath

from clipper_assets.storage.lake import LAKE
from clipper_assets.storage.stored import Stored

VIDEO_SUFFIXES = {".mp4", ".mov", ".mkv", ".webm", ".m4v"}
AUDIO_SUFFIXES = {".mp3", ".m4a", ".wav", ".flac", ".opus", ".ogg"}
RECORDINGS = VIDEO_SUFFIXES | AUDIO_SUFFIXES


def is_upload(key: str, suffixes: Collection[str] = RECORDINGS) -> bool:
    """Whether an object is a recording with one of these suffixes, neither hidden nor made by this program."""
    path = PurePosixPath(key)
    folders = path.parts[:-1]
    return (
        path.suffix.lower() in suffixes
        and folders[:1] != (LAKE,)
        and "clips" not in folders
        and not any(part.startswith(".") for part in path.parts)
    )


def without_audio_of_videos(listing: Iterable[Stored]) -> list[Stored]:
    """Drop audio files that belong to a video: `talk.wav` beside `talk.mp4` is not a separate episode."""
    uploads = list(listing)
    paths = [PurePosixPath(stored.key) for stored in uploads]
    videos = {path.with_suffix("") for path in paths if path.suffix.lower() in VIDEO_SUFFIXES}
    return [
        stored
        for path, stored in zip(paths, uploads, strict=True)
        if path.suffix.lower() not in AUDIO_SUFFIXES or path.with_suffix("") not in videos
    ]
