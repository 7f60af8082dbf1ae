"""The step `library` at the end of a run: its rows, and that it takes no clips with it when it fails."""

import dagster as dg
import pytest
from deltalake.exceptions import DeltaError

from clipper_assets.episodes.partitions import episodes
from clipper_assets.library import update
from clipper_assets.library.assets import library
from clipper_assets.library.delta import dataset
from clipper_assets.library.tables import EPISODES, TABLES, WORDS
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.library.episode import store_episode


def materialized(storage: DirectoryStorage, instance: dg.DagsterInstance, episode: str) -> dg.ExecuteInProcessResult:
    instance.add_dynamic_partitions(str(episodes.name), [episode])
    return dg.materialize(
        [library], partition_key=episode, instance=instance, resources={"storage": storage}, raise_on_error=False
    )


def test_the_step_replaces_the_rows_of_its_episode(storage: DirectoryStorage, instance: dg.DagsterInstance) -> None:
    others, episode = store_episode(storage, "trains/talk.mp4"), store_episode(storage)
    for each in (others, episode, episode):
        result = materialized(storage, instance, each)
    (event,) = result.asset_materializations_for_node("library")
    facts = {name: value.value for name, value in event.metadata.items()}
    counts = {"episodes": 1, "words": 26, "sentences": 4, "turns": 3, "windows": 2, "clips": 2, "costs": 0}
    assert {name: facts[name] for name in counts} == counts
    assert facts["dagster/row_count"] == 38
    assert facts["dagster/uri"] == storage.uri("lake/library")
    assert [evaluation.passed for evaluation in result.get_asset_check_evaluations()] == [True]
    assert dataset(storage, WORDS).count_rows() == 52
    assert {row["episode"] for row in dataset(storage, EPISODES).to_table().to_pylist()} == {others, episode}


@pytest.mark.parametrize(
    "error", [DeltaError("the log is broken\nat line 1"), OSError(28, "full", "/data"), KeyError(1)]
)
def test_a_failure_ends_the_run_well_and_makes_nothing(
    storage: DirectoryStorage, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(update, "replace_rows", fail)
    result = materialized(storage, instance, store_episode(storage))
    assert result.success
    assert not result.asset_materializations_for_node("library")
    (check,) = result.get_asset_check_evaluations()
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert check.description
    assert "line 1" not in check.description


def test_an_episode_that_cannot_be_read_is_named(storage: DirectoryStorage, instance: dg.DagsterInstance) -> None:
    episode = store_episode(storage)
    storage.delete(f"lake/aligned_transcript/episode={episode.replace('/', '%2F')}/words.parquet")
    result = materialized(storage, instance, episode)
    (check,) = result.get_asset_check_evaluations()
    assert result.success
    assert str(check.description).endswith("is missing; materialize aligned_transcript of the episode again")


def test_missing_rows_are_noticed(
    storage: DirectoryStorage, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update, "IN_ORDER", [spec for spec in TABLES if spec is not WORDS])
    result = materialized(storage, instance, store_episode(storage))
    (check,) = result.get_asset_check_evaluations()
    assert not check.passed
    assert check.description == "rows of the episode that the tables have: words: 0 of 26"


def test_a_change_meanwhile_is_written_as_well(storage: DirectoryStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another writer that has read an episode before it changed, and writes after the one that read the change."""
    episode = store_episode(storage)
    write = update.write
    changed: list[str] = []

    def late(*arguments: object) -> None:
        if not changed:
            changed.append(store_episode(storage, title="Changed meanwhile"))
            update.update_episode(storage, episode)
        write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(update, "write", late)
    update.update_episode(storage, episode)
    assert dataset(storage, EPISODES).to_table().to_pylist()[0]["title"] == "Changed meanwhile"
