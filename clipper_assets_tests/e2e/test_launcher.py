"""Runs on one machine: exclusive GPUs, and workers or the whole deployment killed during runs."""

import hashlib
import json
import os
import shutil
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.tags import WILL_RETRY_TAG

from clipper_assets.launch.launcher import WORKER_TAG
from clipper_assets.launch.workers import Worker, leftovers
from clipper_assets.runtime.gpus import GPU_TAG
from clipper_assets_tests.support.servers import DEADLINE_S, Deployment, deployed, wait_for

pytestmark = pytest.mark.e2e

STEPS = [
    "raw_video",
    "aligned_transcript",
    "ad_spans",
    "highlight_windows",
    "chapters",
    "scenes",
    "camera_paths",
    "rendered_clips",
    "episode_costs",
    "library",
]
SLOW = STEPS[: STEPS.index("rendered_clips") + 1]
"""The steps that take long enough to be killed."""
SHORT = {"CLIPPER_WINDOW_MIN_S": "3", "CLIPPER_WINDOW_MAX_S": "6", "CLIPPER_GPUS": "0,1", "CLIPPER_RENDER_WORKERS": "1"}
RETRIED_WITHIN_S = 30.0


def upload(root: Path, cut: Path, *names: str, clips: int = 1) -> None:
    for name in names:
        (root / name).mkdir()
        (root / name / "show.toml").write_text(f"max_clips = {clips}\n")
        for suffix in (".srt", ".mp4"):
            shutil.copy(cut.with_suffix(suffix), root / name / f"talk{suffix}")


@dataclass(frozen=True)
class Machine:
    """`dagster dev` with two fake GPUs, its instance, and its storage root."""

    deployment: Deployment
    instance: dg.DagsterInstance
    root: Path


@contextmanager
def machine_in(folder: Path) -> Iterator[Machine]:
    root = folder / "data"
    root.mkdir(exist_ok=True)
    with (
        deployed(folder, str(root), **SHORT) as deployment,
        dg.DagsterInstance.from_config(str(folder / "home")) as instance,
    ):
        yield Machine(deployment, instance, root)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """One for all tests that leave its servers alone; each has other episodes."""
    with machine_in(tmp_path_factory.mktemp("machine")) as machine:
        yield machine


def of_episodes(names: Iterable[str], *statuses: dg.DagsterRunStatus) -> dg.RunsFilter:
    return dg.RunsFilter(tags={"dagster/partition": [f"{name}/talk.mp4" for name in names]}, statuses=statuses)


def runs_of(instance: dg.DagsterInstance, name: str) -> list[dg.DagsterRun]:
    """Returns all runs of an episode, the oldest first."""
    return list(reversed(instance.get_runs(of_episodes([name]))))


def name_of(run: dg.DagsterRun) -> str:
    return run.tags["dagster/partition"].removesuffix("/talk.mp4")


def wait_until_succeeded(instance: dg.DagsterInstance, *names: str) -> None:
    """Waits until the last run of each episode has succeeded; fails at once if one of them never will."""

    def last_runs() -> list[dg.DagsterRun]:
        by_name = {name_of(run): run for run in reversed(instance.get_runs(of_episodes(names)))}
        return list(by_name.values())

    def succeeded() -> bool | None:
        runs = last_runs()
        return (len(runs) == len(names) and all(run.is_success for run in runs)) or None

    def lost() -> str | None:
        for run in last_runs():
            if run.status is dg.DagsterRunStatus.CANCELED or run.tags.get(WILL_RETRY_TAG) == "false":
                return f"the run {run.run_id} of {name_of(run)} is {run.status.value} and is not retried"
        return None

    def state() -> str:
        return str([(name_of(run), run.status, instance.all_logs(run.run_id)[-1].user_message) for run in last_runs()])

    wait_for("the success of all runs", succeeded, lost, state)


def ended(instance: dg.DagsterInstance, name: str) -> str | None:
    """Says that the first run of an episode has ended; None if it has not."""
    for run in runs_of(instance, name)[:1]:
        if run.is_finished:
            return f"the run {run.run_id} of {name} is {run.status.value}"
    return None


def clips_of(root: Path, name: str) -> dict[str, str]:
    """Returns the SHA-256 of each clip in the manifest; there must be no other clips."""
    folder = root / name / "clips"
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert manifest["status"] == "done"
    names = sorted(Path(clip["key"]).name for clip in manifest["clips"])
    assert names == sorted(path.name for path in folder.glob("*.mp4"))
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}


def in_step(instance: dg.DagsterInstance, name: str, step: str) -> dg.DagsterRun | None:
    """Returns the first run of an episode once it has started the step."""
    for run in runs_of(instance, name)[:1]:
        begun = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.STEP_START).records
        if any(record.event_log_entry.step_key == step for record in begun):
            return instance.get_run_by_id(run.run_id)
    return None


def processes_ended(*run_ids: str) -> bool | None:
    """Whether all processes of the runs have ended, which happens a moment after the end of a run."""
    return not any(leftovers(run_id) for run_id in run_ids) or None


def kill_worker(run: dg.DagsterRun) -> None:
    """Kills only the worker; the processes that it has started go on."""
    worker = Worker.parse(run.tags[WORKER_TAG])
    (process,) = (process for process in leftovers(run.run_id) if process.pid == worker.pid)
    process.kill()


def runs_reaching(steps: Iterable[str], instance: dg.DagsterInstance) -> Iterator[dg.DagsterRun]:
    """For each step, yields the run of the episode named after the step when it starts that step.

    Polls twenty times a second, because some steps take only a quarter of a second.
    """
    deadline, waiting = time.monotonic() + DEADLINE_S, set(steps)
    statuses = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
    while waiting and time.monotonic() < deadline:
        for run in instance.get_runs(of_episodes(waiting, *statuses)):
            step = name_of(run)
            if reached := in_step(instance, step, step):
                waiting.remove(step)
                yield reached
            else:
                assert not run.is_finished, f"the run {run.run_id} of {step} is {run.status.value}"
        time.sleep(0.05)
    assert not waiting


def test_every_run_succeeds_after_everything_was_killed_and_restarted(tmp_path: Path, cut: Path) -> None:
    names = [f"show{number}" for number in range(3)]
    with machine_in(tmp_path) as machine:
        upload(machine.root, cut, *names)
        wait_for("two runs at once", lambda: _two_started(machine.instance, names))
        machine.deployment.kill()
        begun = machine.instance.get_runs(of_episodes(names, dg.DagsterRunStatus.STARTED))
        for run in begun:
            kill_worker(run)
    with machine_in(tmp_path) as machine:
        instance, root = machine.instance, machine.root
        wait_until_succeeded(instance, *names)
        assert len({json.dumps(clips_of(root, name)) for name in names}) == 1
        assert all(run.is_finished for run in instance.get_runs(of_episodes(names)))
        assert all(len(runs_of(instance, name)) <= 2 for name in names)
        wait_for("the end of all processes", lambda: processes_ended(*(run.run_id for run in begun)))


def _two_started(instance: dg.DagsterInstance, names: list[str]) -> bool | None:
    return len(instance.get_runs(of_episodes(names, dg.DagsterRunStatus.STARTED))) >= 2 or None


Span = tuple[float, float]
"""Start and end in seconds since 1970."""


def rendering(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Span:
    """Returns when the clips of a finished run were rendered."""
    (step,) = instance.get_run_step_stats(run.run_id, ["rendered_clips"])
    return step.start_time or 0.0, step.end_time or 0.0


def holding_gpu(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Span:
    """Returns when the transcript of a finished run held its GPU, which it releases a moment before the step ends."""
    entries = instance.all_logs(run.run_id)
    began_s = next(entry.timestamp for entry in entries if entry.user_message == f"uses GPU {run.tags[GPU_TAG]}")
    made = [entry.asset_materialization for entry in entries if entry.asset_materialization]
    (seconds,) = (each.metadata["gpu_seconds"] for each in made if each.asset_key.path == ["aligned_transcript"])
    return began_s, began_s + float(str(seconds.value))


def overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def test_four_episodes_on_two_gpus_overlap_and_no_two_transcripts_share_one(machine: Machine, cut: Path) -> None:
    instance, names = machine.instance, [f"overlapping{number}" for number in range(4)]
    upload(machine.root, cut, *names)
    wait_until_succeeded(instance, *names)
    runs = instance.get_runs(of_episodes(names))
    assert len(runs) == 4
    for one, other in combinations(runs, 2):
        assert not overlap(rendering(instance, one), rendering(instance, other))
        if one.tags[GPU_TAG] == other.tags[GPU_TAG]:
            assert not overlap(holding_gpu(instance, one), holding_gpu(instance, other))
    assert {run.tags[GPU_TAG] for run in runs} == {"0", "1"}
    held = [holding_gpu(instance, run) for run in runs]
    assert any(overlap(one, other) for one, other in combinations(held, 2))
    assert {"gpu": 2, "encode": 1}.items() <= {
        limit.name: limit.limit for limit in instance.event_log_storage.get_pool_limits()
    }.items()
    assert len({json.dumps(clips_of(machine.root, name)) for name in names}) == 1
    wait_for("the end of all processes", lambda: processes_ended(*(run.run_id for run in runs)))


def test_a_worker_killed_in_any_step_is_retried_at_once_with_the_same_result(machine: Machine, cut: Path) -> None:
    instance, root = machine.instance, machine.root
    upload(root, cut, "whole", *SLOW)
    killed_at = {}
    for run in runs_reaching(SLOW, instance):
        kill_worker(run)
        killed_at[run.run_id] = time.time()
    wait_until_succeeded(instance, "whole", *SLOW)
    for step in SLOW:
        first, second = runs_of(instance, step)
        assert first.is_failure
        retry = instance.get_run_record_by_id(second.run_id)
        assert retry
        assert retry.create_timestamp.timestamp() - killed_at[first.run_id] < RETRIED_WITHIN_S
        assert leftovers(first.run_id) == []
        assert clips_of(root, step) == clips_of(root, "whole")


def test_a_worker_stopped_by_sigterm_cleans_up_and_its_finished_clips_are_reused(machine: Machine, cut: Path) -> None:
    """Spot instances are stopped by SIGTERM."""
    instance, root = machine.instance, machine.root
    upload(root, cut, "stopped", clips=2)
    run = wait_for(
        "the first clip",
        lambda: _run_with_log_line(instance, "stopped", "clip_0: rendered"),
        lambda: ended(instance, "stopped"),
    )
    os.kill(Worker.parse(run.tags[WORKER_TAG]).pid, signal.SIGTERM)
    wait_for("the end of its processes", lambda: processes_ended(run.run_id))
    first = runs_of(instance, "stopped")[0]
    assert first.is_failure
    assert first.tags["dagster/failure_reason"] == "UNEXPECTED_TERMINATION"
    assert not list((root / "stopped" / "clips").glob("clip_1.*"))
    wait_until_succeeded(instance, "stopped")
    _, retry = runs_of(instance, "stopped")
    assert _run_with_log_line(instance, "stopped", "clip_0: unchanged, not rendered again", retry=1)
    assert len(clips_of(root, "stopped")) == 2
    begun = instance.get_records_for_run(retry.run_id, of_type=dg.DagsterEventType.STEP_START).records
    assert [record.event_log_entry.step_key for record in begun] == ["rendered_clips", "episode_costs", "library"]


def _run_with_log_line(instance: dg.DagsterInstance, name: str, beginning: str, retry: int = 0) -> dg.DagsterRun | None:
    for run in runs_of(instance, name)[retry : retry + 1]:
        if any(entry.user_message.startswith(beginning) for entry in instance.all_logs(run.run_id)):
            return instance.get_run_by_id(run.run_id)
    return None


def test_a_cancelled_run_leaves_no_processes(machine: Machine, cut: Path) -> None:
    instance = machine.instance
    upload(machine.root, cut, "cancelled")
    run = wait_for(
        "the start of rendering",
        lambda: in_step(instance, "cancelled", "rendered_clips"),
        lambda: ended(instance, "cancelled"),
    )
    _cancel(machine.deployment, run.run_id)
    wait_for("the end of the run", lambda: runs_of(instance, "cancelled")[0].is_finished or None)
    assert runs_of(instance, "cancelled")[0].status is dg.DagsterRunStatus.CANCELED
    assert leftovers(run.run_id) == []


def _cancel(deployment: Deployment, run_id: str) -> None:
    stopped = deployment.graphql(
        "mutation($id: String!) { terminateRun(runId: $id) { __typename ... on PythonError { message } } }", id=run_id
    )
    assert stopped["terminateRun"]["__typename"] == "TerminateRunSuccess", stopped
