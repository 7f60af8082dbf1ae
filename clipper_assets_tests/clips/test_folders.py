from dataclasses import replace

import pytest

from clipper_assets.clips.folders import clip_folder, manifest_key
from clipper_assets.clips.looks import Rendition
from clipper_assets.media.frame import Aspect
from clipper_assets.runtime.errors import StorageError
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.clips.test_look_removal import make
from clipper_assets_tests.clips.test_manifest import manifest
from clipper_assets_tests.clips.test_plan import SOURCE


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


@pytest.mark.parametrize("content", [b"{", b"[]", None])
@pytest.mark.parametrize("rendition", [Rendition(Aspect.portrait), Rendition(Aspect.square, "square-marker")])
def test_clips_stay_in_their_folder(storage: DirectoryStorage, rendition: Rendition, content: bytes | None) -> None:
    episodes = ("show/a.mp4", "show/b.mp4")
    for key in episodes:
        make(storage, key, Rendition(Aspect.portrait))
        make(storage, key, rendition)
    manifests = [f"show/clips{below}{rendition.folder}/manifest.json" for below in ("", "/b")]
    for manifest_of in manifests:
        storage.delete(manifest_of)
        if content is not None:
            storage.put_bytes(manifest_of, content)
            assert manifest_key(storage, "show/b.mp4", "show/b.mp4", rendition) == manifests[1]
    claims = [
        clip_folder(storage, replace(SOURCE, episode=key, key=key), rendition, manifest(key)) for key in episodes[::-1]
    ]
    assert [f"{folder}/manifest.json" for folder in claims] == manifests[::-1]


def test_clips_stay_in_their_folder_if_a_better_one_becomes_free(storage: DirectoryStorage) -> None:
    for key in ("show/a.mp4", "show/b.mp4"):
        make(storage, key, Rendition(Aspect.portrait))
    storage.delete("show/clips/manifest.json")
    assert claimed(storage, "show/b.mp4") == "show/clips/b"
