"""Observations between runs: bounded, complete over several ticks, and only where something differs."""

import errno
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from clipper_assets.catalogue import observing as module
from clipper_assets.catalogue.inputs import Inputs
from clipper_assets.catalogue.observing import build_observe_inputs, observing
from clipper_assets.runtime.lineage import latest_versions, report
from clipper_assets.setting_types import PickerName
from clipper_assets.settings import Settings
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage

EPISODES = [f"show/{number}.mp4" for number in range(7)]
CAPTIONS = dg.AssetKey(["show_settings", "rendered_clips"])
MODEL = dg.AssetKey("speech_model")


@pytest.fixture
def observed(storage: DirectoryStorage, instance: dg.DagsterInstance) -> dg.DagsterInstance:
    """An instance that knows what the steps of all episodes read."""
    instance.add_dynamic_partitions("episodes", EPISODES)
    for episode in EPISODES:
        storage.put_bytes(episode, b"video")
        report(instance, episode, Inputs(storage, Settings()).all_of(episode))
    return instance


def tick(
    storage: Storage, instance: dg.DagsterInstance, cursor: str | None, settings: Settings
) -> tuple[list[str | None], str | None]:
    """The partitions of the observations of a tick, which are stored, and the cursor."""
    with dg.build_sensor_context(instance=instance, cursor=cursor, resources={"storage": storage}) as context:
        result = build_observe_inputs(settings)(context)
    assert isinstance(result, dg.SensorResult)
    return store(instance, result.asset_events), result.cursor


def store(instance: dg.DagsterInstance, events: object) -> list[str | None]:
    assert isinstance(events, list)
    for event in events:
        instance.report_runless_asset_event(event)
    return [event.partition for event in events]


def test_nothing_is_observed_where_nothing_changed(storage: DirectoryStorage, observed: dg.DagsterInstance) -> None:
    assert tick(storage, observed, None, Settings())[0] == []
    assert observing(Settings())(observed, storage, ["show/show.toml", "show/0.srt", "other/show.toml"]) == []


@pytest.mark.parametrize(
    "changes", [{"openai_model": "another"}, {"openai_api_key": None}, {"picker": PickerName.openai}], ids=str
)
def test_a_sweep_begins_also_for_shows_that_ask_a_model_where_the_settings_do_not(
    storage: DirectoryStorage, changes: dict[str, Any]
) -> None:
    settings = Settings.model_validate({"openai_api_key": "a-key", "picker": PickerName.heuristic})
    changed = settings.model_copy(update=changes)
    assert module.deployment_version(storage, changed) != module.deployment_version(storage, settings)


def test_an_episode_that_never_ran_is_left_to_its_first_run(
    storage: DirectoryStorage, instance: dg.DagsterInstance
) -> None:
    instance.add_dynamic_partitions("episodes", EPISODES)
    assert tick(storage, instance, None, Settings())[0] == []


def test_what_does_not_fit_into_a_call_comes_with_the_next(
    storage: DirectoryStorage, observed: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_OBSERVATIONS", 3)
    storage.put_bytes("show/show.toml", b"max_clips = 5")
    observe = observing(Settings())
    parts = [store(observed, observe(observed, storage, ["show/show.toml"])) for _ in range(4)]
    assert parts == [EPISODES[:3], EPISODES[3:6], EPISODES[6:], []]


def test_settings_reach_all_episodes_at_once_and_the_sweep_over_files_follows(
    storage: DirectoryStorage, observed: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_EPISODES", 3)
    settings = Settings(whisper_model="large-v3")
    _, cursor = tick(storage, observed, None, Settings())
    seen, cursor = tick(storage, observed, cursor, settings)
    assert seen == EPISODES
    storage.put_bytes("show/6.srt", b"transcript")
    parts = []
    for _ in range(3):
        seen, cursor = tick(storage, observed, cursor, settings)
        parts.append(seen)
    assert parts == [[], [], ["show/6.mp4", "show/6.mp4"]]  # the file, and no Whisper model


def test_a_tick_that_takes_long_leaves_the_rest_to_the_next(
    storage: DirectoryStorage, observed: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SWEEP_S", -1.0)
    settings, cursor = Settings(whisper_model="large-v3"), None
    for episode in EPISODES:
        seen, cursor = tick(storage, observed, cursor, settings)
        assert seen == [episode]
    assert len(set(latest_versions(observed, MODEL, EPISODES).values())) == 1


def test_a_tick_that_is_full_goes_on_with_the_episode_it_did_not_finish(
    storage: DirectoryStorage, observed: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_OBSERVATIONS", 3)
    settings = Settings(whisper_model="large-v3", window_max_s=90.0)  # two observations of each episode
    seen: list[str | None] = []
    cursor = None
    for _ in range(8):
        partitions, cursor = tick(storage, observed, cursor, settings)
        assert len(partitions) <= 3
        seen += partitions
    assert sorted(map(str, seen)) == sorted(2 * EPISODES)


def test_a_removed_file_is_seen_by_the_sweep_of_a_directory(
    storage: DirectoryStorage, observed: dg.DagsterInstance
) -> None:
    storage.put_bytes("show/show.toml", b"tighten = true")
    before = latest_versions(observed, CAPTIONS, EPISODES)
    seen, cursor = tick(storage, observed, None, Settings())
    assert seen == sorted(2 * EPISODES)
    storage.delete("show/show.toml")
    assert tick(storage, observed, cursor, Settings())[0] == sorted(2 * EPISODES)
    assert latest_versions(observed, CAPTIONS, EPISODES) == before


def test_a_bucket_is_swept_once_until_something_changes(any_storage: Storage, instance: dg.DagsterInstance) -> None:
    instance.add_dynamic_partitions("episodes", EPISODES[:1])
    report(instance, EPISODES[0], Inputs(any_storage, Settings()).all_of(EPISODES[0]))
    cursor = None
    for _ in range(3):
        seen, cursor = tick(any_storage, instance, cursor, Settings())
        assert seen == []
    any_storage.put_bytes("show/0.speakers.toml", b"A = 'Anna'")
    seen, cursor = tick(any_storage, instance, cursor, Settings())
    assert seen == (EPISODES[:1] if isinstance(any_storage, DirectoryStorage) else [])
    any_storage.put_bytes("prompts/standard/pick.md", b"Pick.")
    by_settings, cursor = tick(any_storage, instance, cursor, Settings())
    assert by_settings == []  # without a key, rules pick
    assert tick(any_storage, instance, cursor, Settings())[0] == ([] if seen else EPISODES[:1])


@pytest.mark.parametrize("file", ["show.toml", "3.srt"])
def test_a_file_that_cannot_be_read_holds_up_no_other_episode(
    file: str, storage: DirectoryStorage, observed: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = Path(storage.root, "show", file)
    secret.write_text("secret")
    opened = Path.open

    def denied(path: Path, *arguments: Any, **more: Any) -> Any:
        if path == secret:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opened(path, *arguments, **more)

    monkeypatch.setattr(Path, "open", denied)
    stale = EPISODES if file == "show.toml" else EPISODES[3:4]
    found = observing(Settings())(observed, storage, [f"show/{file}"])
    assert {each.partition for each in found} == set(stale)
    _, cursor = tick(storage, observed, None, Settings())
    partitions, _ = tick(storage, observed, cursor, Settings().model_copy(update={"whisper_model": "another"}))
    assert set(partitions) >= set(EPISODES) - {EPISODES[3]}


def test_settings_that_link_out_of_the_root_hold_up_no_other_episode(
    storage: DirectoryStorage, observed: dg.DagsterInstance, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "show.toml"
    outside.write_text("tighten = true")
    Path(storage.root, "show", "show.toml").symlink_to(outside)
    assert set(tick(storage, observed, None, Settings())[0]) == set(EPISODES)
