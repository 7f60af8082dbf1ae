"""Whatever happens to files between ticks, each version that lasts gets one run."""

import time
from itertools import count
from pathlib import Path
from typing import Any

import dagster as dg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clipper_assets.episodes.sensors import build_new_uploads
from clipper_assets.episodes.uploads import is_upload
from clipper_assets.job import clip_episode
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.episodes.discovery.ticks import Ticks
from clipper_assets_tests.support.sensors import observe_nothing

KEYS = ["show/a.mp4", "show/season/b.mp4", "c.mp3"]
CHANGES = st.sampled_from(["write", "write", "delete", "rename the show", "move away and back", "nothing"])
TICKS = st.sampled_from(["tick", "tick", "lost tick", "restart", "none"])


@given(rounds=st.lists(st.tuples(CHANGES, st.sampled_from(KEYS), TICKS), min_size=2, max_size=8))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_version_that_lasts_gets_one_run(
    rounds: list[tuple[str, str, str]], tmp_path_factory: Any, instance: dg.DagsterInstance
) -> None:
    instance.wipe()
    for partition in instance.get_dynamic_partitions("episodes"):
        instance.delete_dynamic_partition("episodes", partition)
    storage, sizes = DirectoryStorage(root=str(tmp_path_factory.mktemp("storage"))), count(1)
    ticks = Ticks(build_new_uploads(clip_episode, 15, observe_nothing), storage, instance)
    for change, key, tick in rounds:
        happen(change, Path(storage.root), key, next(sizes))
        time.sleep(0.005)  # file systems count time in steps
        if tick == "restart":
            ticks.sensor = build_new_uploads(clip_episode, 15, observe_nothing)
        if tick != "none":
            ticks.tick(lost=tick == "lost tick")
    for _ in range(3):
        ticks.tick()
    tags = [run.tags["clipper/upload"] for run in instance.get_runs()]
    assert len(tags) == len(set(tags))
    assert {f"{stored.key}@{stored.version}" for stored in storage.list_objects() if is_upload(stored.key)} <= set(tags)
    assert ticks.tick() == []


def happen(change: str, root: Path, key: str, size: int) -> None:
    """Change files below `root`; each version of a file has a size of its own."""
    file, show = root / key, root / "show"
    if change == "write":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x" * size)
    elif change == "delete":
        file.unlink(missing_ok=True)
    elif change == "rename the show" and show.exists():
        show.rename(root / f"show-{size}")
    elif change == "move away and back" and file.exists():
        file.rename(root / "away").rename(file)
