"""What episodes a day cost: `python -m benchmarks.scale` prints the table of docs/scale.md, whose inputs these are."""

import json
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from benchmarks.footprint import Footprint

HISTORY = Path(__file__).parent / "history.jsonl"
SIMULATION = Path(__file__).parent / "simulation.json"
SCALES = (10, 1_000, 100_000)
DAY_S = 86_400
PODS = 7
"""Of an episode on Kubernetes: the run's, and one for each of six steps."""
MEASURED = "auto (LR-ASD)"


@dataclass(frozen=True)
class Inputs:
    """Sources are in docs/scale.md; all but the measured ones are assumptions to be replaced by your own."""

    clip_cpu_per_s: float
    """CPU-seconds for one second of a clip, camera included: measured."""
    clips: int
    s3_writes: int
    s3_reads: int
    """Requests of one run that made so many clips: measured."""
    event_rows: int
    """Rows of one run in the event log, by far the largest table: measured."""
    run_bytes: int
    """What a run adds to the database: measured, in PostgreSQL."""
    episode_s: float = 3600.0
    clip_s: float = 45.0
    speed: float = 70.0
    """Times real time of transcription: WhisperX's README, large-v2."""
    start_s: float = 60.0
    """Until a pod is scheduled and models are loaded."""
    cores: int = 4
    """Beside each GPU; clips are encoded on them."""
    utilisation: float = 0.6
    """The share of a day in which a GPU has work: uploads come in waves."""
    gpu_hour_usd: float = 0.80
    services_day_usd: float = 10.0
    """Database, webserver, daemon, code location and API, which run all day."""
    write_usd: float = 5e-6
    read_usd: float = 4e-7
    llm_usd: float = 0.0025
    """Of an episode: about 15,000 tokens."""


@dataclass(frozen=True)
class Day:
    """One day of so many episodes."""

    episodes: int
    gpus: int
    pods: int
    s3_requests: int
    rows: int
    database_gb: float
    usd: float


def measured() -> Inputs:
    """With what `make bench`, `python -m benchmarks.footprint` and `make simulate` have measured last."""
    way = json.loads(HISTORY.read_text().splitlines()[-1])["ways"][MEASURED]
    left, simulated = Footprint.load(), json.loads(SIMULATION.read_text())
    return Inputs(
        clip_cpu_per_s=way["cpu_s"] / way["seconds"],
        clips=left.clips,
        s3_writes=left.s3_writes,
        s3_reads=left.s3_reads,
        event_rows=left.rows,
        run_bytes=simulated["run_bytes"],
    )


def transcribe_s(inputs: Inputs) -> float:
    """How long the step takes, with the run's start."""
    return inputs.start_s + inputs.episode_s / inputs.speed


def render_s(inputs: Inputs) -> float:
    """How long camera and clips take."""
    return inputs.clips * inputs.clip_s * inputs.clip_cpu_per_s / inputs.cores


def run_s(inputs: Inputs) -> float:
    """How long one run holds a GPU."""
    return transcribe_s(inputs) + render_s(inputs)


def day(episodes: int, inputs: Inputs) -> Day:
    """The formulas of docs/scale.md."""
    at_once = episodes * run_s(inputs) / DAY_S / inputs.utilisation
    writes, reads = episodes * inputs.s3_writes, episodes * inputs.s3_reads
    usd = (
        at_once * 24 * inputs.gpu_hour_usd
        + writes * inputs.write_usd
        + reads * inputs.read_usd
        + episodes * inputs.llm_usd
        + inputs.services_day_usd
    )
    return Day(
        episodes,
        gpus=ceil(at_once),
        pods=episodes * PODS,
        s3_requests=writes + reads,
        rows=episodes * inputs.event_rows,
        database_gb=episodes * inputs.run_bytes / 1e9,
        usd=usd,
    )


def table(inputs: Inputs) -> str:
    """In Markdown, a row for each of `SCALES`."""
    lines = [
        "| Episodes a day | GPUs | Pods | S3 requests | Event rows | Database, GB | $ | $ an episode |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    days = (day(episodes, inputs) for episodes in SCALES)
    lines.extend(
        f"| {each.episodes:,} | {each.gpus:,} | {each.pods:,} | {each.s3_requests:,} | {each.rows:,} "
        f"| {each.database_gb:.3f} | {each.usd:,.2f} | {each.usd / each.episodes:.3f} |"
        for each in days
    )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(measured()))  # noqa: T201
