import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clipper_assets.clips.manifest import CLIPS, Manifest, Source, clip_folder, clips_table, record_key, recorded
from clipper_assets.episodes.storage import DirectoryStorage, StorageError
from clipper_assets_tests.clips.making import clip_in
from clipper_assets_tests.clips.test_plan import SOURCE


def manifest(episode: str) -> Manifest:
    source = Source(key=episode, etag="0123", duration=100.0)
    now = datetime(2025, 1, 2, tzinfo=UTC)
    return Manifest(
        episode=episode, status="rendering", source=source, created_at=now, run_id="r", clips=[], degraded=[]
    )


def claimed(storage: DirectoryStorage, key: str) -> str:
    return clip_folder(storage, replace(SOURCE, episode=key, key=key), manifest(key))


def test_the_first_episode_of_a_folder_owns_clips_and_others_lie_below(storage: DirectoryStorage) -> None:
    assert claimed(storage, "show/a.mp4") == "show/clips"
    assert claimed(storage, "show/b.mp4") == "show/clips/b"
    assert claimed(storage, "show/b.mov") == "show/clips/b.mov"
    assert claimed(storage, "a.mp4") == "clips"
    for _ in range(2):
        assert claimed(storage, "show/a.mp4") == "show/clips"
        assert claimed(storage, "show/b.mp4") == "show/clips/b"


def test_three_names_alike_are_refused_in_one_sentence(storage: DirectoryStorage) -> None:
    for folder in ("show/clips", "show/clips/a", "show/clips/a.mp4"):
        storage.put_bytes(f"{folder}/manifest.json", manifest("other.mp4").to_bytes())
    with pytest.raises(
        StorageError,
        match=r"^show/clips and the folders in it belong to other episodes; move show/a\.mp4 to its own folder$",
    ):
        claimed(storage, "show/a.mp4")


@pytest.mark.parametrize(
    "content", [b'{"episode": "other.mp4", "version": 99}', b"{}", b"[1]", b"not json", b"\xff\xfe", b""]
)
def test_a_manifest_of_another_maker_is_left_alone(content: bytes, storage: DirectoryStorage) -> None:
    storage.put_bytes("show/clips/manifest.json", content)
    assert claimed(storage, "show/a.mp4") == "show/clips/a"
    assert storage.read_bytes("show/clips/manifest.json") == content


def test_a_manifest_of_ours_of_another_version_is_still_ours(storage: DirectoryStorage) -> None:
    storage.put_bytes("show/clips/manifest.json", b'{"schema_version": "99", "episode": "show/a.mp4", "parts": 1}')
    assert claimed(storage, "show/a.mp4") == "show/clips"


def test_the_manifest_has_the_names_that_frontends_read(storage: DirectoryStorage) -> None:
    written = json.loads(manifest("show/a.mp4").finished([clip_in(storage)]).to_bytes())
    assert written["status"] == "done"
    assert set(written) >= {"schema_version", "episode", "source", "created_at", "run_id", "clips"}
    assert set(written["source"]) == {"key", "etag", "duration"}
    (clip,) = written["clips"]
    assert list(clip)[:3] == ["clip_index", "start_time", "end_time"]
    assert set(clip) >= {
        "clip_index", "start_time", "end_time", "duration", "hook", "title", "reason", "hashtags", "virality_score",
        "key", "url", "width", "height", "bytes", "sha256", "loudness_lufs", "captions", "thumbnail", "layout",
        "degraded", "spec",
    }  # fmt: skip
    assert clip["captions"] == {"srt": "show/clips/clip_0.srt", "vtt": "show/clips/clip_0.vtt"}
    assert (clip["key"], clip["thumbnail"]) == ("show/clips/clip_0.mp4", "show/clips/clip_0.jpg")
    assert datetime.fromisoformat(written["created_at"]) == datetime(2025, 1, 2, tzinfo=UTC)


def test_a_record_holds_while_all_files_are_there_and_whole(storage: DirectoryStorage) -> None:
    clip = clip_in(storage)
    episode = "show/a.mp4"
    assert recorded(storage, episode, 0) == clip
    assert recorded(storage, episode, 1) is None
    for key in clip.keys:
        content = storage.read_bytes(key)
        storage.delete(key)
        assert recorded(storage, episode, 0) is None
        storage.put_bytes(key, content)
        assert recorded(storage, episode, 0) == clip
    (Path(storage.root) / clip.key).write_bytes(b"short")
    assert recorded(storage, episode, 0) is None


@pytest.mark.parametrize("content", [b"{}", b"", b'{"clip_index": 0, "key": "x"}'])
def test_a_record_of_another_version_is_no_record(content: bytes, storage: DirectoryStorage) -> None:
    storage.put_bytes(record_key("show/a.mp4", 0), content)
    assert recorded(storage, "show/a.mp4", 0) is None


def test_the_table_of_clips_has_a_row_per_clip(storage: DirectoryStorage) -> None:
    clip = clip_in(storage).model_copy(update={"loudness_lufs": None})
    table = clips_table("show/a.mp4", [clip, clip.model_copy(update={"clip_index": 1})])
    assert table.schema.names == [column.name for column in CLIPS.columns]
    assert table["clip"].to_pylist() == [0, 1]
    assert table["start"].to_pylist() == [clip.start_time] * 2
    assert table["loudness_lufs"].null_count == 2
    assert clips_table("show/a.mp4", []).num_rows == 0
