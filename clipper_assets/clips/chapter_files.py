"""The files beside the clips that carry the chapters and the best passages to YouTube and to podcast apps."""

from collections.abc import Callable

from clipper_assets.chapters.chapter import CHAPTERS_TABLE, Chapters, read_chapters
from clipper_assets.chapters.formats import podcast_chapters, soundbite, youtube_chapters
from clipper_assets.clips.manifest import ChapterFiles, Clip, Manifest, ManifestChapter
from clipper_assets.runtime.asset_names import CHAPTERS
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.storage.base import Storage
from clipper_assets.storage.damaged import DamagedError
from clipper_assets.storage.lake import stored_table, table_key

YOUTUBE, PODCAST, SOUNDBITES = "chapters.txt", "chapters.json", "soundbites.xml"
NAMES = (YOUTUBE, PODCAST, SOUNDBITES)


def publish_chapters(storage: Storage, folder: str, manifest: Manifest, warn: Callable[[str], None]) -> Manifest:
    """Write the files into the folder of the clips; returns the manifest with the chapters and the files' keys.

    A file without content is not written, and removed if an earlier run wrote it. Soundbites are the clips of the
    manifest that are ready to post. An episode that an earlier version processed has no chapters; where they cannot be
    read, the clips are published without them, with a warning.
    """
    chapters = Chapters([])
    if storage.exists(table_key(CHAPTERS, CHAPTERS_TABLE.name, manifest.episode)):
        try:
            chapters = read_chapters(stored_table(storage, CHAPTERS, CHAPTERS_TABLE, manifest.episode))
        except DamagedError as damaged:
            warn(str(damaged))
            fallback = Degraded(CHAPTERS, f"the clips have no chapters beside them: {damaged}").as_dict()
            manifest = manifest.model_copy(update={"degraded": [*manifest.degraded, fallback]})
    ready = [clip for clip in manifest.clips if clip.clip_index in manifest.publishable]
    contents = {
        YOUTUBE: youtube_chapters(chapters.chapters),
        PODCAST: podcast_chapters(chapters.chapters) if chapters.chapters else "",
        SOUNDBITES: "".join(map(_soundbite, sorted(ready, key=lambda clip: clip.start_time))),
    }
    keys: dict[str, str | None] = {}
    for name, content in contents.items():
        key = f"{folder}/{name}"
        keys[name] = key if content else None
        if content:
            storage.put_bytes(key, content.encode())
        else:
            storage.delete(key)
    files = ChapterFiles(youtube=keys[YOUTUBE], podcast=keys[PODCAST], soundbites=keys[SOUNDBITES])
    return with_chapters(manifest, chapters).model_copy(update={"chapter_files": files})


def with_chapters(manifest: Manifest, chapters: Chapters) -> Manifest:
    """A copy of the manifest that lists these chapters and their summary."""
    listed = [
        ManifestChapter(start_time=chapter.start, end_time=chapter.end, title=chapter.title)
        for chapter in chapters.chapters
    ]
    return manifest.model_copy(update={"chapters": listed, "summary": chapters.summary})


def _soundbite(clip: Clip) -> str:
    return soundbite(clip.start_time, clip.end_time - clip.start_time, clip.title)
