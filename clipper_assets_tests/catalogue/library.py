"""Episodes with everything that the lake and the folders of clips hold of them, without running a step."""

import json
from dataclasses import dataclass, field

import dagster as dg

from clipper_assets.adverts.fingerprints import fingerprint_key
from clipper_assets.catalogue.missing import KEY as MEMORY
from clipper_assets.clips.chapter_files import NAMES
from clipper_assets.clips.folders import clip_folders
from clipper_assets.clips.looks import Rendition
from clipper_assets.clips.records import RECORDS
from clipper_assets.clips.removal import LAKE_FOLDERS
from clipper_assets.episodes.partitions import partition_key
from clipper_assets.highlights.repeats import FOLDER as CLIP_FINGERPRINTS
from clipper_assets.media.frame import Aspect
from clipper_assets.runtime.asset_names import CLIP_VARIANTS
from clipper_assets.runtime.partition_keys import EPISODE_TAG, LOOK_TAG, look_partition
from clipper_assets.storage.base import Storage
from clipper_assets.storage.hive import hive_folder

BYSTANDERS = (
    "show.toml",
    "a/b.srt",
    "a/clips/notes.txt",
    "a/clips/my clip_0.mp4",
    "lake/show_taste/show=a/taste.json",
    "lake/library/words/part-00000-c000.zstd.parquet",
    "lake/library/words/_delta_log/00000000000000000000.json",
)

LOOK = "square-marker"


@dataclass
class Library:
    """A storage root, a Dagster instance, and what each episode owns in them by object key of its upload."""

    storage: Storage
    instance: dg.DagsterInstance
    owned: dict[str, set[str]] = field(default_factory=dict)

    def upload(self, key: str) -> None:
        self.storage.put_bytes(key, f"recording {key}".encode())

    def make(self, key: str) -> None:
        """Write what a run of `clip_episode` leaves of an upload."""
        partition = partition_key(key)
        folders = [*LAKE_FOLDERS, "run_claims", "a_table_of_a_later_version"]
        objects = {f"lake/{name}/{hive_folder(partition)}/part.parquet": f"{name} of {key}" for name in folders}
        objects[fingerprint_key(partition)] = objects[fingerprint_key(partition, CLIP_FINGERPRINTS)] = key
        for rendition in (Rendition(Aspect.portrait), Rendition(Aspect.square), Rendition(Aspect.square, LOOK)):
            manifest = json.dumps({"episode": partition}).encode()
            folder = next(
                each
                for each in clip_folders(key, rendition.folder)
                if self.storage.create(f"{each}/manifest.json", manifest)
            )
            objects |= {f"{folder}/{name}": f"{name} of {key}" for name in ("clip_0.mp4", "clip_11.jpg", *NAMES[:1])}
            self.owned.setdefault(key, set()).add(f"{folder}/manifest.json")
        objects[f"lake/{CLIP_VARIANTS}/{hive_folder(partition)}/look={LOOK}/clips.parquet"] = key
        objects[f"lake/{RECORDS}/{hive_folder(partition)}/looks/{LOOK}/clip_0.json"] = key
        for name, content in objects.items():
            self.storage.put_bytes(name, content.encode())
        self.owned[key] |= objects.keys()
        self.instance.add_dynamic_partitions("episodes", [partition])
        self.instance.add_dynamic_partitions("looks", [LOOK])
        self.instance.add_run(
            dg.DagsterRun("clip_episode", tags={"dagster/partition": partition}, status=dg.DagsterRunStatus.SUCCESS)
        )
        of_look = {"dagster/partition": look_partition(partition, LOOK), EPISODE_TAG: partition, LOOK_TAG: LOOK}
        self.instance.add_run(dg.DagsterRun("render_look", tags=of_look, status=dg.DagsterRunStatus.SUCCESS))

    def contents(self) -> dict[str, bytes]:
        """All objects with their bytes, without what garbage collection remembers."""
        listed = [stored.key for stored in self.storage.list_objects() if stored.key != MEMORY]
        return {key: self.storage.read_bytes(key) for key in listed}

    def episodes_with_runs(self) -> set[str]:
        return {run.tags.get(EPISODE_TAG, run.tags["dagster/partition"]) for run in self.instance.get_runs()}
