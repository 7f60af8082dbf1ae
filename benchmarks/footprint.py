"""`python -m benchmarks.footprint`: runs the real job on an hour of video and writes footprint.json.

Counts the rows of the event log and the S3 requests of the run. The hour is the sample in a loop, with its subtitles,
in moto's S3 on loopback.
"""

import json
import os
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from statistics import mean

import dagster as dg
import pysubs2
from dagster._serdes import serialize_value

from benchmarks.source import SAMPLE
from clipper_assets.media.ffmpeg import run
from clipper_assets_tests.support.servers import serving_s3

FILE = Path(__file__).parent / "footprint.json"
BUCKET, KEY = "footprint", "show/hour.mp4"
HOUR_S = 3600.0
LINES = {None, dg.DagsterEventType.LOADED_INPUT, dg.DagsterEventType.HANDLED_OUTPUT}
"""Events that only a step with code has: log lines, and Dagster's events about its tables."""


@dataclass(frozen=True)
class Step:
    """What a step adds to the event log, besides the rows that Dagster writes for every step; sizes in bytes."""

    lines: int
    line_bytes: int
    metadata_bytes: int
    check_bytes: dict[str, int]


@dataclass(frozen=True)
class Footprint:
    """The footprint of a run: number of clips, event log rows, requests by method, and the share of each step."""

    clips: int
    rows: int
    requests: dict[str, int]
    steps: dict[str, Step]

    @classmethod
    def load(cls, file: Path = FILE) -> "Footprint":
        fields = json.loads(file.read_text())
        return cls(**fields | {"steps": {name: Step(**step) for name, step in fields["steps"].items()}})

    @property
    def s3_writes(self) -> int:
        """Requests at the price of a PUT, LIST included (https://aws.amazon.com/s3/pricing); DELETE is free."""
        return self.requests.get("PUT", 0) + self.requests.get("POST", 0) + self.requests.get("LIST", 0)

    @property
    def s3_reads(self) -> int:
        return self.requests.get("GET", 0) + self.requests.get("HEAD", 0)


def make_hour(folder: Path) -> Path:
    """Creates `hour.mp4` of 3,600 s with its subtitles in `hour.srt`."""
    cues = pysubs2.load(str(SAMPLE / "episode.srt"))
    video = folder / "hour.mp4"
    loop = ["-stream_loop", "-1", "-i", str(SAMPLE / "episode.mp4"), "-t", f"{HOUR_S:g}", "-c", "copy"]
    run([*loop, "-y", str(video)])
    length_ms = round(1000 * json.loads((SAMPLE / "truth.json").read_text())["duration"])
    hour = pysubs2.SSAFile()
    for start_ms in range(0, round(1000 * HOUR_S), length_ms):
        repeated = pysubs2.SSAFile()
        repeated.events = [event.copy() for event in cues]
        repeated.shift(ms=start_ms)
        hour.events += [event for event in repeated if event.end <= 1000 * HOUR_S]
    hour.save(str(folder / "hour.srt"))
    return video


def steps_of_log(entries: Sequence[dg.EventLogEntry]) -> dict[str, Step]:
    """Returns the share of each step in a run's event log."""
    steps = {}
    for name in sorted({entry.step_key for entry in entries if entry.step_key}):
        step_entries = [entry for entry in entries if entry.step_key == name]
        lines = [len(serialize_value(entry)) for entry in step_entries if _kind(entry) in LINES]
        made = [
            entry.get_dagster_event()
            for entry in step_entries
            if _kind(entry) is dg.DagsterEventType.ASSET_MATERIALIZATION
        ]
        checked = [
            entry.get_dagster_event().asset_check_evaluation_data
            for entry in step_entries
            if _kind(entry) is dg.DagsterEventType.ASSET_CHECK_EVALUATION
        ]
        steps[name] = Step(
            lines=len(lines),
            line_bytes=round(mean(lines)) if lines else 0,
            metadata_bytes=sum(len(serialize_value(each.step_materialization_data.materialization)) for each in made),
            check_bytes={each.check_name: len(serialize_value(each)) for each in checked},
        )
    return steps


def _kind(entry: dg.EventLogEntry) -> dg.DagsterEventType | None:
    return entry.get_dagster_event().event_type if entry.is_dagster_event else None


def measure(folder: Path) -> Footprint:
    """Runs the real job on the hour. Changes the environment variables of this process, so run it in a separate one."""
    video = make_hour(folder)
    with serving_s3() as s3, dg.DagsterInstance.local_temp(str(folder)) as instance:
        s3.client.create_bucket(Bucket=BUCKET)
        for file in (video.with_suffix(".srt"), video):
            s3.client.upload_file(str(file), BUCKET, f"show/{file.name}")
        s3.requests.clear()
        os.environ.update(s3.environment, CLIPPER_STORAGE=f"s3://{BUCKET}")
        defs: dg.Definitions = import_module("clipper_assets.definitions").defs
        instance.add_dynamic_partitions("episodes", [KEY])
        job = defs.resolve_job_def("clip_episode")
        result = job.execute_in_process(partition_key=KEY, instance=instance)
        counted = Counter("LIST" if "list-type" in seen.query else seen.method for seen in s3.requests)
        entries = instance.all_logs(result.run_id)
        (made,) = result.asset_materializations_for_node("rendered_clips")
        clips = made.metadata["dagster/row_count"].value
        return Footprint(int(str(clips)), len(entries), dict(sorted(counted.items())), steps_of_log(entries))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        FILE.write_text(json.dumps(asdict(measure(Path(name))), indent=2) + "\n")
