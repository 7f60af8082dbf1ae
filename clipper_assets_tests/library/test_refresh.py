"""The hourly refresh: what changed without a run of the library, and what is gone."""

from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest

from clipper_assets.clips.removal import remove_files
from clipper_assets.costs.assets import episode_costs
from clipper_assets.costs.rows import COSTS
from clipper_assets.edits.model import Decision, Edits, MarkedSpan, StoredDecision, WordEdit
from clipper_assets.edits.windows import pinned_clips
from clipper_assets.library import housekeeping, refresh, refreshing, update
from clipper_assets.library.delta import dataset, files
from clipper_assets.library.refresh import Refreshed
from clipper_assets.library.refreshing import refresh_library
from clipper_assets.library.replace import replace_rows
from clipper_assets.library.sources import read_sources, version_of, versions
from clipper_assets.library.tables import EPISODES, TABLES, WORDS
from clipper_assets.media.frame import Aspect
from clipper_assets.runtime.errors import StorageError
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.lake import Lake, parquet_bytes, table_key
from clipper_assets_tests.library.episode import KEY, store_clips, store_edits, store_episode
from clipper_assets_tests.library.tables import word_rows

KEYS = [KEY, "trains/it's a talk.mp4", "trains/100% 日本.mp4"]


def refreshed(storage: Storage, busy: tuple[str, ...] = (), longest_s: float = 60.0) -> Refreshed:
    return refresh.refresh(storage, busy, lambda _: None, lambda _: None, lambda _, error: str(error), longest_s)


def episodes_in(storage: Storage) -> dict[str, set[str]]:
    """The episodes of each table that has rows."""
    found = {spec.name: set(map(str, dataset(storage, spec).to_table()["episode"].to_pylist())) for spec in TABLES}
    return {name: episodes for name, episodes in found.items() if episodes}


def store_costs(storage: Storage, episode: str) -> None:
    """Store the costs of one step: 3 dollars."""
    at = datetime(2026, 11, 30, tzinfo=UTC)
    row = {"episode": episode, "show": "bees", "run_id": "1", "step": "scenes", "look": None, "at": at, "failed": False}
    used = {"cpu_seconds": 1.0, "gpu_seconds": 0.0, "input_tokens": 0, "output_tokens": 0, "usd": 3.0}
    costs = parquet_bytes(COSTS.table([{**row, **used}]).drop_columns(["episode"]))
    storage.put_bytes(table_key("episode_costs", COSTS.name, episode), costs)


def test_versions_of_all_are_those_of_each(any_storage: Storage) -> None:
    episodes = [store_episode(any_storage, key) for key in KEYS]
    replace_rows(any_storage, WORDS, ["x"], word_rows("x"))
    assert versions(any_storage) == {episode: version_of(any_storage, episode) for episode in episodes}


def test_all_episodes_come_in_and_those_that_are_gone_go(storage: DirectoryStorage) -> None:
    first, second, third = (store_episode(storage, key) for key in KEYS)
    assert set(refreshed(storage).updated) == {first, second, third}
    assert refreshed(storage) == Refreshed()
    remove_files(storage, second)
    assert refreshed(storage) == Refreshed(removed=[second])
    assert set(map(frozenset, episodes_in(storage).values())) == {frozenset({first, third})}


def test_what_people_and_other_runs_change_arrives(storage: DirectoryStorage) -> None:
    episode, _ = store_episode(storage), store_episode(storage, KEYS[1])
    refreshed(storage)
    words = [WordEdit(start=0, end=0.5, was="Welcome", text="Willkommen")]
    store_edits(storage, episode, Edits(version=1, words=words))
    assert set(refreshed(storage).updated) == {episode}
    assert "Willkommen" in dataset(storage, WORDS).to_table()["text"].to_pylist()
    store_clips(storage, KEY, Aspect.square, "/looks/square-marker")
    assert set(refreshed(storage).updated) == {episode}


def test_what_is_left_comes_next_time(storage: DirectoryStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    episodes = [store_episode(storage, key) for key in KEYS]
    assert refreshed(storage, longest_s=0).left == 3
    assert set(refreshed(storage, busy=(episodes[0],)).updated) == set(episodes[1:])
    storage.put_bytes(f"lake/raw_video/episode={episodes[0].replace('/', '%2F')}/source.parquet", b"damaged")
    (reason,) = refreshed(storage).unreadable.values()
    assert reason.endswith("cannot be read as source; materialize raw_video of the episode again")


def test_a_change_during_the_refresh_is_in_it(storage: DirectoryStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    store_episode(storage)
    monkeypatch.setattr(refresh, "write", lambda *_: store_episode(storage, title="Changed meanwhile"))
    refreshed(storage)
    assert dataset(storage, EPISODES).to_table()["title"].to_pylist() == ["Changed meanwhile"]


@pytest.mark.parametrize("written", [1, 2])
@pytest.mark.parametrize("removed", [False, True])
def test_a_killed_writer_is_mended(
    storage: DirectoryStorage, monkeypatch: pytest.MonkeyPatch, written: int, removed: bool
) -> None:
    """What it had begun is complete afterwards, or gone if the episode is. It is one advert, so it has no turns."""
    episode = store_episode(storage)
    store_edits(storage, episode, Edits(version=1, marked=[MarkedSpan(start=0, end=100)]))
    store_costs(storage, episode)
    complete = {spec.name for spec in TABLES} - {"turns"}
    monkeypatch.setattr(update, "IN_ORDER", update.IN_ORDER[:written])
    update.update_episode(storage, episode)
    assert episodes_in(storage).keys() < complete
    monkeypatch.undo()
    if removed:
        remove_files(storage, episode)
    assert refreshed(storage).removed == ([episode] if removed else [])
    assert episodes_in(storage).keys() == (set() if removed else complete)


@pytest.mark.parametrize("done", [1, len(TABLES) - 1])
def test_a_removal_that_was_interrupted_is_repeated(
    storage: DirectoryStorage, monkeypatch: pytest.MonkeyPatch, done: int
) -> None:
    episode = store_episode(storage)
    refreshed(storage)
    remove_files(storage, episode)
    monkeypatch.setattr(update, "IN_ORDER", update.IN_ORDER[-done:])
    update.remove(storage, [episode])
    assert episodes_in(storage)
    monkeypatch.undo()
    assert refreshed(storage).removed == [episode]
    assert not episodes_in(storage)


def test_an_episode_that_is_gone_goes_from_every_table(storage: DirectoryStorage) -> None:
    begun = [spec for spec in TABLES if spec is not WORDS]
    for spec in begun:
        replace_rows(storage, spec, [spec.name], pa.table({"episode": [spec.name]}))
    assert refreshed(storage).removed == sorted(spec.name for spec in begun)
    assert not episodes_in(storage)


def test_readers_of_an_older_version_read_on(storage: DirectoryStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "MOST_SMALL", 3)
    for number in range(5):
        replace_rows(storage, WORDS, [f"{number}"], word_rows(f"{number}"))
    reader = dataset(storage, WORDS)
    assert (housekeeping.compacted(storage, WORDS), housekeeping.compacted(storage, WORDS)) == (5, 0)
    replace_rows(storage, WORDS, ["0"], word_rows("0", 9))
    assert housekeeping.vacuumed(storage, WORDS) == 0
    assert (reader.count_rows(), dataset(storage, WORDS).count_rows()) == (15, 21)


def test_words_that_were_removed_leave_the_disk(storage: DirectoryStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "clipper_assets.library.delta.CONFIGURATION", {"delta.deletedFileRetentionDuration": "interval 0 hours"}
    )
    monkeypatch.setattr(housekeeping, "RETENTION_HOURS", 0)
    replace_rows(storage, WORDS, ["a"], word_rows("a", text="confidential"))
    replace_rows(storage, WORDS, ["a"], word_rows("a", text="public"))
    assert housekeeping.vacuumed(storage, WORDS) == 1
    stored = [each.key for each in storage.list_objects("lake/library/words") if each.key.endswith(".parquet")]
    assert [storage.path(key) for key in stored if "_delta_log" not in key] == files(storage, WORDS)
    assert dataset(storage, WORDS).to_table()["text"].to_pylist() == ["public"] * 3


def test_the_job_reports_what_it_brought_up_to_date(storage: DirectoryStorage, instance: dg.DagsterInstance) -> None:
    episode, running = store_episode(storage), store_episode(storage, KEYS[1])
    run = dg.DagsterRun("clip_episode", tags={"dagster/partition": running}, status=dg.DagsterRunStatus.STARTED)
    instance.add_run(run)
    result = refresh_library.execute_in_process(instance=instance, resources={"storage": storage})
    (event,) = result.get_asset_materialization_events()
    assert event.partition == episode
    latest = instance.get_latest_materialization_event(dg.AssetKey("library"))
    assert latest is not None
    (output,) = [event.step_output_data for event in result.all_events if event.event_type_value == "STEP_OUTPUT"]
    facts = {name: value.value for name, value in output.metadata.items()}
    assert {name: facts[name] for name in ("updated", "removed", "left", "unreadable")} == {
        "updated": 1, "removed": 0, "left": 0, "unreadable": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("failing", "error", "reason"),
    [
        ("collect_costs", StorageError("it is archived"), "it is archived"),
        ("read_sources", PermissionError(13, "denied", "/words"), "this process has no permission to open /words; "),
        ("episode_rows", KeyError("clip"), "KeyError: 'clip'"),
        ("version_of", TimeoutError("no answer\nat all"), "TimeoutError: no answer"),
    ],
)
def test_an_episode_that_fails_is_reported_and_holds_up_no_other(
    storage: DirectoryStorage,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
    failing: str,
    error: Exception,
    reason: str,
) -> None:
    episode, other = store_episode(storage), store_episode(storage, KEYS[1])
    place = refreshing if failing == "collect_costs" else refresh
    original = getattr(place, failing)

    def fail(*arguments: Any) -> object:
        if episode in arguments or any(getattr(each, "source", None) == source for each in arguments):
            raise error
        return original(*arguments)

    source = read_sources(storage, episode).source
    monkeypatch.setattr(place, failing, fail)
    result = refresh_library.execute_in_process(instance=instance, resources={"storage": storage})
    assert [event.partition for event in result.get_asset_materialization_events()] == [other]
    found = {each.partition: (each.passed, each.description or "") for each in result.get_asset_check_evaluations()}
    assert found.keys() == {episode, other}
    assert found[other][0]
    assert not found[episode][0]
    assert found[episode][1].startswith(reason)


def test_lost_costs_are_in_the_log(storage: DirectoryStorage, instance: dg.DagsterInstance) -> None:
    episode = store_episode(storage)
    storage.put_bytes(table_key("episode_costs", COSTS.name, episode), b"damaged")
    storage.put_bytes(table_key("rendered_clips", "clips", episode), b"damaged")
    result = refresh_library.execute_in_process(instance=instance, resources={"storage": storage})
    log = "\n".join(entry.user_message for entry in instance.all_logs(result.run_id))
    assert f"{episode}: the costs of runs that were removed since are lost: " in log
    assert f"{episode}: the costs are stored, but not shown in the UI: " in log


def test_the_costs_that_the_ui_plots_follow_decisions(storage: DirectoryStorage, instance: dg.DagsterInstance) -> None:
    """With the data version of the asset, so that nothing becomes stale, and only where they say something new."""
    episode = store_episode(storage)
    store_costs(storage, episode)
    instance.add_dynamic_partitions("episodes", [episode])
    resources = {"storage": storage, "lake": Lake(storage=storage)}
    made = dg.materialize([episode_costs], instance=instance, partition_key=episode, resources=resources)
    (first,) = made.asset_materializations_for_node("episode_costs")
    version_of_asset = (first.tags or {})["dagster/data_version"]
    picked = pinned_clips(Edits(version=0), read_sources(storage, episode).windows)

    def reported(version: int, decision: Decision, **edits: Any) -> list[Any]:
        """The dollars that are reported after a decision, of the episode and for each approved clip."""
        judged = StoredDecision(decision=decision, sha256="sha of bees/clips/clip_0")
        clips = [picked[0].model_copy(update={"judged": judged})]
        store_edits(storage, episode, Edits(version=version, clips=clips, **edits))
        result = refresh_library.execute_in_process(instance=instance, resources={"storage": storage})
        events = [event.materialization for event in result.get_asset_materialization_events()]
        costs = [event for event in events if event.asset_key.path == ["episode_costs"]]
        assert {(event.tags or {})["dagster/data_version"] for event in costs} <= {version_of_asset}
        return [(event.metadata["usd"].value, event.metadata["usd_per_approved_clip"].value) for event in costs]

    assert reported(1, Decision.rejected) == []
    assert reported(2, Decision.approved) == [(3.0, 3.0)]
    assert reported(3, Decision.approved, words=[WordEdit(start=0, end=0.5, was="Welcome", text="Hello")]) == []
