"""The plan of `clip_stale` that stays if two are stored at once."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from clipper_assets.catalogue.plans import FOLDER, Plan, newest_plan_id, read_plan, save_plan
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.stored import Stored


def plan(run_id: str) -> Plan:
    return Plan(run_id=run_id, began_at=datetime.now(UTC), overrides={}, differences=[])


def test_a_plan_replaces_earlier_ones(storage: DirectoryStorage) -> None:
    for run_id in ("b", "a"):
        save_plan(storage, plan(run_id))
    assert newest_plan_id(storage) == "a"
    assert [stored.key for stored in storage.list_objects(FOLDER)] == [f"{FOLDER}/a.json"]


def test_of_two_that_are_stored_at_once_the_newer_stays(
    storage: DirectoryStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_objects = DirectoryStorage.list_objects

    def another_first(listed: DirectoryStorage, folder: str = "") -> Iterator[Stored]:
        monkeypatch.setattr(DirectoryStorage, "list_objects", list_objects)
        save_plan(listed, plan("other"))
        return list_objects(listed, folder)

    monkeypatch.setattr(DirectoryStorage, "list_objects", another_first)
    save_plan(storage, plan("first"))
    assert newest_plan_id(storage) == "other"
    assert read_plan(storage, "other").run_id == "other"
