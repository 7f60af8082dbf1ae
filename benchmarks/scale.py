"""`python -m benchmarks.scale`: prints the tables of docs/scale.md, the cost of episodes per day and of a clip."""

import json
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from benchmarks.footprint import Footprint

HISTORY = Path(__file__).parent / "history.jsonl"
SIMULATION = Path(__file__).parent / "simulation.json"
SCALES = (10, 1_000, 100_000)
DAY_S = 86_400
PODS = 11
"""Pods of an episode on Kubernetes: one for the run, and one for each of ten steps."""
MEASURED = "auto (LR-ASD)"


@dataclass(frozen=True)
class Inputs:
    """Inputs of the model, with sources in docs/scale.md. Replace those that are not measured by your own figures."""

    clip_cpu_per_s: float
    """CPU-seconds per second of a clip, camera included (measured)."""
    clips: int
    s3_writes: int
    s3_reads: int
    """S3 requests of one run with that many clips (measured)."""
    event_rows: int
    """Rows of one run in the event log, by far the largest table (measured)."""
    run_bytes: int
    """Bytes that a run adds to the PostgreSQL database (measured)."""
    episode_s: float = 3600.0
    clip_s: float = 45.0
    speed: float = 70.0
    """Speed of transcription as a multiple of real time (WhisperX's README, large-v2)."""
    start_s: float = 60.0
    """Seconds until a pod is scheduled and its models are loaded."""
    cores: int = 4
    """CPU cores per GPU of a machine that has both."""
    utilisation: float = 0.6
    """Share of the day in which GPUs and cores are busy, since uploads come in waves."""
    gpu_hour_usd: float = 1.006
    """List price of a g5.xlarge, which has one A10G and 4 vCPUs."""
    core_hour_usd: float = 0.0425
    """List price of a c6i.2xlarge, by its 8 vCPUs."""
    services_day_usd: float = 10.0
    """Cost per day of database, webserver, daemon, code location and API."""
    write_usd: float = 5e-6
    read_usd: float = 4e-7
    llm_usd: float = 0.0025
    """Cost per episode of a language model, for about 15,000 tokens."""


@dataclass(frozen=True)
class Day:
    """The resources and cost of a day with that many episodes."""

    episodes: int
    gpus: int
    cores: int
    pods: int
    s3_requests: int
    rows: int
    database_gb: float
    usd: float


def measured() -> Inputs:
    """Returns the inputs with the latest results of `make bench`, the footprint and `make simulate`."""
    way = json.loads(HISTORY.read_text().splitlines()[-1])["ways"][MEASURED]
    footprint, simulated = Footprint.load(), json.loads(SIMULATION.read_text())
    return Inputs(
        clip_cpu_per_s=way["cpu_s"] / way["seconds"],
        clips=footprint.clips,
        s3_writes=footprint.s3_writes,
        s3_reads=footprint.s3_reads,
        event_rows=footprint.rows,
        run_bytes=simulated["run_bytes"],
    )


def transcribe_s(inputs: Inputs) -> float:
    """Returns the seconds that a transcription occupies a GPU, with the start of its pod."""
    return inputs.start_s + inputs.episode_s / inputs.speed


def render_cpu_s(inputs: Inputs) -> float:
    """Returns the CPU-seconds of the camera and rendering steps."""
    return inputs.clips * inputs.clip_s * inputs.clip_cpu_per_s


def render_s(inputs: Inputs) -> float:
    """Returns the seconds of the camera and rendering steps on the cores of one GPU's machine."""
    return render_cpu_s(inputs) / inputs.cores


def run_s(inputs: Inputs) -> float:
    """Returns the seconds that one run takes without waiting."""
    return transcribe_s(inputs) + render_s(inputs)


def day(episodes: int, inputs: Inputs) -> Day:
    """Computes a day by the formulas of docs/scale.md."""
    gpus = episodes * transcribe_s(inputs) / DAY_S / inputs.utilisation
    cores = episodes * render_cpu_s(inputs) / DAY_S / inputs.utilisation
    writes, reads = episodes * inputs.s3_writes, episodes * inputs.s3_reads
    usd = (
        gpus * 24 * inputs.gpu_hour_usd
        + cores * 24 * inputs.core_hour_usd
        + writes * inputs.write_usd
        + reads * inputs.read_usd
        + episodes * inputs.llm_usd
        + inputs.services_day_usd
    )
    return Day(
        episodes,
        gpus=ceil(gpus),
        cores=ceil(cores),
        pods=episodes * PODS,
        s3_requests=writes + reads,
        rows=episodes * inputs.event_rows,
        database_gb=episodes * inputs.run_bytes / 1e9,
        usd=usd,
    )


def table(inputs: Inputs) -> str:
    """Returns a Markdown table with one row for each of `SCALES`."""
    lines = [
        "| Episodes a day | GPUs | Cores | Pods | S3 requests | Event rows | Database, GB | $ | $ an episode |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    days = (day(episodes, inputs) for episodes in SCALES)
    lines.extend(
        f"| {row.episodes:,} | {row.gpus:,} | {row.cores:,} | {row.pods:,} | {row.s3_requests:,} | {row.rows:,} "
        f"| {row.database_gb:.3f} | {row.usd:,.2f} | {row.usd / row.episodes:.3f} |"
        for row in days
    )
    return "\n".join(lines)


def deployments(inputs: Inputs) -> str:
    """Returns a Markdown table with how long the GPU of a busy deployment is idle, and the cost of a clip there."""
    transcript_s, both_s = transcribe_s(inputs), run_s(inputs)
    shared_s = max(transcript_s, render_s(inputs))
    gpu_usd, core_usd = inputs.gpu_hour_usd / 3600, inputs.core_hour_usd / 3600
    rows = [
        ("One run after the other: `clipper process`", 1 - transcript_s / both_s, both_s * gpu_usd),
        ("One machine, Docker: runs overlap", 1 - transcript_s / shared_s, shared_s * gpu_usd),
        ("Kubernetes, ECS: steps on their own machines", 0.0, transcript_s * gpu_usd + render_cpu_s(inputs) * core_usd),
    ]
    lines = ["| Deployment with enough episodes | GPU idle | $ a clip |", "|---|---:|---:|"]
    lines.extend(f"| {name} | {idle:.0%} | {usd / inputs.clips:.4f} |" for name, idle, usd in rows)
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(measured()))  # noqa: T201
    print(deployments(measured()))  # noqa: T201
