import json
from datetime import UTC, datetime

from clipper_assets.chapters.chapter import CHAPTERS_TABLE, Chapter, Chapters, chapters_table
from clipper_assets.clips.chapter_files import NAMES, publish_chapters
from clipper_assets.clips.manifest import Clip, Manifest, Source
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.lake import parquet_bytes, table_key
from clipper_assets_tests.clips.test_checks import clip

__all__ = ["clip"]

EPISODE, FOLDER = "show/talk.mp4", "show/clips"


def manifest_of(*clips: Clip) -> Manifest:
    source = Source(key=EPISODE, etag="e", duration=300.0)
    bare = Manifest(
        episode=EPISODE,
        status="rendering",
        source=source,
        created_at=datetime.now(UTC),
        run_id="r",
        clips=[],
        degraded=[],
    )
    return bare.finished(list(clips), 0)


def published(storage: DirectoryStorage, *, chapters: int, clips: tuple[Clip, ...] = ()) -> tuple[Manifest, list[str]]:
    made = [
        Chapter(start=90.0 * i, end=90.0 * (i + 1), first_sentence=i, last_sentence=i, title=f"Part {i}")
        for i in range(chapters)
    ]
    table = chapters_table(EPISODE, Chapters(made, "All of it.")).drop_columns(["episode"])
    storage.put_bytes(table_key("chapters", CHAPTERS_TABLE.name, EPISODE), parquet_bytes(table))
    warnings: list[str] = []
    return publish_chapters(storage, FOLDER, manifest_of(*clips), warnings.append), warnings


def test_chapters_lie_beside_the_clips_and_in_the_manifest(storage: DirectoryStorage, clip: Clip) -> None:
    manifest, warnings = published(storage, chapters=3, clips=(clip,))
    assert [each.title for each in manifest.chapters] == ["Part 0", "Part 1", "Part 2"]
    assert [each.start_time for each in manifest.chapters] == [0, 90, 180]
    assert (manifest.summary, warnings) == ("All of it.", [])
    assert manifest.chapter_files.keys == [f"{FOLDER}/{name}" for name in NAMES]
    assert storage.read_bytes(f"{FOLDER}/chapters.txt") == b"0:00 Part 0\n1:30 Part 1\n3:00 Part 2\n"
    assert len(json.loads(storage.read_bytes(f"{FOLDER}/chapters.json"))["chapters"]) == 3
    assert storage.read_bytes(f"{FOLDER}/soundbites.xml").count(b"<podcast:soundbite ") == 1


def test_a_file_without_content_is_removed(storage: DirectoryStorage, clip: Clip) -> None:
    published(storage, chapters=3, clips=(clip,))
    manifest, _ = published(storage, chapters=2)
    assert manifest.chapter_files.keys == [f"{FOLDER}/chapters.json"]
    assert not storage.exists(f"{FOLDER}/chapters.txt")
    assert not storage.exists(f"{FOLDER}/soundbites.xml")


def test_clips_are_published_without_chapters_that_are_missing_or_damaged(storage: DirectoryStorage) -> None:
    manifest = publish_chapters(storage, FOLDER, manifest_of(), print)
    assert (manifest.chapters, manifest.degraded) == ([], [])
    storage.put_bytes(table_key("chapters", CHAPTERS_TABLE.name, EPISODE), b"not parquet")
    warnings: list[str] = []
    manifest = publish_chapters(storage, FOLDER, manifest_of(), warnings.append)
    assert manifest.chapters == []
    reason = f"the clips have no chapters beside them: {warnings[0]}"
    assert manifest.degraded == [{"step": "chapters", "reason": reason}]
