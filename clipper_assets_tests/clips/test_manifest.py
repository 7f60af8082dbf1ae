import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clipper_assets.clips.gates.verdicts import Verdict
from clipper_assets.clips.looks import Rendition
from clipper_assets.clips.manifest import CLIPS, Clip, Manifest, Source, clips_table
from clipper_assets.clips.records import record_key, recorded
from clipper_assets.media.frame import Aspect
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.clips.card_clip import clip_in


def manifest(episode: str) -> Manifest:
    source = Source(key=episode, etag="0123", duration=100.0)
    now = datetime(2025, 1, 2, tzinfo=UTC)
    return Manifest(
        episode=episode, status="rendering", source=source, created_at=now, run_id="r", clips=[], degraded=[]
    )


def test_a_clip_that_fails_a_blocking_gate_is_held_back_with_the_reason(storage: DirectoryStorage) -> None:
    clip = clip_in(storage)
    black = Verdict("black", False, True, 3.0, 0.5, "s", "has 3.0 s of black picture")
    slow = Verdict("reading_speed", False, False, 30.0, 25.0, "characters/s", "has 30 characters a second")
    clips = [clip.model_copy(update={"clip_index": n, "gates": gates}) for n, gates in enumerate(([slow], [black]))]
    written = json.loads(manifest("show/a.mp4").finished(clips, 0).to_bytes())
    assert written["publishable"] == [0]
    assert written["held_back"] == {"1": ["has 3.0 s of black picture"]}
    assert len(written["clips"]) == 2
    assert clips_table("show/a.mp4", clips)["publishable"].to_pylist() == [True, False]


def test_the_manifest_has_the_fields_that_frontends_read(storage: DirectoryStorage) -> None:
    written = json.loads(manifest("show/a.mp4").finished([clip_in(storage)], 0).to_bytes())
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
    files = {"srt": "show/clips/clip_0.srt", "vtt": "show/clips/clip_0.vtt"}
    assert clip["captions"] == {**files, "language": None}
    assert (clip["key"], clip["thumbnail"]) == ("show/clips/clip_0.mp4", "show/clips/clip_0.jpg")
    assert datetime.fromisoformat(written["created_at"]) == datetime(2025, 1, 2, tzinfo=UTC)


def test_a_record_is_valid_only_while_all_files_exist_and_are_complete(storage: DirectoryStorage) -> None:
    clip = clip_in(storage).model_copy(update={"gates": []})
    episode = "show/a.mp4"

    def current() -> Clip | None:
        return recorded(storage, episode, Rendition(Aspect.portrait), 0)

    assert current() == clip
    assert recorded(storage, episode, Rendition(Aspect.portrait), 1) is None
    for key in clip.keys:
        content = storage.read_bytes(key)
        storage.delete(key)
        assert current() is None
        storage.put_bytes(key, content)
        assert current() == clip
    (Path(storage.root) / clip.key).write_bytes(b"short")
    assert current() is None


@pytest.mark.parametrize("content", [b"{}", b"", b'{"clip_index": 0, "key": "x"}'])
def test_a_record_that_cannot_be_read_is_ignored(content: bytes, storage: DirectoryStorage) -> None:
    storage.put_bytes(record_key("show/a.mp4", Rendition(Aspect.portrait), 0), content)
    assert recorded(storage, "show/a.mp4", Rendition(Aspect.portrait), 0) is None


def test_the_clips_table_has_one_row_per_clip(storage: DirectoryStorage) -> None:
    clip = clip_in(storage).model_copy(update={"loudness_lufs": None})
    table = clips_table("show/a.mp4", [clip, clip.model_copy(update={"clip_index": 1})])
    assert table.schema.names == [column.name for column in CLIPS.columns]
    assert table["clip"].to_pylist() == [0, 1]
    assert table["start"].to_pylist() == [clip.start_time] * 2
    assert table["loudness_lufs"].null_count == 2
    assert clips_table("show/a.mp4", []).num_rows == 0
