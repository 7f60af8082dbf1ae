"""The time since when an upload is missing, and what is too much to be a deletion."""

from datetime import UTC, datetime, timedelta

import pytest

from clipper_assets.catalogue.missing import KEY, Missing, look_again, read_missing, write_missing
from clipper_assets.runtime.errors import StorageError
from clipper_assets.storage.base import Storage
from clipper_assets.storage.damaged import DamagedError
from clipper_assets.storage.directory import DirectoryStorage

DAY = timedelta(days=1)
NOW = datetime(2026, 3, 1, tzinfo=UTC)
MANY = [f"{number}.mp4" for number in range(10)]


def missing(since: dict[str, datetime], looked_at: datetime = NOW - DAY) -> Missing:
    return Missing(looked_at=looked_at, since=since)


def test_the_first_look_counts_and_a_return_starts_again() -> None:
    first = look_again(missing({}), MANY, MANY[1:], NOW)
    later = look_again(first, MANY, MANY[1:], NOW + DAY)
    assert later == Missing(looked_at=NOW + DAY, since={"0.mp4": NOW})
    back = look_again(later, MANY, MANY, NOW + 2 * DAY)
    assert back.since == {}
    assert look_again(back, MANY, MANY[1:], NOW + 3 * DAY).since == {"0.mp4": NOW + 3 * DAY}


def test_what_nobody_looked_at_for_a_week_counts_from_now() -> None:
    for days, since in ((7, NOW - 20 * DAY), (8, NOW)):
        last = missing({"0.mp4": NOW - 20 * DAY}, looked_at=NOW - days * DAY)
        assert look_again(last, MANY, MANY[1:], NOW).since == {"0.mp4": since}


def test_a_time_in_the_future_counts_from_now() -> None:
    """The clock of another machine, or a file that somebody wrote; a month after the year 9999 is none."""
    last = missing({"0.mp4": datetime.max.replace(tzinfo=UTC)})
    assert look_again(last, MANY, MANY[1:], NOW).since == {"0.mp4": NOW}


@pytest.mark.parametrize(
    ("known", "uploads", "since", "most", "refused"),
    [
        (MANY, MANY[5:], {}, 0.5, False),
        (MANY, MANY[6:], {}, 0.5, True),
        (MANY, MANY[6:], {}, 1, False),
        (MANY, MANY[6:], dict.fromkeys(MANY[:6], NOW), 0.5, False),  # missing for days: nothing vanished today
        (MANY, MANY[8:], dict.fromkeys(MANY[:5], NOW), 0.5, True),  # three of the five that were left
        (MANY, [], {}, 0.5, True),
        (MANY[:1], [], {}, 0.5, True),  # the only upload: a person says that it was deleted
        (MANY[:1], [], {}, 1, False),
        (MANY, [], dict.fromkeys(MANY, NOW), 0.5, False),
        (MANY, ["x.mp4", "y.mp4"], {}, 0.5, True),  # another bucket with uploads of its own
        ([], [], {}, 0.5, False),
    ],
)
def test_too_many_at_once_are_a_mistake(
    known: list[str], uploads: list[str], since: dict[str, datetime], most: float, refused: bool
) -> None:
    if refused:
        with pytest.raises(StorageError, match=r"uploads vanished at once, so nothing is removed; check that CLIPPER_"):
            look_again(missing(since), known, uploads, NOW, most)
    else:
        assert look_again(missing(since), known, uploads, NOW, most).since.keys() == {*known} - {*uploads}


def test_the_memory_is_in_the_storage_root(any_storage: Storage) -> None:
    assert read_missing(any_storage, NOW) == Missing(looked_at=NOW)
    write_missing(any_storage, missing({"ü.mp4": NOW}))
    assert read_missing(any_storage, NOW) == missing({"ü.mp4": NOW})


def test_a_damaged_memory_is_named(storage: DirectoryStorage) -> None:
    storage.put_bytes(KEY, b"{")
    with pytest.raises(DamagedError, match="delete it, and the uploads that are missing now count as missing from now"):
        read_missing(storage, NOW)
