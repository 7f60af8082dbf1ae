"""Which changes make the sensor `rerender` request runs, with the real conditions on an ephemeral instance."""

import shutil
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from clipper_assets.catalogue.inputs import Inputs
from clipper_assets.catalogue.observing import build_observe_inputs, observing
from clipper_assets.catalogue.rerender import AUTOMATED, State, build_rerender
from clipper_assets.clips.manifest import read_manifest
from clipper_assets.definitions import defs
from clipper_assets.edits.model import Decision, Edits, StoredDecision, WordEdit
from clipper_assets.edits.store import latest_edits, save_edits, undone
from clipper_assets.edits.windows import pinned_clips
from clipper_assets.highlights.window import WINDOWS
from clipper_assets.job import clip_episode
from clipper_assets.runtime.lineage import report
from clipper_assets.settings import Settings
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.lake import stored_table
from clipper_assets.transcript.words import WORDS
from clipper_assets_tests.catalogue.copies import EPISODES, deny

ONE, OTHER, ANOTHER = EPISODES[1:4]
NEVER_CLIPPED = "s001/next.mp4"


class Catalogue:
    """Episodes of which nothing differs, and the sensor, which has had its first tick."""

    def __init__(self, storage: DirectoryStorage, instance: dg.DagsterInstance):
        self.storage, self.instance = storage, instance
        self.cursor: str | None = None
        self.keys: set[str] = set()
        storage.put_bytes(NEVER_CLIPPED, b"a recording")
        instance.add_dynamic_partitions("episodes", [*EPISODES, NEVER_CLIPPED])
        inputs = Inputs(storage, Settings())
        for episode in EPISODES:
            report(instance, episode, inputs.all_of(episode))
            for asset in AUTOMATED:
                instance.report_runless_asset_event(dg.AssetMaterialization(asset, partition=episode))
        assert self.tick() == {}

    def tick(self) -> dict[str, list[str]]:
        """A tick of the sensor; returns the steps to run by episode."""
        context = dg.build_sensor_context(instance=self.instance, cursor=self.cursor)
        result = build_rerender(clip_episode)(context, storage=self.storage, settings=Settings())
        assert isinstance(result, dg.SensorResult)
        self.cursor = result.cursor
        requests = [request for request in result.run_requests or [] if request.run_key not in self.keys]
        self.keys |= {str(request.run_key) for request in requests}  # the daemon starts one run for each
        assert all(request.tags["dagster/priority"] == "-1" for request in requests)
        return {
            str(request.partition_key): [key.to_user_string() for key in request.asset_selection or []]
            for request in requests
        }

    def correct_a_word(self, episode: str, text: str = "corrected") -> None:
        """Save an edit of a word in the middle of the clip."""
        window = stored_table(self.storage, "highlight_windows", WINDOWS, episode).to_pylist()[0]
        middle = (window["start"] + window["end"]) / 2
        word = min(
            stored_table(self.storage, "aligned_transcript", WORDS, episode).to_pylist(),
            key=lambda row: abs(row["start"] - middle),
        )
        edit = WordEdit(start=word["start"], end=word["end"], was=word["text"], text=text)
        edits = latest_edits(self.storage, episode).followed_by("a word", words=[edit])
        assert save_edits(self.storage, self.instance, episode, edits)

    def write(self, key: str, content: bytes) -> None:
        """Replace an object, as the discovery sees it."""
        self.storage.put_bytes(key, content)
        self.report(observing(Settings())(self.instance, self.storage, [key]))

    def report(self, events: Sequence[object]) -> None:
        for event in events:
            assert isinstance(event, dg.AssetObservation)
            self.instance.report_runless_asset_event(event)

    def start_run(self, episode: str) -> dg.DagsterRun:
        tags = {"dagster/partition": episode}
        return self.instance.add_run(dg.DagsterRun("clip_episode", tags=tags, status=dg.DagsterRunStatus.STARTED))

    def end_run(self, run: dg.DagsterRun) -> None:
        self.instance.report_dagster_event(
            dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, run.job_name), run.run_id
        )


@pytest.fixture
def catalogue(made: Path, tmp_path: Path, short_windows: None, instance: dg.DagsterInstance) -> Catalogue:
    return Catalogue(DirectoryStorage(root=str(shutil.copytree(made, tmp_path / "copy"))), instance)


def test_an_edit_and_new_show_settings_are_rendered_once_each(catalogue: Catalogue) -> None:
    catalogue.correct_a_word(ONE)
    catalogue.write("s002/show.toml", b'layout = "fit"')
    catalogue.write("s003/show.toml", b"max_clips = 20\n")
    steps = catalogue.tick()
    assert steps == {
        ONE: ["rendered_clips", "episode_costs"],
        OTHER: ["scenes", "camera_paths", "rendered_clips", "episode_costs"],
    }  # the run config of the third says how many clips there are
    assert catalogue.tick() == {}


def test_a_decision_an_undone_edit_and_another_model_or_prompt_request_nothing(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = pinned_clips(Edits(version=0), stored_table(catalogue.storage, "highlight_windows", WINDOWS, ONE))
    judged = StoredDecision(decision=Decision.approved, sha256="0" * 64)
    approved = Edits(version=1, clips=[clips[0].model_copy(update={"judged": judged})])
    assert save_edits(catalogue.storage, catalogue.instance, ONE, approved)
    catalogue.correct_a_word(OTHER)
    edits = latest_edits(catalogue.storage, OTHER)
    assert save_edits(catalogue.storage, catalogue.instance, OTHER, undone(catalogue.storage, OTHER, edits))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-another")
    monkeypatch.setenv("CLIPPER_OPENAI_MODEL", "another")
    with dg.build_sensor_context(instance=catalogue.instance, resources={"storage": catalogue.storage}) as context:
        swept = build_observe_inputs(Settings())(context)
    assert isinstance(swept, dg.SensorResult)
    assert swept.asset_events
    catalogue.report(swept.asset_events)
    assert catalogue.tick() == {}


def test_an_episode_that_has_a_run_waits_and_gets_one_only_if_that_left_a_difference(catalogue: Catalogue) -> None:
    runs = [catalogue.start_run(episode) for episode in (ONE, OTHER)]
    for episode in (ONE, OTHER):
        catalogue.correct_a_word(episode)
    assert catalogue.tick() == {}
    catalogue.storage.delete(f"lake/edits/episode={OTHER.replace('/', '%2F')}/000001.json")  # as if it were rendered
    for run in runs:
        catalogue.end_run(run)
    assert catalogue.tick() == {ONE: ["rendered_clips", "episode_costs"]}
    assert State.of(catalogue.cursor).waiting == {}


@pytest.mark.parametrize("ticks_meanwhile", [0, 1])
def test_an_edit_during_a_run_that_read_the_one_before_is_rendered_after_it(
    catalogue: Catalogue, ticks_meanwhile: int
) -> None:
    run = catalogue.start_run(ONE)
    assert catalogue.tick() == {}
    catalogue.correct_a_word(ONE)
    for _ in range(ticks_meanwhile):
        assert catalogue.tick() == {}
    catalogue.instance.report_runless_asset_event(dg.AssetMaterialization("rendered_clips", partition=ONE))
    catalogue.end_run(run)
    assert catalogue.tick() == {ONE: ["rendered_clips", "episode_costs"]}


def test_a_tick_requests_a_limited_number_of_runs(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clipper_assets.catalogue.rerender.MOST_PER_TICK", 2)
    for episode in (ONE, OTHER, ANOTHER):
        catalogue.correct_a_word(episode)
    assert len(catalogue.tick()) == 2
    assert len(catalogue.tick()) == 1
    assert catalogue.tick() == {}


def add_square_clips(storage: DirectoryStorage, episode: str) -> None:
    """Give the episode a manifest in another aspect, whose clips are missing."""
    folder = f"{episode.rpartition('/')[0]}/clips"
    manifest = read_manifest(storage, f"{folder}/manifest.json")
    older = manifest.model_copy(update={"created_at": manifest.created_at - timedelta(days=1)})
    storage.put_bytes(f"{folder}/1x1/manifest.json", older.to_bytes())


def test_clips_in_two_aspects_have_one_run_each_even_if_both_fail(catalogue: Catalogue) -> None:
    add_square_clips(catalogue.storage, ONE)
    for text in ("corrected", "again"):
        catalogue.correct_a_word(ONE, text)
        assert [catalogue.tick() for _ in range(4)] == 2 * [{ONE: ["rendered_clips", "episode_costs"]}] + 2 * [{}]


def test_an_edit_is_rendered_after_the_cursor_was_reset(catalogue: Catalogue) -> None:
    for text in ("corrected", "again"):
        catalogue.correct_a_word(ONE, text)
        assert catalogue.tick() == {ONE: ["rendered_clips", "episode_costs"]}
        catalogue.cursor = None
        assert catalogue.tick() == {}


def test_an_episode_that_may_not_be_read_stops_no_other(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    for episode in (ONE, OTHER):
        catalogue.correct_a_word(episode)
    deny(monkeypatch, ONE)
    assert catalogue.tick() == {OTHER: ["rendered_clips", "episode_costs"]}


def test_the_cursor_that_each_tick_stores_is_short(catalogue: Catalogue) -> None:
    for episode in EPISODES:
        catalogue.correct_a_word(episode)
    catalogue.tick()
    assert len(catalogue.cursor or "") < 5_000


def test_a_tick_ends_in_time(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue.correct_a_word(ONE)
    monkeypatch.setattr("clipper_assets.catalogue.rerender.COMPARING_S", -1)
    assert catalogue.tick() == {}
    monkeypatch.undo()
    assert State.of(catalogue.cursor).waiting.keys() == {ONE}


def test_an_episode_without_clips_or_with_edits_that_cannot_be_read_gets_no_run(catalogue: Catalogue) -> None:
    inputs = Inputs(catalogue.storage, Settings())
    report(catalogue.instance, NEVER_CLIPPED, inputs.all_of(NEVER_CLIPPED))
    catalogue.correct_a_word(ONE)
    catalogue.storage.put_bytes(f"lake/edits/episode={ONE.replace('/', '%2F')}/000001.json", b"{")
    assert catalogue.tick() == {}


def test_the_sensors_are_off() -> None:
    for name in ("rerender", "default_automation_condition_sensor"):
        assert defs.resolve_sensor_def(name).default_status is dg.DefaultSensorStatus.STOPPED
    graph = defs.resolve_asset_graph()
    conditions = {
        key.to_user_string() for key in graph.materializable_asset_keys if graph.get(key).automation_condition
    }
    assert conditions == set(AUTOMATED)
