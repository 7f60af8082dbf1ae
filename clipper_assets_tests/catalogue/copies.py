"""A catalogue made of one episode that was really processed: each copy has tables and clips that a run would keep."""

import errno
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clipper_assets.catalogue import stale
from clipper_assets.catalogue.stale import STEPS
from clipper_assets.episodes import probe
from clipper_assets.episodes.source import SOURCE, RawVideo
from clipper_assets.runtime.asset_names import RAW_VIDEO
from clipper_assets.settings import Settings
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.lake import EPISODE, parquet_bytes, stored_table, table_key
from clipper_assets.storage.recipes import PARTS, RECIPE, Recipe, read_requested
from clipper_assets.storage.stored import Stored
from clipper_assets.storage.tables import provenance

ORIGINAL = "test1/cut.mp4"
COUNT = 9
EPISODES = [ORIGINAL, *(f"s{number:03}/cut.mp4" for number in range(1, COUNT))]


def copy_episode(storage: DirectoryStorage, to: str) -> None:
    """Copy the episode `ORIGINAL` to the upload `to`, which has the same name in another folder."""
    before, after = ORIGINAL.rpartition("/")[0], to.rpartition("/")[0]
    root = Path(storage.root)
    for file in (*root.glob(f"{before}/**/*"), *root.glob(f"lake/*/*={before}*/**/*")):
        if not file.is_file():
            continue
        data = file.read_bytes()
        if file.suffix == ".json":
            data = data.replace(f"{before}/".encode(), f"{after}/".encode())
            data = data.replace(f"{before}%2F".encode(), f"{after}%2F".encode())
        storage.put_bytes(_moved(file.relative_to(root).as_posix(), to), data)
    source = RawVideo.from_table(stored_table(storage, RAW_VIDEO, SOURCE, ORIGINAL))
    speech, loudness = _moved(source.speech_key, to), _moved(source.loudness_key, to)
    table = replace(source, key=to, episode=to, speech_key=speech, loudness_key=loudness).to_table()
    kept = provenance(stored_table(storage, RAW_VIDEO, SOURCE, ORIGINAL))
    _store(storage, RAW_VIDEO, SOURCE.name, to, table.replace_schema_metadata(kept))
    _restamp(storage, to)


def deny(monkeypatch: pytest.MonkeyPatch, episode: str) -> None:
    """Let the comparison of an episode meet a file that this process may not read."""
    stat_upload = probe.stat_upload

    def denying(storage: Storage, key: str) -> Stored:
        if key == episode:
            raise PermissionError(errno.EACCES, "Permission denied", f"/storage/{key}")
        return stat_upload(storage, key)

    monkeypatch.setattr(stale, "stat_upload", denying)


def _moved(key: str, to: str) -> str:
    before, after = ORIGINAL.rpartition("/")[0], to.rpartition("/")[0]
    return key.replace(f"{before}/", f"{after}/").replace(f"{before}%2F", f"{after}%2F")


def _store(storage: DirectoryStorage, asset: str, name: str, episode: str, table: Any) -> None:
    storage.put_bytes(table_key(asset, name, episode), parquet_bytes(table.drop_columns([EPISODE.name])))


def _restamp(storage: DirectoryStorage, episode: str) -> None:
    """Give each table the recipe that a run would give it now: upstream rows name the episode."""
    tables: dict[str, Any] = {}
    given = {stale.STORAGE: storage, stale.SETTINGS: Settings()}
    for step in STEPS:
        table = stored_table(storage, step.asset, step.table, episode)
        recipes: list[Recipe] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                f"{step.why_again.__module__}.difference", lambda _, recipe, __, to=recipes: to.append(recipe)
            )
            needed = ({**tables, **given}[name] for name in step.needs)
            step.why_again(table, step.config(**(read_requested(table) or {})), *needed)
        (recipe,) = recipes
        stamp = {RECIPE: recipe.digest, PARTS: json.dumps(recipe.parts)}
        _store(storage, step.asset, step.table.name, episode, table.replace_schema_metadata(provenance(table) | stamp))
        tables[step.asset] = stored_table(storage, step.asset, step.table, episode)
