"""Writers that replace episodes at the same time, or are killed, lose nothing and leave no half."""

import multiprocessing
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from deltalake import DeltaTable

from clipper_assets.library import replace
from clipper_assets.library.delta import dataset, opened
from clipper_assets.library.replace import remove_rows, replace_rows
from clipper_assets.library.tables import WORDS
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.library.tables import HOSTILE, word_rows

SPAWN = multiprocessing.get_context("spawn")
ROUNDS = 3


def counts(storage: Storage) -> dict[str, int]:
    """Words of each episode."""
    return Counter(map(str, dataset(storage, WORDS).to_table(columns=["episode"])["episode"].to_pylist()))


def write_rounds(storage: Storage, writer: int) -> None:
    """Write `ROUNDS` episodes of the writer's own and, each time, one that all writers share."""
    for number in range(ROUNDS):
        replace_rows(storage, WORDS, [f"{writer}-{number}"], word_rows(f"{writer}-{number}", 5))
        replace_rows(storage, WORDS, ["shared"], word_rows("shared", 7))


def write_rounds_at(root: str, writer: int) -> None:
    write_rounds(DirectoryStorage(root=root), writer)


def test_an_episode_is_replaced_and_others_stay(storage: DirectoryStorage) -> None:
    for episode in HOSTILE:
        replace_rows(storage, WORDS, [episode], word_rows(episode, 3))
    for number, episode in enumerate(HOSTILE):
        replace_rows(storage, WORDS, [episode], word_rows(episode, number))
    assert counts(storage) == {episode: number for number, episode in enumerate(HOSTILE) if number}
    remove_rows(storage, WORDS, HOSTILE[1:3])
    assert counts(storage) == {episode: number for number, episode in enumerate(HOSTILE) if number > 2}


def test_processes_that_write_at_once_lose_nothing(storage: DirectoryStorage) -> None:
    writers = [SPAWN.Process(target=write_rounds_at, args=(storage.root, number)) for number in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    own = {f"{writer}-{number}": 5 for writer in range(2) for number in range(ROUNDS)}
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert counts(storage) == own | {"shared": 7}


def test_threads_that_write_at_once_lose_nothing_on_s3(s3_storage: Storage) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write_rounds, [s3_storage] * 2, range(2)))
    own = {f"{writer}-{number}": 5 for writer in range(2) for number in range(ROUNDS)}
    assert counts(s3_storage) == own | {"shared": 7}


@pytest.fixture
def faster_writer(storage: DirectoryStorage, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Another writer that compacts the table, after which the test's own commit is one of an old version."""
    for episode in HOSTILE:
        replace_rows(storage, WORDS, [episode], word_rows(episode))
    interventions: list[str] = []

    def stale(_storage: Storage, _spec: object) -> DeltaTable:
        table = opened(storage, WORDS)
        assert table is not None
        if not interventions:
            interventions.append("compacted")
            other = opened(storage, WORDS)
            assert other is not None
            other.optimize.compact()
        return table

    monkeypatch.setattr(replace, "opened_or_created", stale)
    monkeypatch.setattr(replace, "opened", stale)
    yield interventions
    assert interventions


@pytest.mark.usefixtures("faster_writer")
@pytest.mark.parametrize("episode", HOSTILE)
def test_a_conflict_is_resolved_by_writing_again(storage: DirectoryStorage, episode: str) -> None:
    replace_rows(storage, WORDS, [episode], word_rows(episode, 9))
    assert counts(storage) == dict.fromkeys(HOSTILE, 3) | {episode: 9}


@pytest.mark.usefixtures("faster_writer")
def test_a_removal_meets_a_compaction(storage: DirectoryStorage) -> None:
    remove_rows(storage, WORDS, [HOSTILE[0]])
    assert counts(storage) == dict.fromkeys(HOSTILE[1:], 3)
