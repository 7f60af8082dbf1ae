"""What `clipper process` keeps and what it does again, on ten seconds of the sample."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from clipper_assets import job, local
from clipper_assets.camera.analysis.models import MODELS
from clipper_assets.camera.direction.assets import CameraConfig
from clipper_assets.clips.assets import RenderConfig
from clipper_assets.episodes.assets import RawVideoConfig
from clipper_assets.highlights.assets import HighlightsConfig
from clipper_assets.settings import EngineName, Settings
from clipper_assets.shows.show import Layout
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.transcript.assets import TranscriptConfig
from clipper_assets_tests.conftest import clip_episode

KEY = "test1/cut.mp4"
ASSETS = ["raw_video", "aligned_transcript", "highlight_windows", "scenes", "camera_paths", "rendered_clips"]

DEFAULTS = (RawVideoConfig(), TranscriptConfig(), HighlightsConfig(), CameraConfig(), RenderConfig())
NO_KEY_NO_MODELS = {"highlight_windows_not_degraded", "scenes_not_degraded"}
"""Warnings of a machine without them: the heuristic picks, and OpenCV finds the faces."""


@pytest.fixture
def uploaded(any_storage: Storage, cut: Path) -> Storage:
    any_storage.put_file(KEY, cut)
    any_storage.put_file("test1/cut.srt", cut.with_suffix(".srt"))
    return any_storage


def rendered(result: dg.ExecuteInProcessResult) -> int:
    """How many clips the run encoded."""
    assert result.success
    (event,) = result.asset_materializations_for_node("rendered_clips")
    return int(str(event.metadata["rendered"].value))


@pytest.mark.usefixtures("short_windows")
def test_an_episode_is_made_once_and_then_only_what_changed(uploaded: Storage, instance: dg.DagsterInstance) -> None:
    kept, result = clip_episode(uploaded, KEY, instance)
    assert (kept, rendered(result)) == ([], 1)
    clip = result.asset_value("rendered_clips").to_pylist()[0]
    assert uploaded.exists(clip["key"])
    failed = {check.check_name for check in result.get_asset_check_evaluations() if not check.passed}
    assert failed == NO_KEY_NO_MODELS

    kept, result = clip_episode(uploaded, KEY, instance)
    assert (kept, rendered(result)) == (ASSETS[:-1], 0)

    kept, result = clip_episode(uploaded, KEY, instance, render=RenderConfig(caption_style="boxed"))
    assert (kept, rendered(result)) == (ASSETS[:-1], 1)
    assert result.asset_value("rendered_clips").to_pylist()[0]["spec"] != clip["spec"]


@dataclass
class Made:
    """An episode with a finished run on a directory; says what another run would do, and does none of it."""

    storage: DirectoryStorage
    instance: dg.DagsterInstance

    def outdated(
        self,
        *,
        max_clips: int = 1,
        afresh: bool = False,
        engine: EngineName | None = None,
        language: str | None = None,
        layout: Layout | None = None,
    ) -> list[str]:
        order = local.Order(
            key=KEY,
            sound=RawVideoConfig(),
            transcript=TranscriptConfig(engine=engine, language=language),
            highlights=HighlightsConfig(max_clips=max_clips),
            camera=CameraConfig(layout=layout),
            render=RenderConfig(),
            afresh=afresh,
        )
        return local.outdated(self.instance, self.storage, order, local.recipes(self.storage, order, Settings()))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, cut: Path) -> Made:
    """One finished run for all tests of this module; each gets a copy of its storage."""
    root = tmp_path_factory.mktemp("finished")
    storage = DirectoryStorage(root=str(root))
    storage.put_file(KEY, cut)
    storage.put_file("test1/cut.srt", cut.with_suffix(".srt"))
    instance = dg.DagsterInstance.ephemeral()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CLIPPER_WINDOW_MIN_S", "3")
        environment.setenv("CLIPPER_WINDOW_MAX_S", "6")
        _, result = clip_episode(storage, KEY, instance)
    assert result.success
    return Made(storage, instance)


@pytest.fixture
def made(finished: Made, tmp_path: Path, short_windows: None) -> Made:
    copy = shutil.copytree(finished.storage.root, tmp_path / "copy")
    return Made(DirectoryStorage(root=str(copy)), finished.instance)


def test_nothing_is_outdated_after_a_run(made: Made) -> None:
    assert made.outdated() == ["rendered_clips"]


def test_everything_is_done_afresh_on_demand(made: Made) -> None:
    assert made.outdated(afresh=True) == ASSETS


def test_a_replaced_upload_is_done_from_the_start(made: Made) -> None:
    data = made.storage.read_bytes(KEY)
    made.storage.put_bytes(KEY, data)
    assert made.outdated() == ["rendered_clips"]  # the same bytes again
    made.storage.put_bytes(KEY, data + b"\0")
    assert made.outdated() == ASSETS


def test_a_new_transcript_beside_the_upload_is_read(made: Made) -> None:
    srt = made.storage.read_bytes("test1/cut.srt")
    made.storage.put_bytes("test1/cut.srt", srt)
    assert made.outdated() == ["rendered_clips"]
    made.storage.put_bytes("test1/cut.srt", srt.replace(b"the", b"that"))
    assert made.outdated() == ASSETS[1:]


def test_a_transcript_that_is_gone_is_not_trusted(made: Made) -> None:
    made.storage.delete("test1/cut.srt")
    assert made.outdated() == ASSETS[1:]


def test_another_engine_or_language_transcribes(made: Made) -> None:
    assert made.outdated(engine=EngineName.pocketsphinx) == ASSETS[1:]
    assert made.outdated(language="de") == ASSETS[1:]


def test_a_transcript_in_the_language_of_the_environment_is_seen(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIPPER_LANGUAGE", "de")
    order = local.Order(KEY, *DEFAULTS, afresh=False)
    before = local.recipes(made.storage, order, Settings())
    made.storage.put_bytes("test1/cut.de.srt", b"1\n00:00:00,000 --> 00:00:09,000\nHallo.\n")
    after = local.recipes(made.storage, order, Settings())
    assert {name for name in before if before[name] != after[name]} == {"aligned_transcript"}


def test_other_highlights_are_picked_from_the_same_transcript(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    assert made.outdated(max_clips=2) == ASSETS[2:]
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    assert made.outdated() == ASSETS[2:]


def test_another_layout_needs_another_camera(made: Made) -> None:
    assert made.outdated(layout=Layout.fit) == ASSETS[3:]
    made.storage.put_bytes("test1/show.toml", b'layout = "center"')
    assert made.outdated() == ASSETS[3:]


def test_models_that_were_fetched_since_are_used(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = tmp_path / "models" / MODELS["ultraface-rfb-320"].path
    fetched.parent.mkdir(parents=True)
    fetched.write_bytes(b"a model")
    monkeypatch.setenv("CLIPPER_MODELS_DIR", str(tmp_path / "models"))
    assert "scenes" in made.outdated()


def test_another_shortest_clip_is_a_matter_of_the_upload(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIPPER_WINDOW_MIN_S", "4")
    assert made.outdated() == ASSETS


@pytest.mark.parametrize(("position", "table"), list(enumerate(["source", "words", "windows", "scenes", "camera"])))
def test_a_table_that_is_gone_from_the_lake_is_made_again(made: Made, position: int, table: str) -> None:
    made.storage.delete(f"lake/{ASSETS[position]}/episode=test1%2Fcut.mp4/{table}.parquet")
    assert made.outdated() == ASSETS[position:]


def test_an_episode_never_seen_is_done_whole(made: Made) -> None:
    order = local.Order("new.mp4", *DEFAULTS, afresh=False)
    assert local.outdated(made.instance, made.storage, order, {}) == ASSETS


def test_no_secret_is_part_of_a_run(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-one")
    order = local.Order(KEY, *DEFAULTS, afresh=False)
    one = local.recipes(made.storage, order, Settings())
    monkeypatch.setenv("OPENAI_API_KEY", "sk-two")
    assert local.recipes(made.storage, order, Settings()) == one


@pytest.mark.usefixtures("short_windows")
def test_a_step_that_fails_is_told_in_its_own_sentence(storage: DirectoryStorage, instance: dg.DagsterInstance) -> None:
    storage.put_bytes("text.mp4", b"hello\n" * 100)
    kept, result = clip_episode(storage, "text.mp4", instance)
    assert kept == []
    assert local.failures(result) == [
        "text.mp4 is not a media file that can be read, or its beginning is damaged; "
        "upload an intact mp4, mov, mkv or webm, or sound as mp3, m4a, wav, flac or opus"
    ]
    assert {stored.key for stored in storage.list_objects()} == {"text.mp4"}


def test_the_instance_is_kept_in_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.delenv("DAGSTER_HOME")
    monkeypatch.chdir(tmp_path)
    with local.instance() as first:
        first.add_dynamic_partitions("episodes", [KEY])
    assert os.environ["DAGSTER_HOME"] == str(tmp_path / ".dagster")
    with local.instance() as second:
        assert second.get_dynamic_partitions("episodes") == [KEY]
        assert not second.telemetry_enabled


@pytest.mark.parametrize("home", ["/nonexistent", "relative"])
def test_a_home_that_is_no_folder_is_a_mistake(monkeypatch: pytest.MonkeyPatch, home: str) -> None:
    monkeypatch.setenv("DAGSTER_HOME", home)
    with pytest.raises(ValueError, match="DAGSTER_HOME"):
        local.instance()


def test_what_the_sensor_made_is_kept_unless_something_else_is_asked(made: Made) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("episodes", [KEY])
        run = dg.materialize(
            job.assets,
            partition_key=KEY,
            instance=instance,
            resources=job.build_resources(Settings(), made.storage),
            run_config={"ops": {"highlight_windows": {"config": {"max_clips": 1}}}},
        )
        assert run.success
        there = Made(made.storage, instance)
        assert there.outdated(max_clips=12) == ["rendered_clips"]
        assert there.outdated(max_clips=2) == ASSETS[2:]
        assert there.outdated(max_clips=12, engine=EngineName.pocketsphinx) == ASSETS[1:]
