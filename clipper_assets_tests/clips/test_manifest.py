import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clipper_assets.clips.gates.verdicts import Verdict
from clipper_assets.clips.looks import Rendition
from clipper_assets.clips.manifest import CLIPS, Clip, Manifest, Source, clip_folder, clips_table, manifests_beside
from clipper_assets.clips.records import record_key, recorded
from clipper_assets.media.frame import Aspect
from clipper_assets.runtime.errors import StorageError
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.clips.card_clip import clip_in
from clipper_assets_tests.clips.test_plan import SOURCE


def manifest(episode: str) -> Manifest:
    source = Source(key=episode, etag="0123", duration=100.0)
    now = datetime(2025, 1, 2, tzinfo=UTC)
    return Manifest(
        episode=episode, status="rendering", source=source, created_at=now, run_id="r", clips=[], degraded=[]
    )


def claimed(storage: DirectoryStorage, key: str, aspect: Aspect = Aspect.portrait) -> str:
    return clip_folder(storage, replace(SOURCE, episode=key, key=key), Rendition(aspect), manifest(key))


def test_the_first_episode_of_a_folder_gets_clips_and_others_get_subfolders(storage: DirectoryStorage) -> None:
    assert claimed(storage, "show/a.mp4") == "show/clips"
    assert claimed(storage, "show/b.mp4") == "show/clips/b"
    assert claimed(storage, "show/b.mov") == "show/clips/b.mov"
    assert claimed(storage, "a.mp4") == "clips"
    for _ in range(2):
        assert claimed(storage, "show/a.mp4") == "show/clips"
        assert claimed(storage, "show/b.mp4") == "show/clips/b"


def test_each_other_aspect_gets_a_subfolder(storage: DirectoryStorage) -> None:
    assert claimed(storage, "show/a.mp4", Aspect.square) == "show/clips/1x1"
    assert claimed(storage, "show/a.mp4") == "show/clips"
    assert claimed(storage, "show/b.mp4", Aspect.landscape) == "show/clips/16x9"
    assert claimed(storage, "show/b.mp4", Aspect.square) == "show/clips/b/1x1"


def test_manifests_of_other_aspects_are_the_finished_ones_of_the_same_upload(storage: DirectoryStorage) -> None:
    source = replace(SOURCE, episode="show/a.mp4", key="show/a.mp4", etag="0123")
    done = manifest("show/a.mp4").finished([], 0)
    warnings: list[str] = []

    def manifests() -> dict[Aspect, tuple[str, Manifest]]:
        return manifests_beside(storage, source, Aspect.square, warnings.append)

    claimed(storage, "show/a.mp4")
    assert manifests() == {}
    for folder in ("show/clips", "show/clips/1x1", "show/clips/a/4x5"):
        storage.put_bytes(f"{folder}/manifest.json", done.to_bytes())
    storage.put_bytes("show/clips/4x5/manifest.json", manifest("show/b.mp4").finished([], 0).to_bytes())
    earlier = done.source.model_copy(update={"etag": "4567"})
    storage.put_bytes("show/clips/16x9/manifest.json", done.model_copy(update={"source": earlier}).to_bytes())
    assert manifests() == {
        Aspect.portrait: ("show/clips/manifest.json", done),
        Aspect.feed: ("show/clips/a/4x5/manifest.json", done),
    }
    assert warnings == []
    storage.put_bytes("show/clips/manifest.json", b'{"episode": "show/a.mp4"}')
    assert list(manifests()) == [Aspect.feed]
    (warning,) = warnings
    assert warning.startswith("the manifest show/clips/manifest.json cannot be read")


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


def test_an_episode_without_a_free_folder_is_rejected_with_advice(storage: DirectoryStorage) -> None:
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
def test_a_manifest_of_another_program_or_episode_is_not_overwritten(content: bytes, storage: DirectoryStorage) -> None:
    storage.put_bytes("show/clips/manifest.json", content)
    assert claimed(storage, "show/a.mp4") == "show/clips/a"
    assert storage.read_bytes("show/clips/manifest.json") == content


def test_a_manifest_of_another_schema_version_still_claims_its_folder(storage: DirectoryStorage) -> None:
    storage.put_bytes("show/clips/manifest.json", b'{"schema_version": "99", "episode": "show/a.mp4", "parts": 1}')
    assert claimed(storage, "show/a.mp4") == "show/clips"


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
