"""What an upload is: which objects below the storage root are recordings that become episodes."""

from collections.abc import Collection, Iterable
from pathlib import PurePosixPath

from clipper_assets.storage.base import Stored
from clipper_assets.storage.lake import LAKE

VIDEO_SUFFIXES = {".mp4", ".mov", ".mkv", ".webm", ".m4v"}
AUDIO_SUFFIXES = {".mp3", ".m4a", ".wav", ".flac", ".opus", ".ogg"}
RECORDINGS = VIDEO_SUFFIXES | AUDIO_SUFFIXES


def is_upload(key: str, suffixes: Collection[str] = RECORDINGS) -> bool:
    """Whether an object below the root is a creator's recording, and not ours, hidden or unfinished by its name."""
    path = PurePosixPath(key)
    folders = path.parts[:-1]
    return (
        path.suffix.lower() in suffixes
        and folders[:1] != (LAKE,)
        and "clips" not in folders
        and not any(part.startswith(".") for part in path.parts)
    )


def without_own_sound(listing: Iterable[Stored]) -> list[Stored]:
    """The uploads without the sound of a video beside it: `talk.wav` beside `talk.mp4` is no episode of its own."""
    found = list(listing)
    paths = [PurePosixPath(stored.key) for stored in found]
    videos = {path.with_suffix("") for path in paths if path.suffix.lower() in VIDEO_SUFFIXES}
    return [
        stored
        for path, stored in zip(paths, found, strict=True)
        if path.suffix.lower() not in AUDIO_SUFFIXES or path.with_suffix("") not in videos
    ]
