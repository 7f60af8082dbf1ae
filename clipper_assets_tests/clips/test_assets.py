import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from clipper_assets import job
from clipper_assets.camera.analysis.observation import SCENES_TABLE
from clipper_assets.camera.direction.assets import CameraConfig
from clipper_assets.camera.direction.path import CAMERA
from clipper_assets.chapters.chapter import CHAPTERS_TABLE
from clipper_assets.clips import assets as clips_assets
from clipper_assets.clips.assets import RenderConfig
from clipper_assets.clips.manifest import CLIPS, Manifest
from clipper_assets.clips.rendering import render as rendering
from clipper_assets.clips.rendering.encoders import X264
from clipper_assets.highlights.window import WINDOWS
from clipper_assets.media.frame import Aspect
from clipper_assets.runs.in_process import failures
from clipper_assets.settings import Settings
from clipper_assets.shows.show import Layout
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.hive import hive_folder
from clipper_assets.storage.lake import LAKE, parquet_bytes, stored_table
from clipper_assets.transcript.words import WORDS
from clipper_assets_tests.conftest import clip_episode

pytestmark = pytest.mark.episodes

NAMES = [f"clip_{index}.{suffix}" for index in (0, 1) for suffix in ("jpg", "mp4", "srt", "vtt")]
OF_THE_EPISODE = ["chapters.json", "manifest.json", "soundbites.xml"]


@pytest.fixture
def upload(storage: DirectoryStorage, cut: Path, short_windows: None) -> Callable[[str], str]:
    """A function that uploads `cut` and its subtitles under a name, and returns the key."""

    def uploaded(name: str) -> str:
        folder = Path(storage.root) / "show"
        folder.mkdir(exist_ok=True)
        shutil.copy(cut, folder / name)
        shutil.copy(cut.with_suffix(".srt"), (folder / name).with_suffix(".srt"))
        return f"show/{name}"

    return uploaded


def metadata(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    assert failures(result) == []
    (event,) = result.asset_materializations_for_node("rendered_clips")
    return {name: value.value for name, value in event.metadata.items()}


def files(folder: Path) -> dict[str, tuple[int, str]]:
    """Modification time and SHA-256 of every file below `folder`."""
    return {
        file.relative_to(folder).as_posix(): (
            file.stat().st_mtime_ns,
            hashlib.sha256(file.read_bytes()).hexdigest(),
        )
        for file in folder.rglob("*")
        if file.is_file()
    }


def read(folder: Path) -> Manifest:
    return Manifest.model_validate_json((folder / "manifest.json").read_bytes())


def checks(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {check.check_name: check.passed for check in result.get_asset_check_evaluations()}


def test_a_rerun_renders_nothing_and_surplus_clips_are_deleted(
    storage: DirectoryStorage, instance: dg.DagsterInstance, upload: Callable[[str], str]
) -> None:
    key = upload("cut.mp4")
    folder = Path(storage.root) / "show" / "clips"
    _, result = clip_episode(storage, key, instance, max_clips=2)
    facts = metadata(result)
    assert (facts["rendered"], facts["unchanged"], facts["dagster/row_count"]) == (2, 0, 2)
    assert checks(result)["clips_are_published"]
    assert checks(result)["rendered_clips_not_degraded"]
    first = files(folder)
    assert sorted(first) == sorted([*NAMES, *OF_THE_EPISODE])
    manifest = read(folder)
    assert (manifest.status, manifest.episode, manifest.source.key) == ("done", key, key)
    for clip in manifest.clips:
        assert clip.sha256 == first[f"clip_{clip.clip_index}.mp4"][1]

    _, result = clip_episode(storage, key, instance, max_clips=2)
    facts = metadata(result)
    assert (facts["rendered"], facts["unchanged"], facts["speed"]) == (0, 2, "nothing to render")
    after_rerun = files(folder)
    assert {name: after_rerun[name] for name in NAMES} == {name: first[name] for name in NAMES}
    assert read(folder).clips == manifest.clips

    # The state after a first run that was killed when all clips were rendered: the manifest lists none of them.
    (folder / "manifest.json").write_bytes(manifest.model_copy(update={"status": "rendering", "clips": []}).to_bytes())
    (folder / "clip_7.txt").write_text("not a clip")
    _, result = clip_episode(storage, key, instance, max_clips=1)
    facts = metadata(result)
    assert (facts["rendered"], facts["unchanged"]) == (0, 1)
    left = files(folder)
    assert sorted(left) == sorted([*NAMES[:4], "clip_7.txt", *OF_THE_EPISODE])
    assert {name: left[name] for name in NAMES[:4]} == {name: first[name] for name in NAMES[:4]}
    assert read(folder).clips == manifest.clips[:1]
    assert [Path(path).name for path in files(Path(storage.root) / "lake" / "clip_records")] == ["clip_0.json"]


def test_episodes_in_one_folder_do_not_interfere_and_a_new_style_only_renders(
    storage: DirectoryStorage, instance: dg.DagsterInstance, upload: Callable[[str], str]
) -> None:
    one, two = upload("one.mp4"), upload("two.mp4")
    show = Path(storage.root) / "show"
    (show / "clips").mkdir()
    (show / "clips" / "mine.mp4").write_text("not a clip")
    metadata(clip_episode(storage, one, instance)[1])
    before = files(show)
    _, result = clip_episode(storage, two, instance)
    facts = metadata(result)
    after = files(show)
    assert before.items() <= after.items()
    assert after.keys() - before.keys() == {f"clips/two/{name}" for name in (*NAMES[:4], *OF_THE_EPISODE)}
    assert read(show / "clips").episode == one
    assert read(show / "clips" / "two").episode == two
    assert facts["clip_0"] == storage.uri("show/clips/two/clip_0.mp4")

    camera, render = CameraConfig(layout=Layout.center), RenderConfig(caption_style="classic")
    (show / "show.toml").write_text('owner = "team:morning show"')
    kept, result = clip_episode(storage, two, instance, camera=camera, render=render)
    facts = metadata(result)
    assert kept == ["raw_video", "aligned_transcript", "ad_spans", "chapters", "highlight_windows"]
    assert (facts["rendered"], facts["caption_style"], facts["owner"]) == (1, "classic", "team:morning show")
    (clip,) = read(show / "clips" / "two").clips
    assert (clip.caption_style, clip.layout) == ("classic", "center")
    restyled = files(show)
    assert before.items() <= restyled.items()
    assert restyled["clips/two/clip_0.mp4"][1] != after["clips/two/clip_0.mp4"][1]


def test_clips_in_another_aspect_are_added_to_the_table(
    storage: DirectoryStorage, instance: dg.DagsterInstance, upload: Callable[[str], str]
) -> None:
    key = upload("cut.mp4")
    portrait = metadata(clip_episode(storage, key, instance)[1])
    assert portrait["manifests"] == {"9:16": "show/clips/manifest.json"}
    _, result = clip_episode(storage, key, instance, render=RenderConfig(aspect=Aspect.square))
    square = metadata(result)
    assert square["manifests"] == {"1:1": "show/clips/1x1/manifest.json", "9:16": "show/clips/manifest.json"}
    assert (square["manifest"], square["rendered"], square["dagster/row_count"]) == (
        "show/clips/1x1/manifest.json",
        1,
        2,
    )
    table = stored_table(storage, "rendered_clips", CLIPS, key)
    assert [(row["aspect"], row["clip"], row["key"]) for row in table.to_pylist()] == [
        ("1:1", 0, "show/clips/1x1/clip_0.mp4"),
        ("9:16", 0, "show/clips/clip_0.mp4"),
    ]

    storage.delete("show/clips/1x1/clip_0.mp4")
    facts = metadata(clip_episode(storage, key, instance, render=RenderConfig(aspect=Aspect.portrait))[1])
    assert (facts["unchanged"], facts["dagster/row_count"]) == (1, 1)


def test_an_unknown_caption_style_fails_with_the_known_names(
    storage: DirectoryStorage, instance: dg.DagsterInstance, upload: Callable[[str], str]
) -> None:
    _, result = clip_episode(storage, upload("cut.mp4"), instance, render=RenderConfig(caption_style="comic"))
    (sentence,) = failures(result)
    assert sentence.startswith("unknown caption style 'comic'; use one of boxed, classic, ")
    assert not (Path(storage.root) / "show" / "clips").exists()


def test_an_invalid_limit_of_the_show_fails_with_its_file_and_field(
    storage: DirectoryStorage, instance: dg.DagsterInstance, upload: Callable[[str], str]
) -> None:
    key = upload("cut.mp4")
    storage.put_bytes("show/show.toml", b"[gates]\nblack_s = -1\n")
    _, result = clip_episode(storage, key, instance)
    mistake = "gates.black_s is -1; it should be greater than or equal to 0"
    assert failures(result) == [f"show/show.toml: {mistake}"]
    assert not (Path(storage.root) / "show" / "clips").exists()


def test_captions_that_cannot_be_burned_in_are_a_recorded_fallback(
    storage: DirectoryStorage,
    instance: dg.DagsterInstance,
    upload: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clips_assets, "best_encoder", lambda: X264)
    monkeypatch.setattr(rendering, "caption_ass", lambda *_: "nothing that libass can read")
    _, result = clip_episode(storage, upload("cut.mp4"), instance)
    (fallback,) = metadata(result)["degraded"]
    assert (fallback["clip"], fallback["step"]) == (0, "rendered_clips")
    assert fallback["reason"].startswith("the captions could not be burned in, so the clip has none: ")
    assert checks(result)["clips_are_published"]
    assert not checks(result)["rendered_clips_not_degraded"]
    (clip,) = read(Path(storage.root) / "show" / "clips").clips
    assert clip.rendering_fallbacks == [{"step": "rendered_clips", "reason": fallback["reason"]}]
    (row,) = result.asset_value("rendered_clips").to_pylist()
    assert row["degraded"] == clip.degraded
    assert storage.exists(clip.captions.srt)
    assert storage.exists(clip.captions.vtt)


def test_a_changed_upload_is_not_rendered(
    storage: DirectoryStorage, instance: dg.DagsterInstance, upload: Callable[[str], str]
) -> None:
    key = upload("cut.mp4")
    assert failures(clip_episode(storage, key, instance)[1]) == []
    before = files(Path(storage.root) / "show" / "clips")
    storage.put_bytes(key, storage.read_bytes(key) + b"\0")
    result = dg.materialize(
        job.assets,
        selection=["rendered_clips"],
        partition_key=key,
        instance=instance,
        resources=job.build_resources(Settings(), storage),
        raise_on_error=False,
    )
    assert failures(result) == [f"{key} was replaced or removed since it was probed; materialize raw_video again"]
    assert files(Path(storage.root) / "show" / "clips") == before


def test_an_episode_without_speech_gets_an_empty_manifest_and_loses_its_old_clips(
    storage: DirectoryStorage, instance: dg.DagsterInstance, upload: Callable[[str], str]
) -> None:
    key = upload("cut.mp4")
    folder = Path(storage.root) / "show" / "clips"
    metadata(clip_episode(storage, key, instance, max_clips=2)[1])
    assert sorted(files(folder)) == sorted([*NAMES, *OF_THE_EPISODE])
    for asset, table in (
        ("aligned_transcript/{}/words", WORDS.table([], {"language": "en", "degraded": "[]"})),
        ("highlight_windows/{}/windows", WINDOWS.table([])),
        ("chapters/{}/chapters", CHAPTERS_TABLE.table([])),
        ("scenes/{}/scenes", SCENES_TABLE.table([])),
        ("camera_paths/{}/camera", CAMERA.table([])),
    ):
        storage.put_bytes(
            f"{LAKE}/{asset.format(hive_folder(key))}.parquet", parquet_bytes(table.drop_columns(["episode"]))
        )
    result = dg.materialize(
        job.assets,
        selection=["rendered_clips"],
        partition_key=key,
        instance=instance,
        resources=job.build_resources(Settings(), storage),
    )
    facts = metadata(result)
    assert (facts["dagster/row_count"], facts["rendered"], facts["speed"]) == (0, 0, "nothing to render")
    assert all(checks(result).values())
    assert list(files(folder)) == ["manifest.json"]
    manifest = read(folder)
    assert (manifest.status, manifest.clips) == ("done", [])
    assert files(Path(storage.root) / "lake" / "clip_records") == {}
