"""What a tick of the sensors costs, beside the way before issue 10: a listing of everything, kept in the cursor."""

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from statistics import median
from typing import Any, TypeVar

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import TickData, TickStatus

import clipper_assets.definitions  # noqa: F401  # which a code server has imported when it ticks
from benchmarks.catalogue import discovery_s3
from benchmarks.catalogue.figure import Figure
from clipper_assets.episodes.partitions import partition_key
from clipper_assets.episodes.sensors import build_new_uploads
from clipper_assets.episodes.uploads import RECORDINGS, without_audio_of_videos
from clipper_assets.job import clip_episode
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.support.sensors import observe_nothing

Result = TypeVar("Result")
TICKS_A_DAY = 24 * 3600 // 15
REPEATS = 5
CLIP_FILES = [f"clip_{number}.{suffix}" for number in range(5) for suffix in ("mp4", "srt", "vtt", "jpg")]
TABLES = 11


def measure() -> Iterator[Figure]:
    """The figures of discovery; a directory first, then S3 with and without events."""
    with tempfile.TemporaryDirectory() as folder:
        uploads = [f"show-{number // 100}/episode-{number:05}.mp4" for number in range(20_000)]
        yield from _directory(Path(folder), "20,000 files", uploads, [], 0.3)
    with tempfile.TemporaryDirectory() as folder:
        uploads = [f"show-{number // 20}/episode-{number:04}.mp4" for number in range(2_000)]
        yield from _directory(
            Path(folder), "66,000 objects", uploads, [key for each in uploads for key in _made(each)], 0.5
        )
    yield from discovery_s3.measure()


def _made(upload: str) -> list[str]:
    """The 32 objects of an episode beside its upload."""
    folder, _, name = upload.rpartition("/")
    clips = f"{folder}/clips/{name.removesuffix('.mp4')}"
    lake = [f"lake/table_{number}/episode={upload.replace('/', '%2F')}/rows.parquet" for number in range(TABLES)]
    return [f"{clips}/manifest.json", *(f"{clips}/{file}" for file in CLIP_FILES), *lake]


def _directory(root: Path, size: str, uploads: list[str], made: list[str], limit: float) -> Iterator[Figure]:
    """CPU-seconds of a tick that finds nothing and of one after an upload; megabytes of a day's ticks."""
    for folder in {key.rpartition("/")[0] for key in (*uploads, *made)}:
        (root / folder).mkdir(parents=True, exist_ok=True)
    for key in (*uploads, *made):
        os.close(os.open(root / key, os.O_CREAT | os.O_WRONLY))
    storage, sensor = DirectoryStorage(root=str(root)), build_new_uploads(clip_episode, 15, observe_nothing)
    with tempfile.TemporaryDirectory() as home, dg.DagsterInstance.local_temp(home) as instance:
        instance.add_dynamic_partitions("episodes", uploads)
        old_s, before = _old_tick(storage, None)
        cursor = before
        idle, changed = [], []
        for number in range(REPEATS):
            seconds, cursor = _tick(sensor, storage, instance, cursor)
            if number:
                idle.append(_tick(sensor, storage, instance, cursor)[0])
            (root / uploads[0]).with_name(f"new-{number}.mp4").touch()
            seconds, cursor = _tick(sensor, storage, instance, cursor)
            changed.append(seconds)
        old_s = _old_tick(storage, before)[0]
        yield Figure(f"tick, {size}, nothing new", median(idle), "CPU-s", limit, old_s)
        yield Figure(f"tick, {size}, an upload", median(changed), "CPU-s", limit, old_s)
        rows = _row_bytes(instance, Path(home), cursor, 500)
        old_rows = _row_bytes(instance, Path(home), before, 5)
        yield Figure(f"ticks of a day, {size}", TICKS_A_DAY * rows / 1e6, "MB", 50, TICKS_A_DAY * old_rows / 1e6)


def _tick(
    sensor: dg.SensorDefinition, storage: DirectoryStorage, instance: dg.DagsterInstance, cursor: str | None
) -> tuple[float, str]:
    with dg.build_sensor_context(instance=instance, cursor=cursor, resources={"storage": storage}) as context:
        result: Any
        seconds, result = _cpu_s(lambda: sensor(context))
    return seconds, result.cursor


def _old_tick(storage: DirectoryStorage, cursor: str | None) -> tuple[float, str]:
    """The tick of earlier releases, but for runs and claims: it lists all, and its cursor holds all versions."""

    def tick() -> str:
        seen = json.loads(cursor)["requested"] if cursor else {}
        listing = without_audio_of_videos(stored for stored in storage.list_objects() if _was_upload(stored.key))
        uploads = [stored for stored in listing if partition_key(stored.key)]
        requested = {stored.key: seen.get(stored.key, stored.version) for stored in uploads}
        return json.dumps({"requested": requested, "settling": {}, "gone": {}}, ensure_ascii=False)

    return _cpu_s(tick)


def _was_upload(key: str) -> bool:
    path = PurePosixPath(key)
    folders = path.parts[:-1]
    in_lake_or_clips = folders[:1] == ("lake",) or "clips" in folders
    return path.suffix.lower() in RECORDINGS and not in_lake_or_clips and not any(each[0] == "." for each in path.parts)


def _cpu_s(call: Callable[[], Result]) -> tuple[float, Result]:
    begin = time.process_time()
    result = call()
    return time.process_time() - begin, result


def _row_bytes(instance: dg.DagsterInstance, home: Path, cursor: str, ticks: int) -> float:
    """Bytes of a skipped tick in the database of the instance."""

    def size() -> int:
        return sum(file.stat().st_size for file in home.rglob("schedules.db*"))

    def tick() -> TickData:
        return TickData(
            "origin", "new_uploads", InstigatorType.SENSOR, TickStatus.STARTED, time.time(), selector_id="new"
        )

    instance.create_tick(tick())
    before = size()
    for _ in range(ticks):
        row = instance.create_tick(tick())
        skipped = "no new upload among 20000, 0 waiting or still being copied"
        instance.update_tick(row.with_status(TickStatus.SKIPPED).with_cursor(cursor).with_reason(skipped))
    return (size() - before) / ticks
