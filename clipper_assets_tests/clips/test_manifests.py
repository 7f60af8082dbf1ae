from dataclasses import replace

from clipper_assets.clips.manifest import Manifest
from clipper_assets.clips.manifests import manifests_beside
from clipper_assets.media.frame import Aspect
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.clips.test_folders import claimed
from clipper_assets_tests.clips.test_manifest import manifest
from clipper_assets_tests.clips.test_plan import SOURCE


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
