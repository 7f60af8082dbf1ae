"""`make simulate`: runs a day of 1,000 episodes through the real daemon and PostgreSQL in minutes.

All uploads exist from the start; the real sensor requests their runs, and the real queue distributes them to five
places. The assets are stand-ins with the real durations and log output
(benchmarks/simulated.py). The exit code is 1 if a limit does not hold; a whole day is written to simulation.json.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import accumulate
from pathlib import Path

import click
import dagster as dg
import psutil
import sqlalchemy as sa
import yaml
from dagster._daemon.controller import get_daemon_statuses
from rich.console import Console
from rich.table import Table

from benchmarks.scale import SIMULATION, measured, run_s
from clipper_assets_tests.support.postgres import PASSWORD, USER, Postgres, serving_postgres
from clipper_assets_tests.support.servers import PROJECT, SCRIPTS, free_port, serving

EPISODES = 1_000
PLACES = 5
"""Runs at once, each as on a machine of its own. None waits for a pool: what is simulated is the orchestration."""
SPEED = 60.0
"""A day in 24 minutes, given enough CPUs; two cores took 41."""
FINAL = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
POLL_S = 5.0
PATIENCE = 4
"""The day may take this many times as long as its runs without any overhead between them."""
SESSIONS = "SELECT sessions FROM pg_stat_database WHERE datname = 'postgres'"
MOST_SHARE = 0.05
"""Most overhead, as a share of the duration of a real run."""
console = Console()


@dataclass(frozen=True)
class SimulatedDay:
    """The results of a simulated day. Rows, bytes, connections, CPU-seconds and overhead are per run."""

    episodes: int
    runs: int
    succeeded: int
    places: int
    most_at_once: int
    runs_per_s: float
    overhead_s: float
    """Seconds per run that a place is not simulating: between two runs, and in a run besides its sleep."""
    share: float
    """Share of the overhead in the duration of a real run."""
    rows: float
    run_bytes: int
    connections: float
    """Connections opened to the database; Dagster opens one for each read or write."""
    daemon_cpu_s: float
    code_cpu_s: float
    database_cpu_s: float
    daemon_mb: float
    late: int
    """Polls that simulated a daemon without a recent heartbeat."""

    def limits(self) -> dict[str, bool]:
        """Returns the limits, and whether each holds."""
        return {
            "every episode has one run, which succeeded": self.episodes == self.runs == self.succeeded,
            "no more runs at once than places": self.most_at_once <= self.places,
            f"overhead is below {MOST_SHARE:.0%} of a run": self.share < MOST_SHARE,
            "daemons had their heartbeats": self.late == 0,
        }


@dataclass(frozen=True)
class Deployed:
    """`dagster dev` on the simulated code location."""

    instance: dg.DagsterInstance
    database: sa.Engine
    server: psutil.Process
    postgres: psutil.Process

    def processes(self, word: str) -> list[psutil.Process]:
        return [process for process in self.server.children(recursive=True) if word in " ".join(process.cmdline())]

    def scalar(self, query: str) -> int:
        with self.database.connect() as connection:
            return int(connection.execute(sa.text(query)).scalar_one())


@contextmanager
def deployed(folder: Path, postgres: Postgres, places: int, speed: float) -> Iterator[Deployed]:
    home, port = folder / "home", free_port()
    home.mkdir()
    database = sa.engine.URL.create("postgresql", USER, PASSWORD, "127.0.0.1", postgres.port, "postgres")
    url = database.render_as_string(hide_password=False)
    settings = yaml.safe_load((PROJECT / "dagster.yaml").read_text())
    settings["storage"] = {"postgres": {"postgres_url": url}}
    launcher = {"module": "benchmarks.warm_launcher", "class": "WarmLauncher", "config": {"places": places}}
    settings["run_launcher"] = launcher
    settings["concurrency"]["runs"]["max_concurrent_runs"] = places
    settings["concurrency"]["pools"]["default_limit"] = places
    (home / "dagster.yaml").write_text(yaml.safe_dump(settings))
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(home),
        "CLIPPER_STORAGE": str(folder / "data"),
        "SIMULATION_SPEED": str(speed),
        "PYTHONPATH": str(PROJECT),
        "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}",
    }
    command = [str(SCRIPTS / "dagster"), "dev", "-h", "127.0.0.1", "-p", str(port), "-m", "benchmarks.simulated"]
    with (
        serving(command, environment, folder / "dagster.log", f"http://127.0.0.1:{port}/server_info") as process,
        dg.DagsterInstance.from_config(str(home)) as instance,
    ):
        main = int((postgres.folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        yield Deployed(instance, sa.create_engine(url), psutil.Process(process.pid), psutil.Process(main))


def upload(folder: Path, episodes: int) -> None:
    for number in range(episodes):
        file = folder / "data" / f"show{number % 10}" / f"{number:06}.mp4"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"simulated")


def watch(instance: dg.DagsterInstance, episodes: int, most_s: float) -> int:
    """Waits for the end of all runs; returns how often a daemon was late. Raises TimeoutError after `most_s`."""
    started, late = time.monotonic(), 0
    needed = instance.get_required_daemon_types()
    while (ended := instance.get_runs_count(dg.RunsFilter(statuses=FINAL))) < episodes:
        passed_s = time.monotonic() - started
        if passed_s > most_s:
            raise TimeoutError(f"{ended} of {episodes} runs ended within {most_s:.0f} s")
        if ended:
            late += not all(status.healthy for status in get_daemon_statuses(instance, needed).values())
        queued = instance.get_runs_count(dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED]))
        console.print(f"{passed_s:5.0f} s: {ended} of {episodes} runs ended, {queued} queued", highlight=False)
        time.sleep(POLL_S)
    return late


def at_once(times: Sequence[tuple[float, float]]) -> int:
    """Returns the largest number of overlapping intervals; touching ones do not overlap."""
    changes = sorted([(end, -1) for _, end in times] + [(start, 1) for start, _ in times])
    return max(accumulate(change for _, change in changes))


def cpu_s(processes: Sequence[psutil.Process]) -> float:
    """Returns the CPU time of processes and their ended children, in seconds."""
    return sum(sum(process.cpu_times()[:4]) for process in processes)


def simulate(folder: Path, episodes: int, speed: float) -> SimulatedDay:
    inputs = measured()
    places, real_s = PLACES, run_s(inputs)
    upload(folder, episodes)
    with serving_postgres() as postgres, deployed(folder, postgres, places, speed) as deployment:
        empty_bytes = deployment.scalar("SELECT pg_database_size('postgres')")
        late = watch(deployment.instance, episodes, PATIENCE * episodes * real_s / speed / places + 120)
        records = deployment.instance.get_run_records()
        succeeded = [record for record in records if record.dagster_run.status is dg.DagsterRunStatus.SUCCESS]
        times = [(record.start_time, record.end_time) for record in succeeded if record.start_time and record.end_time]
        runs, span_s = len(records), max(end for _, end in times) - min(start for start, _ in times)
        overhead_s = places * span_s / runs - real_s / speed
        return SimulatedDay(
            episodes=len({record.dagster_run.tags["dagster/partition"] for record in records}),
            runs=runs,
            succeeded=len(succeeded),
            places=places,
            most_at_once=at_once(times),
            runs_per_s=round(runs / span_s, 2),
            overhead_s=round(overhead_s, 2),
            share=round(overhead_s / (real_s + overhead_s), 4),
            rows=round(deployment.scalar("SELECT count(*) FROM event_logs") / runs, 1),
            run_bytes=round((deployment.scalar("SELECT pg_database_size('postgres')") - empty_bytes) / runs),
            connections=round(
                deployment.scalar("SELECT sessions FROM pg_stat_database WHERE datname = 'postgres'") / runs, 1
            ),
            daemon_cpu_s=round(cpu_s(deployment.processes("dagster._daemon")) / runs, 3),
            code_cpu_s=round(cpu_s(deployment.processes("api grpc")) / runs, 3),
            database_cpu_s=round(cpu_s([deployment.postgres, *deployment.postgres.children()]) / runs, 3),
            daemon_mb=round(
                sum(process.memory_info().rss for process in deployment.processes("dagster._daemon")) / 1e6, 1
            ),
            late=late,
        )


def results_table(simulated: SimulatedDay) -> Table:
    table = Table("measurement", "result")
    for name, figure in asdict(simulated).items():
        table.add_row(name, f"{figure:,}")
    for limit, holds in simulated.limits().items():
        table.add_row(limit, "pass" if holds else "FAIL")
    return table


@click.command()
@click.option("--episodes", default=EPISODES, show_default=True)
@click.option("--speed", default=SPEED, show_default=True, help="Simulated seconds per second.")
def main(episodes: int, speed: float) -> None:
    """Simulate a day of episodes with the real daemon and PostgreSQL."""
    with tempfile.TemporaryDirectory() as name:
        simulated = simulate(Path(name), episodes, speed)
    console.print(results_table(simulated))
    good = all(simulated.limits().values())
    if good and (episodes, speed) == (EPISODES, SPEED):
        SIMULATION.write_text(json.dumps(asdict(simulated), indent=2) + "\n")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
