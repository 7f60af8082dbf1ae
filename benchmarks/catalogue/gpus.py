"""GPUs that are idle while a transcription waits for one: six episodes on two pretended GPUs.

The real sensor, daemon, queue, run launcher and executor, with the project's dagster.yaml. The steps are stand-ins that
sleep (benchmarks/simulated.py), a quarter as long as docs/scale.md computes for an hour of speech: 28 s for a
transcription and 33 s for the clips. A GPU is idle for about a second between two transcriptions, so that its share of
the time is four times as large here as in a deployment.
"""

import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import dagster as dg

from benchmarks.catalogue.figure import Figure
from benchmarks.gpus_held import HELD
from benchmarks.simulation import FINAL, upload
from clipper_assets.runtime.gpus import GPU_TAG
from clipper_assets_tests.support.servers import PROJECT, SCRIPTS, free_port, serving

EPISODES, GPUS, FASTER = 6, ("0", "1"), 4.0
ENCODES = 4
"""Steps that encode at once: those of a machine with 16 cores that renders one clip of an episode at a time."""
MOST_IDLE = 5.0
MOST_S = 300.0
TRANSCRIPT = "aligned_transcript"
Span = tuple[float, float]
"""Start and end in seconds since 1970."""


def measure() -> Iterable[Figure]:
    """Yields the share of idle GPUs and the CPU steps that held one. Raises RuntimeError if a run fails."""
    with tempfile.TemporaryDirectory() as name, deployed(Path(name)) as instance:
        wait_for_runs(instance)
        runs = instance.get_runs()
        if failed := [run.run_id for run in runs if not run.is_success]:
            raise RuntimeError(f"the simulated runs {failed} failed")
        steps = {run.run_id: steps_of(instance, run) for run in runs}
        busy = {gpu: [steps[run.run_id][TRANSCRIPT] for run in runs if run.tags[GPU_TAG] == gpu] for gpu in GPUS}
        waiting = [(spans["raw_video"][1], spans[TRANSCRIPT][0]) for spans in steps.values()]
        yield Figure(
            "time that a GPU is idle while a transcription waits",
            100 * idle_share(busy, waiting),
            "%",
            limit=MOST_IDLE,
            old=100 * share_of_other_steps(list(steps.values())),
        )
        yield Figure("CPU steps that held a GPU", cpu_steps_on_gpus(instance, runs), "steps", limit=0)


@contextmanager
def deployed(folder: Path) -> Iterator[dg.DagsterInstance]:
    """`dagster dev` on the simulated code location, with all uploads there."""
    home, port = folder / "home", free_port()
    home.mkdir()
    (home / "dagster.yaml").write_bytes((PROJECT / "dagster.yaml").read_bytes())
    upload(folder, EPISODES)
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(home),
        "CLIPPER_STORAGE": str(folder / "data"),
        "CLIPPER_GPUS": ",".join(GPUS),
        "CLIPPER_POOL_ENCODE": str(ENCODES),
        "SIMULATION_SPEED": str(FASTER),
        "PYTHONPATH": str(PROJECT),
        "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}",
    }
    command = [str(SCRIPTS / "dagster"), "dev", "-h", "127.0.0.1", "-p", str(port), "-m", "benchmarks.simulated"]
    with (
        serving(command, environment, folder / "dagster.log", f"http://127.0.0.1:{port}/server_info"),
        dg.DagsterInstance.from_config(str(home)) as instance,
    ):
        yield instance


def wait_for_runs(instance: dg.DagsterInstance) -> None:
    deadline = time.monotonic() + MOST_S
    while (ended := instance.get_runs_count(dg.RunsFilter(statuses=FINAL))) < EPISODES:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{ended} of {EPISODES} runs ended within {MOST_S:.0f} s")
        time.sleep(1)


def steps_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dict[str, Span]:
    stats = instance.get_run_step_stats(run.run_id)
    return {step.step_key: (step.start_time or 0.0, step.end_time or 0.0) for step in stats}


def idle_share(busy: Mapping[str, Sequence[Span]], waiting: Sequence[Span]) -> float:
    """The share of the GPUs' time in which they do nothing, of the time in which at least one transcription waits.

    Args:
        busy: When each GPU transcribes.
        waiting: From when to when each transcription waits for a GPU.
    """
    every = [*waiting, *(span for spans in busy.values() for span in spans)]
    moments = sorted({moment for span in every for moment in span})
    idle_s = waited_s = 0.0
    for start, end in pairwise(moments):
        if covered(start, waiting):
            waited_s += (end - start) * len(busy)
            idle_s += (end - start) * sum(not covered(start, spans) for spans in busy.values())
    return idle_s / waited_s if waited_s else 0.0


def covered(moment: float, spans: Sequence[Span]) -> bool:
    return any(start <= moment < end for start, end in spans)


def share_of_other_steps(runs: Sequence[Mapping[str, Span]]) -> float:
    """The share of a run in which its steps do not transcribe: what a GPU was idle when a run held it to its end.

    Waiting is not counted, because such a run started only when a GPU was free.
    """
    transcribing_s = sum(end - start for steps in runs for start, end in [steps[TRANSCRIPT]])
    all_s = sum(end - start for steps in runs for start, end in steps.values())
    return 1 - transcribing_s / all_s


def cpu_steps_on_gpus(instance: dg.DagsterInstance, runs: Sequence[dg.DagsterRun]) -> int:
    events = [
        entry.dagster_event
        for run in runs
        for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
        if entry.dagster_event and entry.dagster_event.step_key != TRANSCRIPT
    ]
    return sum(bool(event.step_materialization_data.materialization.metadata[HELD].value) for event in events)
