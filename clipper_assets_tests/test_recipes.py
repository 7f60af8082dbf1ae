"""Which tables of an episode a new run recomputes and which it reuses, on ten seconds of the sample."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from clipper_assets import job
from clipper_assets.catalogue.inputs import INPUTS, Inputs
from clipper_assets.edits.model import Edits, MarkedSpan, WordEdit
from clipper_assets.edits.store import save_edits
from clipper_assets.episodes.source import SOURCE
from clipper_assets.models.table import MODELS
from clipper_assets.runs.in_process import unchanged
from clipper_assets.runtime.lineage import latest_versions
from clipper_assets.settings import Settings
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.lake import parquet_bytes, stored_table
from clipper_assets.storage.tables import provenance
from clipper_assets.transcript.words import WORDS
from clipper_assets_tests.catalogue.staleness import Catalogue

pytestmark = pytest.mark.episodes

KEY = "test1/cut.mp4"
TABLES = ["raw_video", "aligned_transcript", "ad_spans", "chapters", "highlight_windows", "scenes", "camera_paths"]


@dataclass
class Episode:
    """An episode in a directory storage, and a Dagster instance."""

    storage: DirectoryStorage
    instance: dg.DagsterInstance

    def recomputed(self, **config: dict[str, Any]) -> list[str]:
        """Run the assets with run config by asset, and return those whose tables were recomputed, not reused."""
        self.instance.add_dynamic_partitions("episodes", [KEY])
        run = dg.materialize(
            [*INPUTS, *job.assets],
            selection=TABLES,
            partition_key=KEY,
            instance=self.instance,
            resources=job.build_resources(Settings(), self.storage),
            run_config={"ops": {asset: {"config": values} for asset, values in config.items()}},
        )
        return [asset for asset in TABLES if asset not in unchanged(run)]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, cut: Path) -> Path:
    """The root of a storage after one run; each test gets a copy."""
    root = tmp_path_factory.mktemp("finished")
    storage = DirectoryStorage(root=str(root))
    storage.put_file(KEY, cut)
    storage.put_file("test1/cut.srt", cut.with_suffix(".srt"))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CLIPPER_WINDOW_MIN_S", "3")
        environment.setenv("CLIPPER_WINDOW_MAX_S", "6")
        assert Episode(storage, dg.DagsterInstance.ephemeral()).recomputed() == TABLES
    return root


@pytest.fixture
def episode(finished: Path, tmp_path: Path, short_windows: None, instance: dg.DagsterInstance) -> Episode:
    """The finished episode with a new instance, whose event log does not have the first run."""
    return Episode(DirectoryStorage(root=str(shutil.copytree(finished, tmp_path / "copy"))), instance)


def test_unchanged_tables_are_reused_even_if_the_event_log_was_purged(episode: Episode) -> None:
    assert episode.recomputed() == []


def test_the_config_afresh_recomputes_a_table(episode: Episode) -> None:
    assert episode.recomputed(highlight_windows={"afresh": True}) == ["highlight_windows"]
    assert episode.recomputed(**{asset: {"afresh": True} for asset in TABLES}) == TABLES


def test_a_replaced_upload_is_probed_again(episode: Episode) -> None:
    data = episode.storage.read_bytes(KEY)
    episode.storage.put_bytes(KEY, data)  # the same bytes
    assert episode.recomputed() == []
    episode.storage.put_bytes(KEY, data + b"\0")
    # The same words in the same length have the same chapters.
    assert episode.recomputed() == [table for table in TABLES if table != "chapters"]


def test_a_changed_transcript_file_recomputes_the_transcript(episode: Episode) -> None:
    srt = episode.storage.read_bytes("test1/cut.srt")
    episode.storage.put_bytes("test1/cut.srt", srt)
    assert episode.recomputed() == []
    episode.storage.put_bytes("test1/cut.srt", srt.replace(b"the", b"that"))
    assert episode.recomputed()[:4] == ["aligned_transcript", "ad_spans", "chapters", "highlight_windows"]


def test_tables_are_reused_if_the_recomputed_table_before_them_is_the_same(episode: Episode) -> None:
    srt = episode.storage.read_bytes("test1/cut.srt")
    episode.storage.put_bytes("test1/cut.srt", srt + b"\n\n")
    assert episode.recomputed() == ["aligned_transcript"]


def test_another_transcript_file_recomputes_the_transcript_only_if_it_is_used(
    episode: Episode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIPPER_LANGUAGE", "de")
    episode.recomputed()
    episode.storage.put_bytes("test1/Cut.German.srt", b"1\n00:00:00,000 --> 00:00:09,000\nHallo, hier ist Anna.\n")
    assert episode.recomputed() == []
    episode.storage.delete("test1/cut.srt")
    assert "aligned_transcript" in episode.recomputed()


def test_another_number_of_clips_recomputes_the_windows_from_the_same_transcript(episode: Episode) -> None:
    assert episode.recomputed(highlight_windows={"max_clips": 1})[0] == "highlight_windows"


def test_another_layout_recomputes_the_camera_paths_but_not_the_scenes(episode: Episode) -> None:
    split = {"layout": "split"}
    assert episode.recomputed(scenes=split, camera_paths=split) == ["camera_paths"]
    episode.storage.put_bytes("test1/show.toml", b'layout = "speaker"')
    assert episode.recomputed() == ["camera_paths"]


def test_newly_downloaded_models_recompute_the_scenes(
    episode: Episode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = tmp_path / "models" / MODELS["ultraface-rfb-320"].path
    fetched.parent.mkdir(parents=True)
    fetched.write_bytes(b"a damaged model, so that the step falls back to OpenCV's detector")
    monkeypatch.setenv("CLIPPER_MODELS_DIR", str(tmp_path / "models"))
    assert "scenes" in episode.recomputed()


def test_another_minimum_clip_length_recomputes_the_source_and_the_windows(
    episode: Episode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIPPER_WINDOW_MIN_S", "3.5")
    tables = episode.recomputed()
    assert {"raw_video", "highlight_windows"} <= set(tables)
    assert "aligned_transcript" not in tables


@pytest.mark.parametrize(
    ("asset", "table", "content"),
    [
        ("raw_video", "source", None),
        ("aligned_transcript", "words", b"PAR1"),
        ("ad_spans", "ad_spans", None),
        ("highlight_windows", "windows", None),
        ("scenes", "scenes", b"PAR1"),
        ("camera_paths", "camera", None),
    ],
)
def test_only_a_missing_or_damaged_table_is_recomputed(
    episode: Episode, asset: str, table: str, content: bytes | None
) -> None:
    key = f"lake/{asset}/episode=test1%2Fcut.mp4/{table}.parquet"
    episode.storage.delete(key)
    if content:
        episode.storage.put_bytes(key, content)
    assert episode.recomputed() == [asset]


def test_a_table_of_a_version_with_other_checks_is_made_again(episode: Episode) -> None:
    table = stored_table(episode.storage, "raw_video", SOURCE, KEY)
    other = table.replace_schema_metadata({**provenance(table), "checks": "[]"})
    key = "lake/raw_video/episode=test1%2Fcut.mp4/source.parquet"
    episode.storage.put_bytes(key, parquet_bytes(other.drop_columns(["episode"])))
    assert episode.recomputed() == ["raw_video"]


def test_missing_speech_audio_is_extracted_again(episode: Episode) -> None:
    (speech,) = [stored.key for stored in episode.storage.list_objects("lake") if stored.key.endswith(".flac")]
    episode.storage.delete(speech)
    assert episode.recomputed() == ["raw_video"]
    assert episode.storage.exists(speech)


def test_a_reused_table_reports_its_metadata_but_no_durations_and_memory(episode: Episode) -> None:
    episode.recomputed(**{asset: {"afresh": True} for asset in TABLES})
    (first,) = materializations(episode, "aligned_transcript")
    assert episode.recomputed() == []
    reused, _ = materializations(episode, "aligned_transcript")
    assert reused.metadata["up_to_date"].value is True
    assert reused.metadata["stored_bytes"] == first.metadata["stored_bytes"]
    assert reused.metadata["engine"] == first.metadata["engine"]
    assert {"seconds", "real_time_factor", "peak_memory"} <= set(first.metadata)
    assert not {"seconds", "real_time_factor", "peak_memory"} & set(reused.metadata)
    assert reused.tags
    assert first.tags
    assert reused.tags["clipper/recipe"] == first.tags["clipper/recipe"]


@pytest.mark.parametrize("key", [KEY, "another/cut.mp4"])
def test_an_edited_word_of_this_or_another_episode_recomputes_no_table(episode: Episode, key: str) -> None:
    word = WordEdit(start=0.0, end=0.1, was="teh", text="the")
    assert save_edits(episode.storage, episode.instance, key, Edits(version=1, words=[word]))
    assert episode.recomputed() == []


def test_a_marked_advert_recomputes_the_windows_but_not_the_detection(episode: Episode) -> None:
    marked = [MarkedSpan(start=0.0, end=4.0)]
    assert save_edits(episode.storage, episode.instance, KEY, Edits(version=1, marked=marked))
    assert episode.recomputed()[:2] == ["chapters", "highlight_windows"]
    assert save_edits(episode.storage, episode.instance, KEY, Edits(version=2))
    assert episode.recomputed()[:2] == ["chapters", "highlight_windows"]


def materializations(episode: Episode, asset: str) -> list[dg.AssetMaterialization]:
    """The materializations of an asset, newest first."""
    records = episode.instance.fetch_materializations(dg.AssetKey(asset), limit=10).records
    return [record.asset_materialization for record in records if record.asset_materialization]


def test_the_value_of_a_token_does_not_change_a_recipe(episode: Episode, monkeypatch: pytest.MonkeyPatch) -> None:
    recipes = []
    for token in ("hf-one", "hf-two"):
        monkeypatch.setenv("HF_TOKEN", token)
        episode.recomputed()
        table = stored_table(episode.storage, "aligned_transcript", WORDS, KEY)
        recipes.append(provenance(table)["recipe"])
    assert recipes[0] == recipes[1]


def test_a_run_reads_what_the_observers_see_and_its_results_are_fresh(episode: Episode) -> None:
    """Whatever its run config: the observers do not know it."""
    episode.recomputed(
        aligned_transcript={"language": "de"}, scenes={"layout": "center"}, camera_paths={"layout": "center"}
    )
    catalogue = Catalogue(episode.storage, episode.instance, Settings())
    assert catalogue.stale(KEY, TABLES) == set()
    catalogue.sweep()  # for settings
    catalogue.sweep()  # for files
    assert catalogue.stale(KEY, TABLES) == set()
    catalogue.write("test1/show.toml", 'layout = "split"')
    assert catalogue.stale(KEY, TABLES) == {"camera_paths"}
    read = Inputs(episode.storage, Settings()).all_of(KEY)
    unread = {key for key in read if not latest_versions(episode.instance, key, [KEY])}
    assert {key.path[-1] for key in unread} == {"rendered_clips", "clip_variants"}  # which did not run
