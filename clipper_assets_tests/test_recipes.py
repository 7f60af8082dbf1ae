"""Which results of an episode a run makes again, and which it takes as they are stored: ten seconds of the sample."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from clipper_assets import job
from clipper_assets.camera.analysis.models import MODELS
from clipper_assets.edits.model import Edits, WordEdit
from clipper_assets.edits.store import EDITS, save_edits
from clipper_assets.runs.in_process import unchanged
from clipper_assets.settings import Settings
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.lake import stored_table
from clipper_assets.storage.tables import provenance
from clipper_assets.transcript.words import WORDS

KEY = "test1/cut.mp4"
TABLES = ["raw_video", "aligned_transcript", "highlight_windows", "scenes", "camera_paths"]


@dataclass
class Episode:
    """An episode whose tables were made once, on a directory."""

    storage: DirectoryStorage
    instance: dg.DagsterInstance

    def made_again(self, **config: dict[str, Any]) -> list[str]:
        """The tables that another run, with run config by asset, makes again: the others are taken as they are."""
        self.instance.add_dynamic_partitions("episodes", [KEY])
        run = dg.materialize(
            [EDITS, *job.assets],
            selection=TABLES,
            partition_key=KEY,
            instance=self.instance,
            resources=job.build_resources(Settings(), self.storage),
            run_config={"ops": {asset: {"config": values} for asset, values in config.items()}},
        )
        return [asset for asset in TABLES if asset not in unchanged(run)]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, cut: Path) -> Path:
    """The storage after one run, of which each test gets a copy."""
    root = tmp_path_factory.mktemp("finished")
    storage = DirectoryStorage(root=str(root))
    storage.put_file(KEY, cut)
    storage.put_file("test1/cut.srt", cut.with_suffix(".srt"))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CLIPPER_WINDOW_MIN_S", "3")
        environment.setenv("CLIPPER_WINDOW_MAX_S", "6")
        assert Episode(storage, dg.DagsterInstance.ephemeral()).made_again() == TABLES
    return root


@pytest.fixture
def episode(finished: Path, tmp_path: Path, short_windows: None, instance: dg.DagsterInstance) -> Episode:
    """The finished episode as an instance sees it whose event log knows nothing of the first run."""
    return Episode(DirectoryStorage(root=str(shutil.copytree(finished, tmp_path / "copy"))), instance)


def test_unchanged_tables_are_kept_even_where_the_event_log_was_purged(episode: Episode) -> None:
    assert episode.made_again() == []


def test_results_are_made_afresh_on_demand(episode: Episode) -> None:
    assert episode.made_again(highlight_windows={"afresh": True}) == ["highlight_windows"]
    assert episode.made_again(**{asset: {"afresh": True} for asset in TABLES}) == TABLES


def test_a_replaced_upload_is_probed_again(episode: Episode) -> None:
    data = episode.storage.read_bytes(KEY)
    episode.storage.put_bytes(KEY, data)  # the same bytes
    assert episode.made_again() == []
    episode.storage.put_bytes(KEY, data + b"\0")
    assert episode.made_again() == TABLES


def test_a_changed_transcript_file_is_read_again(episode: Episode) -> None:
    srt = episode.storage.read_bytes("test1/cut.srt")
    episode.storage.put_bytes("test1/cut.srt", srt)
    assert episode.made_again() == []
    episode.storage.put_bytes("test1/cut.srt", srt.replace(b"the", b"that"))
    assert episode.made_again()[:2] == ["aligned_transcript", "highlight_windows"]


def test_steps_after_a_result_that_came_out_the_same_are_kept(episode: Episode) -> None:
    srt = episode.storage.read_bytes("test1/cut.srt")
    episode.storage.put_bytes("test1/cut.srt", srt + b"\n\n")
    assert episode.made_again() == ["aligned_transcript"]


def test_a_transcript_file_in_the_language_of_the_environment_is_read(
    episode: Episode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIPPER_LANGUAGE", "de")
    episode.made_again()
    episode.storage.put_bytes("test1/cut.de.srt", b"1\n00:00:00,000 --> 00:00:09,000\nHallo, hier ist Anna.\n")
    assert "aligned_transcript" in episode.made_again()


def test_other_highlights_are_picked_from_the_same_transcript(episode: Episode) -> None:
    assert episode.made_again(highlight_windows={"max_clips": 1})[0] == "highlight_windows"


def test_another_layout_looks_at_nothing_again(episode: Episode) -> None:
    split = {"layout": "split"}
    assert episode.made_again(scenes=split, camera_paths=split) == ["camera_paths"]
    episode.storage.put_bytes("test1/show.toml", b'layout = "speaker"')
    assert episode.made_again() == ["camera_paths"]


def test_models_that_were_fetched_since_are_used(
    episode: Episode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = tmp_path / "models" / MODELS["ultraface-rfb-320"].path
    fetched.parent.mkdir(parents=True)
    fetched.write_bytes(b"a damaged model, so that the step falls back to OpenCV's detector")
    monkeypatch.setenv("CLIPPER_MODELS_DIR", str(tmp_path / "models"))
    assert "scenes" in episode.made_again()


def test_another_shortest_clip_probes_and_picks_again(episode: Episode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIPPER_WINDOW_MIN_S", "3.5")
    again = episode.made_again()
    assert {"raw_video", "highlight_windows"} <= set(again)
    assert "aligned_transcript" not in again


@pytest.mark.parametrize(
    ("asset", "table", "content"),
    [
        ("raw_video", "source", None),
        ("aligned_transcript", "words", b"PAR1"),
        ("highlight_windows", "windows", None),
        ("scenes", "scenes", b"PAR1"),
        ("camera_paths", "camera", None),
    ],
)
def test_a_missing_or_damaged_table_is_made_again_alone(
    episode: Episode, asset: str, table: str, content: bytes | None
) -> None:
    key = f"lake/{asset}/episode=test1%2Fcut.mp4/{table}.parquet"
    episode.storage.delete(key)
    if content:
        episode.storage.put_bytes(key, content)
    assert episode.made_again() == [asset]


def test_missing_speech_audio_is_extracted_again(episode: Episode) -> None:
    (speech,) = [each.key for each in episode.storage.list_objects("lake") if each.key.endswith(".flac")]
    episode.storage.delete(speech)
    assert episode.made_again() == ["raw_video"]
    assert episode.storage.exists(speech)


def test_a_kept_result_reports_its_checks_and_facts_but_no_costs(episode: Episode) -> None:
    episode.made_again(**{asset: {"afresh": True} for asset in TABLES})
    (made,) = materializations(episode, "aligned_transcript")
    assert episode.made_again() == []
    kept, _ = materializations(episode, "aligned_transcript")
    assert kept.metadata["up_to_date"].value is True
    assert kept.metadata["engine"] == made.metadata["engine"]
    assert {"seconds", "real_time_factor", "peak_memory"} <= set(made.metadata)
    assert not {"seconds", "real_time_factor", "peak_memory"} & set(kept.metadata)
    assert kept.tags
    assert made.tags
    assert kept.tags["clipper/recipe"] == made.tags["clipper/recipe"]


@pytest.mark.parametrize("key", [KEY, "another/cut.mp4"])
def test_an_edited_word_of_this_or_another_episode_makes_no_table_again(episode: Episode, key: str) -> None:
    word = WordEdit(start=0.0, end=0.1, was="teh", text="the")
    assert save_edits(episode.storage, episode.instance, key, Edits(version=1, words=[word]))
    assert episode.made_again() == []


def materializations(episode: Episode, asset: str) -> list[dg.AssetMaterialization]:
    """The materializations of an asset, newest first."""
    records = episode.instance.fetch_materializations(dg.AssetKey(asset), limit=10).records
    return [record.asset_materialization for record in records if record.asset_materialization]


def test_a_token_changes_no_recipe_by_its_value(episode: Episode, monkeypatch: pytest.MonkeyPatch) -> None:
    recipes = []
    for token in ("hf-one", "hf-two"):
        monkeypatch.setenv("HF_TOKEN", token)
        episode.made_again()
        table = stored_table(episode.storage, "aligned_transcript", WORDS, KEY)
        recipes.append(provenance(table)["recipe"])
    assert recipes[0] == recipes[1]
