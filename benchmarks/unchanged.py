"""What a backfill of unchanged episodes costs: `python -m benchmarks.unchanged` runs every asset of each twice.

The exit code is 1 where the second run made anything again, or spent more than `LIMIT_S` CPU-seconds an episode.
"""

import os
import shutil
import sys
import time
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from tempfile import TemporaryDirectory

import click
import dagster as dg
from rich.console import Console
from rich.progress import track

from clipper_assets.catalogue.inputs import INPUTS
from clipper_assets.episodes.partitions import partition_key
from clipper_assets.job import assets, build_resources
from clipper_assets.runtime.asset_names import RENDERED_CLIPS
from clipper_assets.settings import Settings
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.recipes import UP_TO_DATE

SAMPLE = Path(__file__).parent.parent / "sample"
LIMIT_S = 3.0
"""CPU-seconds an episode, beside the start of its process."""


def backfill(keys: list[str], storage: DirectoryStorage, instance: dg.DagsterInstance, what: str) -> tuple[float, int]:
    """CPU-seconds an episode, children included, and how many tables and clips were made."""
    spent_s, made = 0.0, 0
    for key in track(keys, what):
        began_s = _cpu_s()
        result = dg.materialize(
            [*INPUTS, *assets],
            selection=dg.AssetSelection.assets(*assets),
            partition_key=partition_key(key),
            instance=instance,
            resources=build_resources(Settings(), storage),
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
        spent_s += _cpu_s() - began_s
        for event in result.get_asset_materialization_events():
            if event.step_key == RENDERED_CLIPS:
                made += int(str(event.materialization.metadata["rendered"].value))
            else:
                made += UP_TO_DATE not in event.materialization.metadata
    return spent_s / len(keys), made


def _cpu_s() -> float:
    return sum(used.ru_utime + used.ru_stime for used in map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN)))


@click.command()
@click.option("--episodes", type=click.IntRange(1), default=20, show_default=True)
def main(episodes: int) -> None:
    """Make the clips of so many copies of the sample, then run everything again."""
    console = Console()
    with TemporaryDirectory(prefix="clipper-") as folder, dg.DagsterInstance.ephemeral() as instance:
        os.environ["CLIPPER_STORAGE"] = folder
        keys = [f"{number:02}/episode.mp4" for number in range(episodes)]
        for key in keys:
            target = Path(folder, key)
            target.parent.mkdir()
            shutil.copy(SAMPLE / "episode.mp4", target)
            shutil.copy(SAMPLE / "episode.srt", target.with_suffix(".srt"))
        instance.add_dynamic_partitions("episodes", [partition_key(key) for key in keys])
        storage = DirectoryStorage(root=folder)
        first_s, made = backfill(keys, storage, instance, "first run")
        began_s = time.monotonic()
        second_s, made_again = backfill(keys, storage, instance, "unchanged")
        console.print(f"first run: {made} tables and clips, {first_s:.2f} CPU-s an episode")
        console.print(
            f"unchanged: {made_again} tables and clips, {second_s:.2f} CPU-s an episode "
            f"({time.monotonic() - began_s:.1f} s for all), {first_s / second_s:.0f} times less"
        )
    sys.exit(made_again > 0 or second_s > LIMIT_S)


if __name__ == "__main__":
    main()
