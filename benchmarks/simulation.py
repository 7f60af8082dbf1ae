"""`make simulate`: a day of 1,000 episodes through the real daemon and PostgreSQL, in minutes.

Uploads lie there, the real sensor asks for their runs, the real queue gives them to as many places as docs/scale.md has
GPUs, and runs are empty but for their length and what they write (benchmarks/simulated.py). The exit code is 1 where a
limit does not hold; what a whole day was like is written to simulation.json.
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

from benchmarks.scale import SIMULATION, day, measured, run_s
from clipper_assets_tests.support.postgres import PASSWORD, USER, Postgres, serving_postgres
from clipper_assets_tests.support.servers import PROJECT, SCRIPTS, free_port, serving

EPISODES = 1_000
SPEED = 60.0
"""A day in 24 minutes, where there are the processors for it; two cores took 41."""
FINAL = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
LOOK_S = 5.0
PATIENCE = 4
"""The day may take so many times longer than its runs would without anything between them."""
SESSIONS = "SELECT sessions FROM pg_stat_database WHERE datname = 'postgres'"
MOST_SHARE = 0.05
"""Of a real run's time, for all that is not the run."""
console = Console()


@dataclass(frozen=True)
class Found:
    """What a day was like. Of one run each: rows, bytes, connections, CPU-seconds, and seconds of overhead."""

    episodes: int
    runs: int
    succeeded: int
    places: int
    most_at_once: int
    runs_per_s: float
    overhead_s: float
    """Of a place's time: between two runs, and what a run does but wait."""
    share: float
    """Of a real run's time that the overhead is."""
    rows: float
    run_bytes: int
    connections: float
    """That were opened to the database: Dagster opens one for each thing that it reads or writes."""
    daemon_cpu_s: float
    code_cpu_s: float
    database_cpu_s: float
    daemon_mb: float
    late: int
    """Looks that found a daemon without a recent heartbeat."""

    def limits(self) -> dict[str, bool]:
        """What has to hold, and whether it does."""
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

    def part(self, word: str) -> list[psutil.Process]:
        return [each for each in self.server.children(recursive=True) if word in " ".join(each.cmdline())]

    def asked(self, query: str) -> int:
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
    """Until as many runs have ended; how often a daemon was late. Raises TimeoutError."""
    began, late = time.monotonic(), 0
    needed = instance.get_required_daemon_types()
    while (ended := instance.get_runs_count(dg.RunsFilter(statuses=FINAL))) < episodes:
        passed_s = time.monotonic() - began
        if passed_s > most_s:
            raise TimeoutError(f"{ended} of {episodes} runs ended within {most_s:.0f} s")
        if ended:
            late += not all(status.healthy for status in get_daemon_statuses(instance, needed).values())
        queued = instance.get_runs_count(dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED]))
        console.print(f"{passed_s:5.0f} s: {ended} of {episodes} runs ended, {queued} queued", highlight=False)
        time.sleep(LOOK_S)
    return late


def at_once(times: Sequence[tuple[float, float]]) -> int:
    """How many intervals overlap at most; one that begins as another one ends does not."""
    changes = sorted([(end, -1) for _, end in times] + [(start, 1) for start, _ in times])
    return max(accumulate(change for _, change in changes))


def cpu_s(processes: Sequence[psutil.Process]) -> float:
    """Of processes and those of their children that have ended."""
    return sum(sum(process.cpu_times()[:4]) for process in processes)


def simulate(folder: Path, episodes: int, speed: float) -> Found:
    inputs = measured()
    places, real_s = day(EPISODES, inputs).gpus, run_s(inputs)
    upload(folder, episodes)
    with serving_postgres() as postgres, deployed(folder, postgres, places, speed) as there:
        empty = there.asked("SELECT pg_database_size('postgres')")
        late = watch(there.instance, episodes, PATIENCE * episodes * real_s / speed / places + 120)
        records = there.instance.get_run_records()
        succeeded = [each for each in records if each.dagster_run.status is dg.DagsterRunStatus.SUCCESS]
        times = [(each.start_time, each.end_time) for each in succeeded if each.start_time and each.end_time]
        runs, span_s = len(records), max(end for _, end in times) - min(start for start, _ in times)
        overhead_s = places * span_s / runs - real_s / speed
        return Found(
            episodes=len({each.dagster_run.tags["dagster/partition"] for each in records}),
            runs=runs,
            succeeded=len(succeeded),
            places=places,
            most_at_once=at_once(times),
            runs_per_s=round(runs / span_s, 2),
            overhead_s=round(overhead_s, 2),
            share=round(overhead_s / (real_s + overhead_s), 4),
            rows=round(there.asked("SELECT count(*) FROM event_logs") / runs, 1),
            run_bytes=round((there.asked("SELECT pg_database_size('postgres')") - empty) / runs),
            connections=round(
                there.asked("SELECT sessions FROM pg_stat_database WHERE datname = 'postgres'") / runs, 1
            ),
            daemon_cpu_s=round(cpu_s(there.part("dagster._daemon")) / runs, 3),
            code_cpu_s=round(cpu_s(there.part("api grpc")) / runs, 3),
            database_cpu_s=round(cpu_s([there.postgres, *there.postgres.children()]) / runs, 3),
            daemon_mb=round(sum(each.memory_info().rss for each in there.part("dagster._daemon")) / 1e6, 1),
            late=late,
        )


def shown(found: Found) -> Table:
    table = Table("what", "found")
    for name, figure in asdict(found).items():
        table.add_row(name, f"{figure:,}")
    for limit, holds in found.limits().items():
        table.add_row(limit, "pass" if holds else "FAIL")
    return table


@click.command()
@click.option("--episodes", default=EPISODES, show_default=True)
@click.option("--speed", default=SPEED, show_default=True, help="How many seconds of the day pass in one second.")
def main(episodes: int, speed: float) -> None:
    """A day of 1,000 episodes through the real daemon and PostgreSQL."""
    with tempfile.TemporaryDirectory() as name:
        found = simulate(Path(name), episodes, speed)
    console.print(shown(found))
    good = all(found.limits().values())
    if good and (episodes, speed) == (EPISODES, SPEED):
        SIMULATION.write_text(json.dumps(asdict(found), indent=2) + "\n")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
