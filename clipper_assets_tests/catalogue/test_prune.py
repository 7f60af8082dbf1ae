"""Old runs are removed, and nobody sees a difference in the episodes that exist."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from clipper_assets.catalogue import prune as module
from clipper_assets.catalogue.prune import prune, prune_runs, prune_runs_every_day
from clipper_assets.clips.looks import episodes_and_looks
from clipper_assets.clips.manifest import Manifest, Source
from clipper_assets.costs.collect import stored_costs
from clipper_assets.definitions import defs
from clipper_assets.runtime.partition_keys import EPISODE_TAG, LOOK_TAG, look_partition
from clipper_assets.runtime.run_removal import run_log
from clipper_assets.settings import Settings
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.lake import table_key
from clipper_assets_tests.catalogue.history import History, Plan


@pytest.fixture
def history(storage: DirectoryStorage, instance: dg.DagsterInstance) -> History:
    """Episodes `a.mp4` to `d.mp4`; the names of their runs say why each is kept, or that it goes."""
    made = History(instance, storage)
    for key in ("a.mp4", "b.mp4", "c.mp4", "d.mp4"):
        storage.put_bytes(key, b"first")

    made.run("d: goes, its partition does not exist any more", "d.mp4")
    made.run("d: goes, too", "d.mp4", "chapters")
    made.instance.delete_dynamic_partition("episodes", "d.mp4")

    made.run("a: goes, an earlier version of the upload", "a.mp4", upload=True, rendered_clips=Plan(edits="1"))
    storage.put_bytes("a.mp4", b"second version")
    made.run("a: present version", "a.mp4", upload=True, raw_video=Plan(version="2"), rendered_clips=Plan(edits="2"))
    made.run("a: goes, rendered again since", "a.mp4", "rendered_clips")
    made.run("a: square clips", "a.mp4", "rendered_clips")
    square = Manifest(
        episode="a.mp4",
        status="done",
        source=Source(key="a.mp4", etag="", duration=1),
        created_at=soon(),
        run_id=made.runs["a: square clips"],
        clips=[],
        degraded=[],
    )
    storage.put_bytes("clips/1x1/manifest.json", square.to_bytes())
    made.run("a: latest edits", "a.mp4", "rendered_clips", rendered_clips=Plan(edits="3"))
    made.run("a: latest clips", "a.mp4", "rendered_clips", rendered_clips=Plan(passes=False))

    made.run("b: recording", "b.mp4", "raw_video")
    made.run("b: transcript that the adverts were made from", "b.mp4", "aligned_transcript")
    made.run("b: adverts", "b.mp4", "ad_spans")
    made.run("b: goes, the transcript was made again", "b.mp4", "aligned_transcript")
    made.run("b: latest transcript", "b.mp4", "aligned_transcript")

    made.run("c: goes, it failed and was retried", "c.mp4", ad_spans=Plan(fails=True))
    made.run("c: retried", "c.mp4")
    made.run("c: camera failed", "c.mp4", "camera_paths", camera_paths=Plan(fails=True))
    made.run("c: newest", "c.mp4", "chapters")

    return made


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=5)


def test_nothing_that_people_see_is_lost(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    seen = history.seen("a.mp4", "b.mp4", "c.mp4")
    assert seen["b.mp4"]["ad_spans status"].value == "FRESH"
    going = {name for name in history.runs if ": goes" in name}

    counted = prune(history.storage, history.instance, soon(), most_runs=100, dry_run=True)
    assert (counted.looked_at, counted.removed) == (len(history.runs), len(going))
    assert history.left() == history.runs.keys()
    assert prune(history.storage, history.instance, soon(), most_runs=1, dry_run=False).removed == 1
    assert len(history.left()) == len(history.runs) - 1
    prune(history.storage, history.instance, soon(), most_runs=100, dry_run=False)

    assert history.left() == history.runs.keys() - going
    costs = stored_costs(history.storage, "c.mp4").to_pylist()
    assert ("ad_spans", True, 0.5) in {(row["step"], row["failed"], row["usd"]) for row in costs}
    assert history.seen("a.mp4", "b.mp4", "c.mp4") == seen
    assert prune(history.storage, history.instance, soon(), most_runs=100, dry_run=False).removed == 0


def test_the_files_of_a_run_are_removed_with_it(storage: DirectoryStorage, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "home")) as instance:
        history = History(instance, storage)
        for name in ("old", "new"):
            history.run(name, "a.mp4", "chapters")
            run_log(instance, history.runs[name]).parent.mkdir(exist_ok=True)
            run_log(instance, history.runs[name]).touch()
        places = {name: files_of(instance, run_id) for name, run_id in history.runs.items()}
        assert {"compute_logs", f"{history.runs['old']}.db", f"{history.runs['old']}.log"} <= places["old"]
        storage.put_bytes(table_key("episode_costs", "costs", "a.mp4"), b"damaged")
        (lost,) = prune(storage, instance, soon(), most_runs=9, dry_run=False).lost_costs
        assert lost.startswith("the costs of runs that were removed since are lost: the table lake/episode_costs/")
        assert files_of(instance, history.runs["old"]) == set()
        assert files_of(instance, history.runs["new"]) == places["new"]


def files_of(instance: dg.DagsterInstance, run_id: str) -> set[str]:
    """Names of files and folders of a run."""
    return {file.name for file in Path(instance.root_directory).rglob("*") if run_id in str(file)}


def test_only_finished_runs_that_are_old_are_removed(storage: DirectoryStorage, instance: dg.DagsterInstance) -> None:
    for status in (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.SUCCESS):
        instance.add_run(dg.DagsterRun("evaluate_pickers", status=status))
    newest, started, _oldest = instance.get_run_ids()
    ago = datetime.now(UTC) - timedelta(days=1)
    assert prune(storage, instance, ago, most_runs=9, dry_run=False).looked_at == 0
    prune(storage, instance, soon(), most_runs=9, dry_run=False)
    assert instance.get_run_ids() == [newest, started]


def test_the_runs_that_a_retry_names_stay(storage: DirectoryStorage, instance: dg.DagsterInstance) -> None:
    first = instance.add_run(dg.DagsterRun("evaluate_pickers", status=dg.DagsterRunStatus.FAILURE))
    names = {"parent_run_id": first.run_id, "root_run_id": first.run_id}
    again = instance.add_run(dg.DagsterRun("evaluate_pickers", status=dg.DagsterRunStatus.SUCCESS, **names))  # type: ignore[arg-type]
    prune(storage, instance, soon(), most_runs=9, dry_run=False)
    assert instance.get_run_ids() == [again.run_id, first.run_id]


def test_logs_that_may_not_be_deleted_stay(
    storage: DirectoryStorage, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "/logs")

    monkeypatch.setattr(instance.compute_log_manager, "delete_logs", denied)
    for _ in range(3):
        instance.add_run(dg.DagsterRun("evaluate_pickers", status=dg.DagsterRunStatus.SUCCESS))
    pruned = prune(storage, instance, soon(), most_runs=9, dry_run=False)
    ((why, count),) = pruned.logs_left.items()
    assert (count, why.startswith("this process has no permission to open /logs")) == (2, True)
    assert len(instance.get_run_ids()) == 1


def test_the_job_keeps_ninety_days(storage: DirectoryStorage, instance: dg.DagsterInstance) -> None:
    for _ in range(2):
        instance.add_run(dg.DagsterRun("evaluate_pickers", status=dg.DagsterRunStatus.SUCCESS))
    result = prune_runs.execute_in_process(instance=instance, resources={"storage": storage, "settings": Settings()})
    (output,) = (event for event in result.all_events if event.event_type_value == "STEP_OUTPUT")
    told = output.step_output_data.metadata
    assert told["finished_before"].value == f"{datetime.now(UTC) - timedelta(days=90):%Y-%m-%d}"
    assert (told["looked_at"].value, told["removed"].value) == (0, 0)
    assert prune_runs_every_day.default_status is dg.DefaultScheduleStatus.RUNNING
    assert defs.resolve_job_def("prune_runs").tags["dagster/priority"] == "-1"


def test_the_runs_that_made_the_latest_clips_of_a_look_stay(
    storage: DirectoryStorage, instance: dg.DagsterInstance
) -> None:
    @dg.asset(name="clip_variants", partitions_def=episodes_and_looks)
    def made() -> None: ...

    def run(episode: str, look: str) -> str:
        instance.add_dynamic_partitions("episodes", [episode])
        instance.add_dynamic_partitions("looks", [look])
        partition = look_partition(episode, look)
        return dg.materialize([made], partition_key=partition, instance=instance).run_id

    run("a.mp4", "square-marker")  # superseded
    run("b.mp4", "square-marker")  # of an episode that is removed
    kept = {run("a.mp4", "feed-pop"), run("a.mp4", "square-marker")}
    removed_look = run("a.mp4", "feed-neon")
    failed = dg.DagsterRun("render_look", status=dg.DagsterRunStatus.FAILURE)
    tags = {"dagster/partition": look_partition("a.mp4", "feed-pop"), EPISODE_TAG: "a.mp4", LOOK_TAG: "feed-pop"}
    kept.add(instance.add_run(failed.with_tags(tags)).run_id)
    instance.delete_dynamic_partition("episodes", "b.mp4")
    instance.delete_dynamic_partition("looks", "feed-neon")
    prune(storage, instance, soon(), most_runs=9, dry_run=False)
    assert set(instance.get_run_ids()) - {removed_look} == kept


def test_the_runs_whose_reports_are_the_latest_of_an_episode_stay(
    storage: DirectoryStorage, instance: dg.DagsterInstance
) -> None:
    """Jobs without a partition, such as `refresh_library`, report for many episodes."""

    def run(*episodes: str) -> str:
        @dg.op
        def report(context: dg.OpExecutionContext) -> None:
            for episode in episodes:
                context.log_event(dg.AssetMaterialization("library", partition=episode))

        graph = dg.GraphDefinition("refresh_library", node_defs=[report])
        return graph.execute_in_process(instance=instance).run_id

    instance.add_dynamic_partitions("episodes", ["a.mp4", "b.mp4"])
    run("a.mp4", "b.mp4")  # superseded
    kept = {run("a.mp4")}
    run("c.mp4")  # of an episode that is gone
    kept |= {run("b.mp4"), run()}
    prune(storage, instance, soon(), most_runs=9, dry_run=False)
    assert set(instance.get_run_ids()) == kept
