"""The index follows the lake: new, changed, removed and damaged episodes, several processes, damaged files."""

import multiprocessing
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clipper_assets.edits.model import Edits, WordEdit
from clipper_assets.edits.store import save_edits
from clipper_assets.search import index as index_module
from clipper_assets.search.index import BrokenIndexError, only_writer
from clipper_assets.search.library import Library, index_folder
from clipper_assets.search.query import Filters, QueryError
from clipper_assets.search.state import read_state
from clipper_assets.storage.base import Storage
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.search.talk import BEES, TRAINS, store_talk, words_key


@pytest.fixture
def library(storage: DirectoryStorage, tmp_path: Path) -> Library:
    store_talk(storage, "garden/bees.mp4", BEES)
    store_talk(storage, "travel/europe/trains.mp4", TRAINS)
    library = Library(storage, tmp_path / "index")
    assert library.synchronize()
    return library


def found(library: Library, text: str, filters: Filters | None = None) -> list[str]:
    """The best sentences, the best first."""
    return [hit.sentence.text for hit in library.search(text, filters or Filters()).hits]


def test_episodes_are_found_after_each_change_of_the_lake(any_storage: Storage, tmp_path: Path) -> None:
    library = Library(any_storage, tmp_path / "index")
    assert library.search("bees", Filters()).state is None
    library.synchronize()
    assert found(library, "bees") == []
    store_talk(any_storage, "garden/bees.mp4", BEES)
    store_talk(any_storage, "trains, [late].mp4", TRAINS)
    library.synchronize()
    assert found(library, "bee") == [BEES[1][1]]
    hit = library.search("train vienna", Filters()).hits[0]
    assert hit.partition == "trains%2C %5Blate%5D.mp4"
    store_talk(any_storage, "garden/bees.mp4", [("Anna", "Now it is about wasps only, all the time.")])
    any_storage.delete(words_key("trains, [late].mp4"))
    library.synchronize()
    assert found(library, "bee") == found(library, "vienna") == []
    assert found(library, "wasp") == ["Now it is about wasps only, all the time."]


def test_hit_has_times_neighbours_and_marks(library: Library) -> None:
    hit = library.search("bees flower", Filters()).hits[0]
    assert hit.sentence.text == BEES[1][1]
    assert [hit.sentence.text[start:end] for start, end in hit.sentence.marks] == ["bees", "flowers"]
    assert (hit.sentence.number, hit.sentence.start, hit.sentence.end, hit.sentence.speaker) == (1, 3.0, 6.5, "Ben")
    assert hit.before is not None
    assert hit.after is not None
    assert (hit.before.text, hit.after.text) == (BEES[0][1], BEES[2][1])
    assert [each.number for each in hit.passage] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ('"two thousand flowers"', [BEES[1][1]]),
        ('"thousand two"', []),
        ('"yesterday how do they"', [BEES[2][1]]),  # across sentences; the second has most of it
        ("vienn*", [TRAINS[0][1]]),
        ("vienn", []),
        ('"more money" speech', [TRAINS[1][1]]),
        ("What did they say about trains and money?", [TRAINS[1][1]]),
        ("ZEBRA", []),
    ],
)
def test_words_phrases_and_prefixes(library: Library, text: str, sentences: list[str]) -> None:
    assert found(library, text) == sentences


@pytest.mark.parametrize(
    ("filters", "sentences"),
    [
        (Filters(show="garden"), [BEES[2][1]]),
        (Filters(show="travel"), []),
        (Filters(episode="garden/bees.mp4"), [BEES[2][1]]),
        (Filters(speaker="anna"), [BEES[2][1]]),
        (Filters(speaker="Ben"), [BEES[3][1]]),
        (Filters(speaker="Carla"), []),
        (Filters(since=datetime.now(UTC).date() - timedelta(days=1)), [BEES[2][1]]),
        (Filters(since=datetime.now(UTC).date() + timedelta(days=1)), []),
        (Filters(until=datetime.now(UTC).date() + timedelta(days=1)), [BEES[2][1]]),
        (Filters(until=datetime.now(UTC).date() - timedelta(days=2)), []),
    ],
)
def test_filters(library: Library, filters: Filters, sentences: list[str]) -> None:
    assert found(library, "they", filters) == sentences


def test_show_includes_the_folders_in_it(library: Library) -> None:
    assert found(library, "money", Filters(show="travel")) == found(library, "money", Filters(show="travel/europe"))
    assert found(library, "money", Filters(show="trav")) == []


def test_date_is_that_of_the_upload(library: Library, storage: DirectoryStorage) -> None:
    storage.put_bytes("garden/bees.mp4", b"video")
    os.utime(storage.path("garden/bees.mp4"), (0, datetime(2024, 5, 1, 12, tzinfo=UTC).timestamp()))
    store_talk(storage, "garden/bees.mp4", BEES[1:])
    library.synchronize()
    day = datetime(2024, 5, 1, tzinfo=UTC).date()
    assert found(library, "bees", Filters(since=day, until=day)) == [BEES[1][1]]


def test_the_last_day_of_the_calendar_is_a_filter(library: Library) -> None:
    assert found(library, "bees", Filters(since=date.min, until=date.max)) == [BEES[1][1]]


def test_passages_with_all_words_of_a_short_query_come_first(storage: DirectoryStorage, tmp_path: Path) -> None:
    store_talk(storage, "rare.mp4", [("Anna", "Quokka quokka quokka quokka.")])
    store_talk(storage, "both.mp4", [("Anna", "A quokka is " + "really " * 80 + "a marsupial with a smile.")])
    library = Library(storage, tmp_path / "index")
    library.synchronize()
    assert library.search("quokka smile", Filters()).hits[0].partition == "both.mp4"


def test_every_occurrence_in_a_long_episode_is_found_on_pages(storage: DirectoryStorage, tmp_path: Path) -> None:
    filler = "and then we talked for a while about other things"
    store_talk(storage, "long.mp4", [("Anna", f"{filler}{' zebra' * (n % 10 == 0)}.") for n in range(200)])
    library = Library(storage, tmp_path / "index")
    library.synchronize()
    pages = [library.search("zebra", Filters(), limit=8, offset=offset) for offset in (0, 8, 16, 24)]
    numbers = [hit.sentence.number for page in pages for hit in page.hits]
    assert len(set(numbers)) == len(numbers) >= 10
    assert all(number % 10 == 0 for number in numbers)
    marked = {each.number for page in pages for hit in page.hits for each in hit.passage if each.marks}
    assert marked == set(range(0, 200, 10))


def test_a_sign_that_stands_for_words_is_part_of_a_phrase(storage: DirectoryStorage, tmp_path: Path) -> None:
    said = "the prophet \ufdfa said this"
    store_talk(storage, "talk.mp4", [("Anna", said)])
    library = Library(storage, tmp_path / "index")
    library.synchronize()
    assert found(library, f'"{said}"') == found(library, "\ufdfa") == [said]


def test_corrected_words_are_found(library: Library, storage: DirectoryStorage, instance: dg.DagsterInstance) -> None:
    edit = WordEdit(start=2.0, end=2.5, was="about", text="featuring")
    save_edits(storage, instance, "garden/bees.mp4", Edits(version=1, words=[edit]))
    library.synchronize()
    assert found(library, "featuring") == ["Welcome to the show featuring gardens."]


def test_damaged_table_is_skipped_and_named(library: Library, storage: DirectoryStorage) -> None:
    storage.put_bytes(words_key("garden/bees.mp4"), b"not parquet")
    library.synchronize()
    assert found(library, "bees") == []
    found_now = library.search("vienna", Filters())
    assert len(found_now.hits) == 1
    assert found_now.state is not None
    assert list(found_now.state.skipped) == ["garden/bees.mp4"]
    assert "materialize aligned_transcript" in found_now.state.skipped["garden/bees.mp4"].reason
    store_talk(storage, "garden/bees.mp4", BEES)
    library.synchronize()
    assert found(library, "bees") == [BEES[1][1]]


def test_unchanged_episodes_are_not_read_again(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("an unchanged episode was read")

    monkeypatch.setattr(DirectoryStorage, "read_bytes", refuse)
    assert library.synchronize()


def test_index_is_shared_by_libraries_and_only_one_writes(library: Library, storage: DirectoryStorage) -> None:
    other = Library(storage, library.folder)
    assert found(other, "bees") == [BEES[1][1]]
    store_talk(storage, "new.mp4", TRAINS)
    with only_writer(library.folder) as alone:
        assert alone
        assert not other.synchronize()
    library.synchronize()
    assert len(found(other, "vienna")) == 2


def search_in_process(root: str, folder: Path, text: str) -> list[str]:
    library = Library(DirectoryStorage(root=root), folder)
    library.synchronize()
    return found(library, text)


def test_several_processes_index_and_search(storage: DirectoryStorage, tmp_path: Path) -> None:
    for number in range(8):
        store_talk(storage, f"show/{number}.mp4", BEES)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        jobs = [pool.apply_async(search_in_process, (storage.root, tmp_path / "index", "bees")) for _ in range(4)]
        for job in jobs:
            assert set(job.get(60)) <= {BEES[1][1]}
        # Leaving the block terminates the processes, which hangs if one is killed while it holds the lock of the queue.
        pool.close()
        pool.join()
    library = Library(storage, tmp_path / "index")
    library.synchronize()
    assert found(library, "bees") == [BEES[1][1]] * 8


@pytest.mark.parametrize("harm", ["truncate", "scramble", "delete"])
@pytest.mark.parametrize("suffix", ["json", "idx", "term", "store", "fast"])
def test_damaged_index_is_built_again(library: Library, harm: str, suffix: str) -> None:
    state = read_state(library.folder)
    assert state is not None
    for file in (library.folder / state.generation).glob(f"*.{suffix}"):
        content = file.read_bytes()
        if harm == "delete":
            file.unlink()
        else:
            file.unlink()  # a file that is mapped into memory must not become shorter
            file.write_bytes(content[: len(content) // 2] if harm == "truncate" else content[::-1])
    fresh = Library(library.storage, library.folder)
    with pytest.raises(BrokenIndexError):
        assert found(fresh, '"honey bees"') == found(fresh, "vienna") == ["what a damaged index cannot give"]
    fresh.synchronize()
    assert found(fresh, '"honey bees"') == [BEES[1][1]]


def test_state_of_another_format_is_not_used(library: Library) -> None:
    (library.folder / "state.json").write_text('{"format": 0, "generation": "a"}')
    assert library.search("bees", Filters()).state is None
    library.synchronize()
    assert found(library, "bees") == [BEES[1][1]]


def test_full_disk_is_said(library: Library, storage: DirectoryStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "LOWEST_FREE_BYTES", 10**18)
    store_talk(storage, "new.mp4", TRAINS)
    with pytest.raises(OSError, match="CLIPPER_SEARCH_DIR"):
        library.synchronize()
    assert found(library, "bees") == [BEES[1][1]]


@given(st.text(alphabet='ab "*:^~()[]{}+-!/\\東ก\x00é', max_size=80) | st.text(max_size=310))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_query_breaks_the_search(library: Library, text: str) -> None:
    try:
        hits = library.search(text, Filters(speaker=text[:20] or None)).hits
    except QueryError:
        return
    assert all(0 <= start < end <= len(hit.sentence.text) for hit in hits for start, end in hit.sentence.marks)


def test_roots_have_indexes_of_their_own(storage: DirectoryStorage, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = DirectoryStorage(root=str(tmp_path / "other"))
    assert index_folder(storage, tmp_path).parent == index_folder(other, tmp_path).parent == tmp_path
    assert index_folder(storage, tmp_path) != index_folder(other, tmp_path)
