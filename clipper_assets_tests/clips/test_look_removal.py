"""Making a look of many episodes and removing it leaves their default clips, records, reviews and manifests alone."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import dagster as dg
import pytest

from clipper_assets.clips.folders import clip_folder
from clipper_assets.clips.look_removal import LookInUseError, files_by_episode, remove_look_of_all
from clipper_assets.clips.looks import Rendition, parse_look
from clipper_assets.clips.making import _remove_others
from clipper_assets.clips.manifest import Manifest, Source
from clipper_assets.clips.records import record_key, records_of
from clipper_assets.edits.model import Decision, EditedClip, Edits, StoredDecision
from clipper_assets.episodes.partitions import partition_key
from clipper_assets.episodes.source import RawVideo
from clipper_assets.media.frame import Aspect
from clipper_assets.runtime.partition_keys import EPISODE_TAG, LOOK_TAG, look_partition
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.lake import table_key
from clipper_assets_tests.library.episode import clip_of, store_edits

LOOK = "square-marker"
LIKE_EACH_OTHER = (
    "a.mp4", "a.mov", "a.wav", "looks.mp4", "square-marker.mp4", "1x1.mp4", "show/a.mp4", "show/a.mov",
    "show/looks.mp4", "looks/a.mp4", "looks/square-marker/a.mp4", "team/looks/square-marker/a.mp4",
    "team/looks/square-marker/a.mov", "team/looks/square-marker/looks.mp4", "ü/ß é.mp4",
    "a%2Fb.mp4", "a=b/look=square-marker.mp4",
)  # fmt: skip
EPISODES = [*LIKE_EACH_OTHER, *(f"show/{number}.mp4" for number in range(20 - len(LIKE_EACH_OTHER)))]
"""Twenty uploads, many of them in one folder, or named like a look or like the folder of looks."""
NO_LOOKS = ("..", ".", "../x", "../../..", "square-marker/..", "a\\b", "\0", "SQUARE-marker", "ü" * 60, "x" * 10_000)
"""Names that a person can give a partition in Dagster."""
DEFAULTS = (Rendition(Aspect.portrait), Rendition(Aspect.square))


def make(storage: Storage, key: str, rendition: Rendition, clips: int = 2) -> None:
    """Store what a run leaves of an episode's clips of a rendition."""
    episode = partition_key(key)
    claim = Manifest(
        episode=episode,
        look=rendition.look,
        status="done",
        source=Source(key=key, etag="e", duration=100.0),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        run_id="r",
        clips=[],
        degraded=[],
    )
    folder = clip_folder(storage, cast(RawVideo, SimpleNamespace(key=key, episode=episode)), rendition, claim)
    made = [clip_of(n, folder, aspect=rendition.aspect, look=rendition.look) for n in range(clips)]
    for number, clip in enumerate(made):
        for file in clip.keys:
            storage.put_bytes(file, f"{file} of {rendition}".encode())
        storage.put_bytes(record_key(episode, rendition, number), clip.model_dump_json().encode())
    asset = "clip_variants" if rendition.look else "rendered_clips"
    storage.put_bytes(table_key(asset, "clips", episode, rendition.look or ""), f"{rendition}".encode())
    storage.put_bytes(f"{folder}/manifest.json", claim.model_copy(update={"clips": made}).to_bytes())


def backfill(storage: Storage, instance: dg.DagsterInstance, look: str, keys: Sequence[str] = EPISODES) -> None:
    for key in keys:
        make(storage, key, Rendition(parse_look(look).aspect, look))
        partition = look_partition(partition_key(key), look)
        instance.report_runless_asset_event(dg.AssetMaterialization("clip_variants", partition=partition))


def store(storage: Storage, instance: dg.DagsterInstance, keys: Sequence[str]) -> None:
    """Store episodes with default clips in two aspects, and reviews of those and of the look's."""
    approved = StoredDecision(decision=Decision.approved, sha256="x")
    clip = EditedClip(window={"clip": 0, "start": 0.0, "end": 15.0}, judged=approved, judged_looks={LOOK: approved})
    for key in keys:
        storage.put_bytes(key, b"recording")
        store_edits(storage, partition_key(key), Edits(version=1, clips=[clip]))
        for rendition in DEFAULTS:
            make(storage, key, rendition)
    instance.add_dynamic_partitions("episodes", list(map(partition_key, keys)))
    instance.add_dynamic_partitions("looks", [LOOK, "feed-pop"])


def contents(storage: DirectoryStorage) -> dict[str, tuple[int, bytes]]:
    """Modification time and bytes of every stored object."""
    root = Path(storage.root)
    files = [file for file in root.rglob("*") if file.is_file()]
    return {file.relative_to(root).as_posix(): (file.stat().st_mtime_ns, file.read_bytes()) for file in files}


def folders(storage: DirectoryStorage) -> set[Path]:
    return {path for path in Path(storage.root).rglob("*") if path.is_dir()}


def test_a_backfill_of_a_look_and_its_removal_leave_twenty_episodes_as_they_were(
    storage: DirectoryStorage, instance: dg.DagsterInstance
) -> None:
    store(storage, instance, EPISODES)
    before, folders_before = contents(storage), folders(storage)
    backfill(storage, instance, "feed-pop", EPISODES[:3])
    with_other = contents(storage)
    backfill(storage, instance, LOOK)
    made = contents(storage)
    assert with_other.items() <= made.items()
    assert len(made) == len(with_other) + len(EPISODES) * (2 * (4 + 1) + 2)
    assert sum(files_by_episode(storage, instance, LOOK).values()) == len(EPISODES) * (2 * 4 + 1)
    assert remove_look_of_all(storage, instance, LOOK) == set(map(partition_key, EPISODES))
    assert contents(storage) == with_other
    remove_look_of_all(storage, instance, "feed-pop")
    assert contents(storage) == before
    assert folders(storage) - folders_before == {Path(storage.root) / "lake/clip_variants"}


def test_a_look_made_again_because_its_manifest_was_damaged_leaves_no_files(
    storage: DirectoryStorage, instance: dg.DagsterInstance
) -> None:
    keys = ("show/a.mp4", "show/a.mov")
    store(storage, instance, keys)
    before = contents(storage)
    backfill(storage, instance, LOOK, keys)
    made = contents(storage)
    for key in made.keys() - before.keys():
        if key.endswith("/manifest.json"):
            storage.put_bytes(key, b"{")
    assert files_by_episode(storage, instance, LOOK) == dict.fromkeys(keys, 2 * 4 + 1)
    backfill(storage, instance, LOOK, keys[::-1])
    assert contents(storage).keys() == made.keys()
    remove_look_of_all(storage, instance, LOOK)
    assert contents(storage) == before


def test_looks_can_be_removed_at_the_same_time(storage: DirectoryStorage, instance: dg.DagsterInstance) -> None:
    store(storage, instance, EPISODES[:4])
    before = contents(storage)
    names = [LOOK, "feed-pop", "portrait-pop", "landscape-neon"]
    for name in names:
        backfill(storage, instance, name, EPISODES[:4])
    episodes = list(map(partition_key, EPISODES[:4]))
    # Each with its own instance, because threads cannot write to one SQLite database in memory.
    with ThreadPoolExecutor(len(names)) as pool:
        removals = [
            pool.submit(partial(remove_look_of_all, storage, dg.DagsterInstance.ephemeral(), name, episodes))
            for name in names
        ]
        assert [each.result() for each in removals] == [set(episodes)] * len(names)
    assert contents(storage) == before


def test_a_record_that_is_removed_while_others_are_read_is_left_out(
    storage: DirectoryStorage, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(storage, instance, EPISODES[:1])
    episode = partition_key(EPISODES[0])
    listed = list(storage.list_objects(record_key(episode, DEFAULTS[0], 0).rpartition("/")[0]))
    storage.delete(listed[0].key)
    monkeypatch.setattr(DirectoryStorage, "list_objects", lambda *_: iter(listed))
    assert len(records_of(storage, episode)) == len(listed) - 1


def test_surplus_clips_of_a_look_go_and_those_of_others_stay(
    storage: DirectoryStorage, instance: dg.DagsterInstance
) -> None:
    store(storage, instance, EPISODES[:1])
    key = EPISODES[0]
    look, other = Rendition(Aspect.square, LOOK), Rendition(Aspect.square, "square-pop")
    for rendition in (look, other):
        make(storage, key, rendition)
    before = contents(storage)
    kept = [clip for clip in records_of(storage, key) if clip.look == LOOK and clip.clip_index == 0]
    _remove_others(storage, partition_key(key), look, kept)
    gone = before.keys() - contents(storage).keys()
    assert len(gone) == 4 + 1
    assert all(f"looks/{LOOK}/clip_1." in each for each in gone)


def test_a_look_with_a_run_that_was_launched_meanwhile_stays(
    storage: DirectoryStorage, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(storage, instance, EPISODES[:1])
    backfill(storage, instance, LOOK, EPISODES[:1])
    before, looks = contents(storage), set(instance.get_dynamic_partitions("looks"))
    delete, tags = type(instance).delete_dynamic_partition, {LOOK_TAG: LOOK, EPISODE_TAG: EPISODES[0]}

    def launched_before(each: dg.DagsterInstance, *arguments: str) -> None:
        instance.add_run(dg.DagsterRun("render_look", tags=tags, status=dg.DagsterRunStatus.STARTING))
        delete(each, *arguments)

    monkeypatch.setattr(type(instance), "delete_dynamic_partition", launched_before)
    with pytest.raises(LookInUseError, match=f"a run of the look {LOOK} is in progress"):
        remove_look_of_all(storage, instance, LOOK)
    assert (contents(storage), set(instance.get_dynamic_partitions("looks"))) == (before, looks)


def test_a_partition_that_is_no_look_is_removed_with_its_runs_and_touches_no_file(
    storage: DirectoryStorage, instance: dg.DagsterInstance
) -> None:
    store(storage, instance, EPISODES[:1])
    before, episode = contents(storage), partition_key(EPISODES[0])
    for name in NO_LOOKS:
        tags: dict[str, Any] = {"dagster/partition": f"{episode}|{name}", EPISODE_TAG: episode, LOOK_TAG: name}
        instance.add_run(dg.DagsterRun("render_look", tags=tags, status=dg.DagsterRunStatus.FAILURE))
        assert remove_look_of_all(storage, instance, name) == {episode}
    assert contents(storage) == before
    assert not instance.get_run_ids()
