"""What episodes a day cost: `python -m benchmarks.scale` prints the table of docs/scale.md, whose inputs these are."""

import json
from dataclasses import dataclass
from math import ceil
from pathlib import Path

HISTORY = Path(__file__).parent / "history.jsonl"
SCALES = (10, 1_000, 100_000)
DAY_S = 86_400
MEASURED = "auto (LR-ASD)"


@dataclass(frozen=True)
class Inputs:
    """Sources are in docs/scale.md; all but the measured ones are assumptions to be replaced by your own."""

    clip_cpu_per_s: float
    """CPU-seconds for one second of a clip, camera included: measured."""
    s3_writes: int = 30
    s3_reads: int = 156
    """Requests of one run that made `measured_clips` clips: measured."""
    measured_clips: int = 2
    event_rows: int = 163
    """Rows of one run in the event log, by far the largest table: measured."""
    row_bytes: int = 3091
    """Of an event with its share of the indexes: measured, in SQLite."""
    episode_s: float = 3600.0
    clips: int = 10
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


def measured(history: Path = HISTORY) -> Inputs:
    """With the CPU-seconds of the last entry of `make bench`'s history."""
    way = json.loads(history.read_text().splitlines()[-1])["ways"][MEASURED]
    return Inputs(clip_cpu_per_s=way["cpu_s"] / way["seconds"])


def run_s(inputs: Inputs) -> float:
    """How long one run holds a GPU."""
    clips_cpu_s = inputs.clips * inputs.clip_s * inputs.clip_cpu_per_s
    return inputs.start_s + inputs.episode_s / inputs.speed + clips_cpu_s / inputs.cores


def day(episodes: int, inputs: Inputs) -> Day:
    """The formulas of docs/scale.md."""
    at_once = episodes * run_s(inputs) / DAY_S / inputs.utilisation
    more = inputs.clips / inputs.measured_clips
    writes, reads = (ceil(episodes * each * more) for each in (inputs.s3_writes, inputs.s3_reads))
    rows = ceil(episodes * inputs.event_rows * more)
    usd = (
        at_once * 24 * inputs.gpu_hour_usd
        + writes * inputs.write_usd
        + reads * inputs.read_usd
        + episodes * inputs.llm_usd
        + inputs.services_day_usd
    )
    return Day(episodes, ceil(at_once), episodes * 6, writes + reads, rows, rows * inputs.row_bytes / 1e9, usd)


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
