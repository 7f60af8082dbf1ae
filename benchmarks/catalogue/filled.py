"""A Dagster instance with a catalogue: the events of one real run, copied for each episode."""

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg
import pysubs2

from clipper_assets.catalogue.inputs import INPUTS
from clipper_assets.job import assets, build_resources
from clipper_assets.media.ffmpeg import run
from clipper_assets.settings import Settings
from clipper_assets.storage.directory import DirectoryStorage

SAMPLE = Path(__file__).parent.parent.parent / "sample"
SHOWS = 40
FIRST = "show 00/episode 0000.mp4"
EVENTS = ("ASSET_MATERIALIZATION", "ASSET_OBSERVATION", "ASSET_CHECK_EVALUATION")
"""The events that the copies have; no other is about an asset and a partition of a finished run."""
_POINTER = re.compile(r'("dagster/input_event_pointer/[^"]+": ")(\d+)"')


def episode(number: int) -> str:
    """Object key and partition key of an episode."""
    return f"show {number % SHOWS:02}/episode {number:04}.mp4"


@contextmanager
def filled(episodes: int) -> Iterator[tuple[dg.DagsterInstance, DirectoryStorage]]:
    """An instance on SQLite below a folder of its own, and the storage root, with all episodes in `SHOWS` folders.

    `DAGSTER_HOME` and `CLIPPER_STORAGE` name them meanwhile.
    """
    with TemporaryDirectory(prefix="clipper-") as folder:
        home, root = Path(folder, "home"), Path(folder, "storage")
        for each in (home, root):
            each.mkdir()
        os.environ |= {"DAGSTER_HOME": str(home), "CLIPPER_STORAGE": str(root)}
        os.environ |= {"CLIPPER_WINDOW_MIN_S": "3", "CLIPPER_WINDOW_MAX_S": "6"}
        (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
        with dg.DagsterInstance.get() as instance:
            storage = DirectoryStorage(root=str(root))
            _real_run(instance, storage)
            keys = [episode(number) for number in range(episodes)]
            instance.add_dynamic_partitions("episodes", keys)
            for key in keys[1:]:
                storage.put_bytes(key, b"")
                storage.put_bytes(key.replace(".mp4", ".srt"), storage.read_bytes(FIRST.replace(".mp4", ".srt")))
            _copy_events(home / "history" / "runs" / "index.db", keys[1:])
            yield instance, storage


def _real_run(instance: dg.DagsterInstance, storage: DirectoryStorage) -> None:
    """Make the clips of twelve seconds of the sample."""
    target = Path(storage.root, FIRST)
    target.parent.mkdir()
    cut = ["-t", "12", "-i", str(SAMPLE / "episode.mp4"), "-vf", "scale=640:360,fps=10", "-preset", "ultrafast"]
    run([*cut, str(target)])
    subtitles = pysubs2.load(str(SAMPLE / "episode.srt"))
    subtitles.events = [event for event in subtitles if event.end <= 12_000]
    subtitles.save(str(target.with_suffix(".srt")))
    instance.add_dynamic_partitions("episodes", [FIRST])
    dg.materialize(
        [*INPUTS, *assets],
        selection=dg.AssetSelection.assets(*assets),
        partition_key=FIRST,
        instance=instance,
        resources=build_resources(Settings(), storage),
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )


def _copy_events(database: Path, keys: list[str]) -> None:
    """Copy the events of the real run for the partitions `keys`, with the pointers between them."""
    with closing(sqlite3.connect(database)) as connection, connection:
        marks = ", ".join("?" * len(EVENTS))
        columns = [row[1] for row in connection.execute("PRAGMA table_info(event_logs)")]
        rows = connection.execute(
            f"SELECT * FROM event_logs WHERE dagster_event_type IN ({marks}) AND partition = ? ORDER BY id",  # noqa: S608
            (*EVENTS, FIRST),
        ).fetchall()
        tags = connection.execute("SELECT asset_key, key, value, event_id FROM asset_event_tags").fetchall()
        (span,) = connection.execute("SELECT MAX(id) FROM event_logs").fetchone()
        event, tag = [], []
        for number, key in enumerate(keys, 1):
            offset = number * span
            for row in rows:
                values = dict(zip(columns, row, strict=True))
                values["id"] += offset
                values["partition"] = key
                text = values["event"].replace(FIRST, key)
                values["event"] = _POINTER.sub(lambda found: f'{found[1]}{int(found[2]) + offset}"', text)  # noqa: B023
                event.append(tuple(values.values()))
            ids = {row[0] for row in rows}
            for asset, name, value, of in tags:
                if of in ids:
                    moved = str(int(value) + offset) if name.startswith("dagster/input_event_pointer/") else value
                    tag.append((asset, name, moved.replace(FIRST, key), of + offset))
        places = ", ".join("?" * len(columns))
        connection.executemany(f"INSERT INTO event_logs VALUES ({places})", event)  # noqa: S608
        connection.executemany(
            "INSERT INTO asset_event_tags (asset_key, key, value, event_id) VALUES (?, ?, ?, ?)", tag
        )
