"""Decides which objects below the storage root are uploads that become episodes, and which decide about these."""

from collections.abc import Collection, Iterable
from typing import TypeVar

from clipper_assets.storage.lake import LAKE
from clipper_assets.storage.stored import Listed, Stored

VIDEO_SUFFIXES = {".mp4", ".mov", ".mkv", ".webm", ".m4v"}
AUDIO_SUFFIXES = {".mp3", ".m4a", ".wav", ".flac", ".opus", ".ogg"}
RECORDINGS = VIDEO_SUFFIXES | AUDIO_SUFFIXES
INPUTS = {".toml", ".srt", ".vtt", ".json", ".md"}
"""Suffixes of the files that people put beside uploads or into `prompts/`: settings, transcripts, names, prompts."""

AnyObject = TypeVar("AnyObject", Stored, Listed)


def is_pruned(folder: str) -> bool:
    """Whether no upload lies in a folder: the lake, a folder of clips (in every aspect), or a hidden one."""
    name = folder.rpartition("/")[2]
    return folder == LAKE or name == "clips" or name.startswith(".")


def is_upload(key: str, suffixes: Collection[str] = RECORDINGS) -> bool:
    """Whether an object is a recording with one of these suffixes, neither hidden nor made by this program."""
    return is_visible(key, suffixes) and not any(is_pruned(folder) for folder in _folders(key))


def is_visible(key: str, suffixes: Collection[str]) -> bool:
    """Whether an object has one of these suffixes, and neither it nor a folder above it is hidden."""
    return suffix_of(key) in suffixes and not key.startswith(".") and "/." not in key


def suffix_of(key: str) -> str:
    """The suffix of an object's name in lower case, `.mp4`."""
    return _stem_and_suffix(key)[1]


def without_audio_of_videos(listing: Iterable[AnyObject]) -> list[AnyObject]:
    """Drop audio files that belong to a video: `talk.wav` beside `talk.mp4` is not a separate episode."""
    uploads = list(listing)
    names = [_stem_and_suffix(upload.key) for upload in uploads]
    videos = {stem for stem, suffix in names if suffix in VIDEO_SUFFIXES}
    return [
        upload
        for upload, (stem, suffix) in zip(uploads, names, strict=True)
        if suffix not in AUDIO_SUFFIXES or stem not in videos
    ]


def videos_beside(audio: str) -> list[str]:
    """The keys at which a video of the same name may lie; empty for a video."""
    stem, suffix = _stem_and_suffix(audio)
    if suffix not in AUDIO_SUFFIXES:
        return []
    return [stem + spelled for video in sorted(VIDEO_SUFFIXES) for spelled in (video, video.upper())]


def _stem_and_suffix(key: str) -> tuple[str, str]:
    stem, dot, suffix = key.rpartition(".")
    return stem, (dot + suffix).lower()


def _folders(key: str) -> Iterable[str]:
    """The folders that hold an object, from the root down."""
    end = key.find("/")
    while end >= 0:
        yield key[:end]
        end = key.find("/", end + 1)
