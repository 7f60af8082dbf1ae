"""Runs on one machine: GPUs that are shared by nobody, and workers, servers or all of it killed in the middle."""

import hashlib
import json
import os
import shutil
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path

import dagster as dg
import pytest

from clipper_assets.launch.launcher import GPU_TAG, WORKER_TAG
from clipper_assets.launch.workers import Worker, leftovers
from clipper_assets_tests.support.servers import DEADLINE_S, Deployment, deployed, until

pytestmark = pytest.mark.e2e

STEPS = ["raw_video", "aligned_transcript", "highlight_windows", "scenes", "camera_paths", "rendered_clips"]
SHORT = {"CLIPPER_WINDOW_MIN_S": "3", "CLIPPER_WINDOW_MAX_S": "6", "CLIPPER_GPUS": "0,1", "CLIPPER_RENDER_WORKERS": "1"}
RETRIED_WITHIN_S = 15.0


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "data"
    root.mkdir()
    return root


def upload(root: Path, cut: Path, *names: str) -> None:
    for name in names:
        (root / name).mkdir()
        for suffix in (".srt", ".mp4"):
            shutil.copy(cut.with_suffix(suffix), root / name / f"talk{suffix}")


@contextmanager
def at_work(root: Path, folder: Path) -> Iterator[tuple[Deployment, dg.DagsterInstance]]:
    """`dagster dev` with two pretended GPUs, and its instance."""
    with (
        deployed(folder, str(root), **SHORT) as deployment,
        dg.DagsterInstance.from_config(str(folder / "home")) as own,
    ):
        yield deployment, own


def runs_of(instance: dg.DagsterInstance, name: str) -> list[dg.DagsterRun]:
    """All runs of an episode, the first one first."""
    return list(reversed(instance.get_runs(dg.RunsFilter(tags={"dagster/partition": f"{name}/talk.mp4"}))))


def succeeded(instance: dg.DagsterInstance, *names: str) -> bool | None:
    return all(runs and runs[-1].is_success for runs in (runs_of(instance, name) for name in names)) or None


def clips_of(root: Path, name: str) -> dict[str, str]:
    """SHA-256 of the clips that the manifest names, which are all that there are."""
    folder = root / name / "clips"
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert manifest["status"] == "done"
    named = sorted(Path(clip["key"]).name for clip in manifest["clips"])
    assert named == sorted(path.name for path in folder.glob("*.mp4"))
    return {each: hashlib.sha256((folder / each).read_bytes()).hexdigest() for each in named}


def in_step(instance: dg.DagsterInstance, name: str, step: str) -> dg.DagsterRun | None:
    """The first run of an episode, once it is in a step."""
    for run in runs_of(instance, name)[:1]:
        begun = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.STEP_START).records
        if any(record.event_log_entry.step_key == step for record in begun):
            return instance.get_run_by_id(run.run_id)
    return None


def gone(*run_ids: str) -> bool | None:
    """A run is over a moment before its process is."""
    return not any(leftovers(run_id) for run_id in run_ids) or None


def kill_worker(run: dg.DagsterRun) -> None:
    """The worker alone; what it has started goes on."""
    worker = Worker.parse(run.tags[WORKER_TAG])
    (process,) = (each for each in leftovers(run.run_id) if each.pid == worker.pid)
    process.kill()


def begun_in(steps: Iterable[str], instance: dg.DagsterInstance) -> Iterator[dg.DagsterRun]:
    """The run of the episode of each name in the step of that name, in the order in which they get there.

    Looks fifty times a second: some steps are over in a quarter of a second.
    """
    deadline, waiting = time.monotonic() + DEADLINE_S, set(steps)
    while waiting and time.monotonic() < deadline:
        for step in sorted(waiting):
            if run := in_step(instance, step, step):
                waiting.remove(step)
                yield run
        time.sleep(0.02)
    assert not waiting


def test_two_gpus_and_six_episodes(root: Path, tmp_path: Path, cut: Path) -> None:
    names = [f"show{number}" for number in range(6)]
    upload(root, cut, *names)
    with at_work(root, tmp_path) as (_, instance):
        until("the end of six runs", lambda: succeeded(instance, *names))
        records = instance.get_run_records()
        assert len(records) == 6
        spans = [(each.dagster_run.tags[GPU_TAG], each.start_time or 0, each.end_time or 0) for each in records]
        assert {gpu for gpu, *_ in spans} == {"0", "1"}
        for (gpu, start, end), (other, begin, finish) in combinations(spans, 2):
            assert gpu != other or end <= begin or finish <= start
        assert any(
            gpu != other and start < finish and begin < end
            for (gpu, start, end), (other, begin, finish) in combinations(spans, 2)
        )
        assert len({json.dumps(clips_of(root, name)) for name in names}) == 1
        until("the end of all processes", lambda: gone(*(each.dagster_run.run_id for each in records)))


def test_a_worker_killed_in_any_step_is_retried_at_once_with_the_same_result(
    root: Path, tmp_path: Path, cut: Path
) -> None:
    with at_work(root, tmp_path) as (_, instance):
        upload(root, cut, "whole", *STEPS)
        killed_at = {}
        for run in begun_in(STEPS, instance):
            kill_worker(run)
            killed_at[run.run_id] = time.time()
        until("the end of all runs", lambda: succeeded(instance, "whole", *STEPS))
        for step in STEPS:
            first, second = runs_of(instance, step)
            assert first.is_failure
            retry = instance.get_run_record_by_id(second.run_id)
            assert retry
            assert retry.create_timestamp.timestamp() - killed_at[first.run_id] < RETRIED_WITHIN_S
            assert leftovers(first.run_id) == []
            assert clips_of(root, step) == clips_of(root, "whole")


def test_a_worker_told_to_stop_cleans_up_and_its_finished_clips_are_reused(
    root: Path, tmp_path: Path, cut: Path
) -> None:
    """As a spot instance is told before it is taken away: by SIGTERM."""
    with at_work(root, tmp_path) as (_, instance):
        upload(root, cut, "show")
        run = until("the first clip", lambda: _has_said(instance, "show", "clip_0: rendered"))
        os.kill(Worker.parse(run.tags[WORKER_TAG]).pid, signal.SIGTERM)
        until("the end of its processes", lambda: gone(run.run_id))
        first = runs_of(instance, "show")[0]
        assert first.is_failure
        assert first.tags["dagster/failure_reason"] == "UNEXPECTED_TERMINATION"
        assert not list((root / "show" / "clips").glob("clip_1.*"))
        until("the end of the retry", lambda: succeeded(instance, "show"))
        _, retry = runs_of(instance, "show")
        assert _has_said(instance, "show", "clip_0: unchanged, not rendered again", retry=1)
        assert len(clips_of(root, "show")) == 2
        begun = instance.get_records_for_run(retry.run_id, of_type=dg.DagsterEventType.STEP_START).records
        assert [record.event_log_entry.step_key for record in begun] == ["rendered_clips"]


def _has_said(instance: dg.DagsterInstance, name: str, beginning: str, retry: int = 0) -> dg.DagsterRun | None:
    for run in runs_of(instance, name)[retry : retry + 1]:
        if any(entry.user_message.startswith(beginning) for entry in instance.all_logs(run.run_id)):
            return instance.get_run_by_id(run.run_id)
    return None


def test_everything_is_killed_and_every_run_succeeds_after_a_restart(root: Path, tmp_path: Path, cut: Path) -> None:
    names = [f"show{number}" for number in range(4)]
    upload(root, cut, *names)
    with at_work(root, tmp_path) as (deployment, instance):
        until("two runs at once", lambda: _two_at_work(instance))
        deployment.kill()
        begun = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
        for run in begun:
            kill_worker(run)
    with at_work(root, tmp_path) as (_, instance):
        until("the end of four runs", lambda: succeeded(instance, *names))
        assert len({json.dumps(clips_of(root, name)) for name in names}) == 1
        assert all(run.is_finished for run in instance.get_runs())
        assert all(len(runs_of(instance, name)) <= 2 for name in names)
        until("the end of all processes", lambda: gone(*(run.run_id for run in begun)))


def _two_at_work(instance: dg.DagsterInstance) -> bool | None:
    begun = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    return len(begun) == 2 or None


def test_a_cancelled_run_leaves_nothing(root: Path, tmp_path: Path, cut: Path) -> None:
    with at_work(root, tmp_path) as (deployment, instance):
        upload(root, cut, "show")
        run = until("the start of rendering", lambda: in_step(instance, "show", "rendered_clips"))
        _cancel(deployment, run.run_id)
        until("the end of the run", lambda: runs_of(instance, "show")[0].is_finished or None)
        assert runs_of(instance, "show")[0].status is dg.DagsterRunStatus.CANCELED
        assert leftovers(run.run_id) == []


def _cancel(deployment: Deployment, run_id: str) -> None:
    stopped = deployment.graphql(
        "mutation($id: String!) { terminateRun(runId: $id) { __typename ... on PythonError { message } } }", id=run_id
    )
    assert stopped["terminateRun"]["__typename"] == "TerminateRunSuccess", stopped
