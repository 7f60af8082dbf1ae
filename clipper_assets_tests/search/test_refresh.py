"""The index of a server is brought up to date in the background while people search."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clipper_assets.search import library as library_module
from clipper_assets.search import refresh
from clipper_assets.search.index import BrokenIndexError
from clipper_assets.search.library import Library
from clipper_assets.search.query import Filters
from clipper_assets.search.refresh import Refresher
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.search.talk import BEES, TRAINS, store_talk


@pytest.fixture
def refresher(storage: DirectoryStorage, tmp_path: Path) -> Refresher:
    store_talk(storage, "garden/bees.mp4", BEES)
    return Refresher(Library(storage, tmp_path / "index"))


def count(refresher: Refresher, text: str) -> int:
    return len(refresher.search(text, Filters(), 10, 0).hits)


def test_the_first_search_waits_for_the_index(refresher: Refresher) -> None:
    assert count(refresher, "bees") == 1


def test_many_search_at_once(refresher: Refresher) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: count(refresher, "bees"), range(40))) == [1] * 40


def test_new_transcripts_are_found_without_a_request(
    refresher: Refresher, storage: DirectoryStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "INTERVAL_S", 0.05)
    assert count(refresher, "vienna") == 0
    store_talk(storage, "trains.mp4", TRAINS)
    deadline = time.monotonic() + 20
    while not count(refresher, "vienna") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert count(refresher, "vienna") == 1


def test_an_unreachable_lake_leaves_what_was_indexed(
    refresher: Refresher, storage: DirectoryStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert count(refresher, "bees") == 1

    def fail(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "/data/lake")

    monkeypatch.setattr(DirectoryStorage, "list_objects", fail)
    monkeypatch.setattr(refresh, "FRESH_S", 0)
    assert count(refresher, "bees") == 1
    assert refresher.problem is not None
    assert "the search index is not up to date" in refresher.problem
    monkeypatch.undo()
    monkeypatch.setattr(refresh, "FRESH_S", 0)
    assert count(refresher, "bees") == 1
    assert refresher.problem is None


def test_an_unexpected_error_is_said_and_does_not_end_the_thread(
    refresher: Refresher, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise BrokenIndexError("damaged again")

    monkeypatch.setattr(library_module, "synchronize", fail)
    monkeypatch.setattr(refresh, "INTERVAL_S", 0.05)
    assert refresher.search("bees", Filters(), 10, 0).state is None
    assert refresher.problem == "the search index cannot be brought up to date; tell the operator, whose log says why"
    monkeypatch.undo()
    monkeypatch.setattr(refresh, "FRESH_S", 0)
    assert count(refresher, "bees") == 1
    assert refresher.problem is None
