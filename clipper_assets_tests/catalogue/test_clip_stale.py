"""`clip_stale` over a catalogue of which a few episodes differ, each in another way, with the real job and sensor."""

import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from clipper_assets.catalogue.clip_stale import checked_overrides, clip_stale
from clipper_assets.catalogue.clip_stale_runs import CLIP_STALE_TAG, DIFFERS_TAG, MOST_AT_ONCE, build_clip_stale_runs
from clipper_assets.catalogue.inputs import INPUTS
from clipper_assets.catalogue.plans import newest_plan_id
from clipper_assets.edits.model import Decision, Edits, MarkedSpan, StoredDecision
from clipper_assets.edits.store import save_edits
from clipper_assets.edits.windows import pinned_clips
from clipper_assets.highlights.window import WINDOWS
from clipper_assets.job import assets, build_resources, clip_episode
from clipper_assets.settings import Settings
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.lake import parquet_bytes, stored_table, table_key
from clipper_assets.storage.recipes import RECIPE
from clipper_assets.storage.tables import provenance
from clipper_assets_tests.catalogue.copies import COUNT, EPISODES, ORIGINAL, copy_episode, deny


class Catalogue:
    """A catalogue in a directory storage, with the job and the sensor on one instance."""

    def __init__(self, storage: DirectoryStorage, instance: dg.DagsterInstance):
        self.storage, self.instance = storage, instance
        self.cursor: str | None = None
        self.keys: set[str] = set()
        instance.add_dynamic_partitions("episodes", EPISODES)

    def found(self, **config: Any) -> dict[str, Any]:
        """Run the job; returns the metadata of its output."""
        run = clip_stale.execute_in_process(
            run_config={"ops": {"find_stale": {"config": config}}},
            instance=self.instance,
            resources={"storage": self.storage, "settings": Settings()},
        )
        (output,) = [event.step_output_data for event in run.filter_events(lambda event: event.is_successful_output)]
        return {name: value.value for name, value in output.metadata.items()}

    def tick(self, *, cursor_is_lost: bool = False) -> list[dg.RunRequest]:
        """A tick of the sensor; what it requests is started as the daemon does it: once for each run key."""
        context = dg.build_sensor_context(instance=self.instance, cursor=self.cursor)
        sensor = build_clip_stale_runs(clip_episode)
        result = sensor(context, storage=self.storage, settings=Settings())
        if isinstance(result, dg.SkipReason):
            return []
        assert isinstance(result, dg.SensorResult)
        if not cursor_is_lost:
            self.cursor = result.cursor
        requests = [request for request in result.run_requests or [] if request.run_key not in self.keys]
        for request in requests:
            self.keys.add(str(request.run_key))
            tags = {**request.tags, "dagster/partition": str(request.partition_key)}
            self.instance.add_run(dg.DagsterRun("clip_episode", tags=tags, status=dg.DagsterRunStatus.STARTED))
        return requests

    def end(self, event: dg.DagsterEventType = dg.DagsterEventType.RUN_SUCCESS) -> None:
        """End all runs that are in progress."""
        for run in self.instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
            self.instance.report_dagster_event(dg.DagsterEvent(event.value, run.job_name), run.run_id)


@pytest.fixture
def catalogue(made: Path, tmp_path: Path, short_windows: None, instance: dg.DagsterInstance) -> Catalogue:
    return Catalogue(DirectoryStorage(root=str(shutil.copytree(made, tmp_path / "copy"))), instance)


def differ(catalogue: Catalogue) -> dict[str, str]:
    """Make seven episodes differ, each in another way; returns the first step that has to run for each."""
    storage = catalogue.storage
    storage.put_bytes("s001/cut.mp4", storage.read_bytes("s001/cut.mp4") + b"\0")
    storage.put_bytes("s002/show.toml", b'layout = "fit"')
    assert save_edits(
        storage, catalogue.instance, "s003/cut.mp4", Edits(version=1, marked=[MarkedSpan(start=0, end=4)])
    )
    storage.delete("s004/clips/clip_0.vtt")
    table = stored_table(storage, "highlight_windows", WINDOWS, "s005/cut.mp4")
    other = table.replace_schema_metadata({**provenance(table), RECIPE: "of an earlier version of the code"})
    storage.put_bytes(
        table_key("highlight_windows", "windows", "s005/cut.mp4"), parquet_bytes(other.drop_columns(["episode"]))
    )
    storage.put_bytes("s006/cut.srt", storage.read_bytes("s006/cut.srt").replace(b"the", b"that"))
    storage.put_bytes("s007/show.toml", b'caption_style = "karaoke"')
    return {
        "s001/cut.mp4": "raw_video",
        "s002/cut.mp4": "scenes",
        "s003/cut.mp4": "highlight_windows",
        "s004/cut.mp4": "rendered_clips",
        "s005/cut.mp4": "highlight_windows",
        "s006/cut.mp4": "aligned_transcript",
        "s007/cut.mp4": "rendered_clips",
    }


def test_a_dry_run_says_what_differs_and_requests_nothing(catalogue: Catalogue) -> None:
    expected = differ(catalogue)
    facts = catalogue.found()
    assert (facts["dry_run"], facts["episodes"], facts["runs"], facts["kept"]) == (True, 7, 7, COUNT - 7)
    for episode, step in expected.items():
        assert f"| {episode} | {step} |" in facts["differs"]
    assert "other etag" in facts["differs"]
    assert "clip 0 has files missing" in facts["differs"]
    assert "machine_dollars" not in facts
    assert newest_plan_id(catalogue.storage) is None
    assert catalogue.tick() == []


def test_each_episode_that_differs_gets_one_run_of_the_steps_from_the_first_that_differs(catalogue: Catalogue) -> None:
    expected = differ(catalogue)
    assert catalogue.found(dry_run=False)["runs"] == 7
    requests = catalogue.tick()
    assert {request.partition_key: next(iter(request.run_config["ops"])) for request in requests} == expected
    # The costs, which have no run config, are always among the steps.
    assert all(len(request.asset_selection or []) == len(request.run_config["ops"]) + 1 for request in requests)
    by_episode = {request.partition_key: request for request in requests}
    style = by_episode["s007/cut.mp4"]
    assert style.run_config == {"ops": {"rendered_clips": {"config": {"aspect": "portrait"}}}}
    assert style.tags["dagster/priority"] == "-1"
    assert style.tags[CLIP_STALE_TAG] == newest_plan_id(catalogue.storage)
    assert style.tags[DIFFERS_TAG] == "rendered_clips: clip 0 would look or sound different"
    windows = by_episode["s003/cut.mp4"].run_config["ops"]
    assert windows["highlight_windows"] == {"config": {"max_clips": 1}}
    assert by_episode["s001/cut.mp4"].tags["clipper/upload"].startswith("s001/cut.mp4@")
    assert catalogue.tick() == []
    catalogue.end()
    assert catalogue.tick() == []


@pytest.mark.episodes
def test_after_the_requested_runs_nothing_differs(catalogue: Catalogue) -> None:
    differ(catalogue)
    catalogue.found(dry_run=False)
    requests = catalogue.tick()
    catalogue.end()
    for request in requests:
        result = dg.materialize(
            [*INPUTS, *assets],
            selection=dg.AssetSelection.assets(*request.asset_selection or []),
            partition_key=request.partition_key,
            instance=catalogue.instance,
            resources=build_resources(Settings(), catalogue.storage),
            run_config=request.run_config,
        )
        assert result.success
    facts = catalogue.found()
    assert (facts["runs"], facts["kept"]) == (0, COUNT), facts["differs"]


@pytest.mark.episodes
def test_of_200_episodes_the_seven_that_differ_get_one_run_each(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = [f"s{number:03}/cut.mp4" for number in range(COUNT, 200)]
    for episode in more:
        copy_episode(catalogue.storage, episode)
    catalogue.instance.add_dynamic_partitions("episodes", more)
    expected = differ(catalogue)
    facts = catalogue.found()
    assert facts["runs"] == 7, facts["differs"]
    assert facts["kept"] == 193
    assert catalogue.found(dry_run=False)["runs"] == 7
    monkeypatch.setattr("clipper_assets.catalogue.clip_stale_runs.MOST_AT_ONCE", 4)
    requested = [request.partition_key for request in catalogue.tick()]
    assert catalogue.found(dry_run=False)["runs"] == 3
    catalogue.end(dg.DagsterEventType.RUN_FAILURE)
    requested += [request.partition_key for request in catalogue.tick()]
    assert sorted(map(str, requested)) == sorted(expected)


@pytest.mark.parametrize("cursor_is_lost", [False, True])
def test_killed_in_the_middle_and_started_again_the_same_episodes_have_one_run_each(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, cursor_is_lost: bool
) -> None:
    expected = differ(catalogue)
    catalogue.found(dry_run=False)
    monkeypatch.setattr("clipper_assets.catalogue.clip_stale_runs.MOST_AT_ONCE", 3)
    requested = [request.partition_key for request in catalogue.tick(cursor_is_lost=cursor_is_lost)]
    assert len(requested) == 3
    facts = catalogue.found(dry_run=False)  # while three are still queued
    assert (facts["episodes"], facts["in_progress"]) == (4, 3)
    assert catalogue.tick() == []
    monkeypatch.setattr("clipper_assets.catalogue.clip_stale_runs.MOST_AT_ONCE", MOST_AT_ONCE)
    requested += [request.partition_key for request in catalogue.tick()]
    assert sorted(map(str, requested)) == sorted(expected)
    assert catalogue.tick() == []


def test_an_episode_that_a_person_renders_waits_and_is_left_out_if_that_made_it(catalogue: Catalogue) -> None:
    storage = catalogue.storage
    vtt = storage.read_bytes("s004/clips/clip_0.vtt")
    for folder in ("s004", "s005"):
        storage.delete(f"{folder}/clips/clip_0.vtt")
    assert catalogue.found(dry_run=False)["runs"] == 2
    for episode in ("s004/cut.mp4", "s005/cut.mp4"):
        tags = {"dagster/partition": episode}
        catalogue.instance.add_run(dg.DagsterRun("clip_episode", tags=tags, status=dg.DagsterRunStatus.STARTED))
    assert catalogue.tick() == []
    storage.put_bytes("s004/clips/clip_0.vtt", vtt)
    catalogue.end(dg.DagsterEventType.RUN_FAILURE)
    assert [request.partition_key for request in catalogue.tick()] == ["s005/cut.mp4"]
    catalogue.end(dg.DagsterEventType.RUN_FAILURE)
    assert catalogue.tick() == []
    assert catalogue.found(dry_run=False)["runs"] == 1  # another try
    assert [request.partition_key for request in catalogue.tick()] == ["s005/cut.mp4"]


def test_an_episode_that_was_removed_or_cannot_be_read_gets_no_run(catalogue: Catalogue) -> None:
    storage = catalogue.storage
    for folder in ("s004", "s005"):
        storage.delete(f"{folder}/clips/clip_0.vtt")
    storage.put_bytes("s006/show.toml", b"layout = ")
    storage.delete("s007/cut.mp4")
    facts = catalogue.found(dry_run=False)
    assert facts["runs"] == 2
    assert "s006/show.toml" in facts["cannot_be_compared"]
    assert "| s007/cut.mp4 | s007/cut.mp4 does not exist" in facts["cannot_be_compared"]
    catalogue.instance.delete_dynamic_partition("episodes", "s004/cut.mp4")
    assert [request.partition_key for request in catalogue.tick()] == ["s005/cut.mp4"]


def test_an_episode_that_may_not_be_read_stops_no_other(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("s004", "s005"):
        catalogue.storage.delete(f"{folder}/clips/clip_0.vtt")
    assert catalogue.found(dry_run=False)["runs"] == 2
    catalogue.instance.add_run(dg.DagsterRun("clip_episode", tags={"dagster/partition": "s004/cut.mp4"}))
    deny(monkeypatch, "s004/cut.mp4")
    facts = catalogue.found()
    assert (facts["runs"], facts["kept"]) == (1, COUNT - 2)
    assert "| s004/cut.mp4 | this process has no permission to open" in facts["cannot_be_compared"]
    assert [request.partition_key for request in catalogue.tick()] == ["s005/cut.mp4"]


def test_an_episode_without_clips_keeps_the_layout_that_it_was_requested_with(
    catalogue: Catalogue, instance: dg.DagsterInstance
) -> None:
    for stored in list(catalogue.storage.list_objects("test1/clips")):
        catalogue.storage.delete(stored.key)
    layout = {"config": {"layout": "fit"}}
    result = dg.materialize(
        [*INPUTS, *assets],
        selection=["scenes", "camera_paths"],
        partition_key=ORIGINAL,
        instance=instance,
        resources=build_resources(Settings(), catalogue.storage),
        run_config={"ops": {"scenes": layout, "camera_paths": layout}},
    )
    assert result.success
    assert catalogue.found(dry_run=False)["runs"] == 1
    (request,) = catalogue.tick()
    assert request.run_config["ops"].keys() == {"rendered_clips"}


def test_an_approval_makes_nothing_again(catalogue: Catalogue) -> None:
    clips = pinned_clips(Edits(version=0), stored_table(catalogue.storage, "highlight_windows", WINDOWS, ORIGINAL))
    judged = StoredDecision(decision=Decision.approved, sha256="0" * 64)
    approved = Edits(version=1, clips=[clips[0].model_copy(update={"judged": judged})])
    assert save_edits(catalogue.storage, catalogue.instance, ORIGINAL, approved)
    assert catalogue.found()["kept"] == COUNT


def test_overrides_apply_to_every_episode(catalogue: Catalogue) -> None:
    assert catalogue.found(run_config={"rendered_clips": {"caption_style": "pop"}})["runs"] == 0
    facts = catalogue.found(dry_run=False, run_config={"rendered_clips": {"caption_style": "karaoke"}})
    assert facts["runs"] == COUNT
    request, *others = catalogue.tick()
    assert len(others) == COUNT - 1
    config = {"aspect": "portrait", "caption_style": "karaoke"}
    assert request.run_config == {"ops": {"rendered_clips": {"config": config}}}


@pytest.mark.parametrize(
    ("run_config", "sentence"),
    [
        ({"clips": {}}, "run_config has 'clips', which is no step"),
        ({"scenes": "fit"}, "run_config.scenes is not a mapping"),
        ({"scenes": {"afresh": True}}, "run_config.scenes has afresh"),
        ({"rendered_clips": {"aspect": "square"}}, "run_config.rendered_clips has aspect"),
        ({"highlight_windows": {"max_clips": 0}}, "run_config.highlight_windows: max_clips is 0; it should be"),
        ({"highlight_windows": {"prompt": "x"}}, "run_config.highlight_windows has no field 'prompt'"),
    ],
)
def test_overrides_that_a_step_would_refuse_are_refused_at_once(run_config: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}"):
        checked_overrides(run_config)
