"""What a tick looks at, and what it leaves to the next one."""

import json
import os
import time
from pathlib import Path

from clipper_assets.episodes.discovery.changes import OVERLAP_NS, changes, next_cursor
from clipper_assets.episodes.discovery.cursor import MAX_WAITING, Cursor
from clipper_assets.episodes.discovery.listing import Listing, listing_of
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.stored import Listed

NOW_NS = time.time_ns()
LONG_AGO_NS = NOW_NS - 10 * OVERLAP_NS


def upload(key: str, changed_ns: int = LONG_AGO_NS) -> Listed:
    return Listed(key, 1, "1", changed_ns)


def listing(*uploads: Listed, inputs: tuple[Listed, ...] = (), digest: str = "new") -> Listing:
    return Listing({each.key: each for each in uploads}, list(inputs), digest)


def looked_at(listing: Listing, cursor: Cursor, *registered: str) -> list[str]:
    return [each.key for each in changes(listing, cursor, registered).uploads]


def test_only_what_waits_is_looked_at_if_the_listing_is_the_same() -> None:
    everything = listing(upload("a"), upload("b"), digest="same")
    assert looked_at(everything, Cursor(listing="same")) == []
    assert looked_at(everything, Cursor(listing="same", waiting={"b": "1", "deleted": "1"})) == ["b"]


def test_uploads_that_are_no_episode_have_changed_or_wait_are_looked_at() -> None:
    cursor = Cursor(listing="old", uploads_ns=NOW_NS, waiting={"waits": "1"})
    everything = listing(upload("old"), upload("renamed"), upload("replaced", NOW_NS), upload("waits"))
    assert looked_at(everything, cursor, "old", "replaced", "waits") == ["renamed", "replaced", "waits"]


def test_the_mark_leaves_out_a_day_and_never_lies_in_the_future() -> None:
    old, new = upload("old"), upload("new", NOW_NS - 1)
    assert next_cursor(listing(old), Cursor(), [], []).uploads_ns == LONG_AGO_NS - OVERLAP_NS
    assert next_cursor(listing(old, new), Cursor(), [], []).uploads_ns == NOW_NS - 1 - OVERLAP_NS
    ahead = upload("ahead", NOW_NS + 10 * OVERLAP_NS)
    after = next_cursor(listing(old, ahead), Cursor(uploads_ns=NOW_NS + 5 * OVERLAP_NS), [], [])
    assert after.uploads_ns <= time.time_ns()
    assert looked_at(listing(old, ahead, digest="newer"), after, "old", "ahead") == ["ahead"]


def test_the_mark_does_not_go_back_when_the_newest_upload_is_deleted() -> None:
    before = next_cursor(listing(upload("new", NOW_NS)), Cursor(), [], [])
    assert next_cursor(listing(upload("old")), before, [], []).uploads_ns == before.uploads_ns


def test_what_a_cursor_cannot_remember_stays_behind_the_mark() -> None:
    """Replaced uploads of one moment: nothing but the mark tells them from others."""
    replaced = [upload(f"{number}.mp4", LONG_AGO_NS + number) for number in range(2 * MAX_WAITING + 1)]
    keys = [each.key for each in replaced]
    everything, cursor = listing(*replaced, upload("new", NOW_NS)), Cursor(uploads_ns=LONG_AGO_NS)
    handled: set[str] = set()
    for _ in range(3):
        waiting = [each for each in changes(everything, cursor, [*keys, "new"]).uploads if each.key not in handled]
        handled |= {each.key for each in waiting[:MAX_WAITING]}
        cursor = next_cursor(everything, cursor, waiting[MAX_WAITING:], [])
        cursor = Cursor.read(cursor.write())
        assert len(cursor.waiting) <= MAX_WAITING
    assert handled == {*keys, "new"}
    assert cursor == Cursor(listing="new", uploads_ns=NOW_NS - OVERLAP_NS, inputs_ns=0)


def test_inputs_are_handed_over_when_they_change_and_not_at_first() -> None:
    show = upload("show.toml")
    first = next_cursor(listing(inputs=(show,)), Cursor(), [], changes(listing(inputs=(show,)), Cursor(), ()).inputs)
    assert first.changed_inputs == []
    edited, added = upload("show.toml", LONG_AGO_NS + 1), upload("a.srt", LONG_AGO_NS + 2)
    both = listing(inputs=(added, edited), digest="newer")
    found = changes(both, first, ()).inputs
    assert found == ["show.toml", "a.srt"]
    second = next_cursor(both, first, [], found[1:])
    assert changes(both, second, ()).inputs == ["a.srt"]
    third = next_cursor(both, second, [], [])
    assert changes(listing(inputs=(added, edited), digest="newest"), third, ()).inputs == []


def test_inputs_that_a_cursor_cannot_remember_are_handed_over_later() -> None:
    inputs = [upload(f"{number}.srt", LONG_AGO_NS + number) for number in range(1, 3 * MAX_WAITING)]
    everything, cursor = listing(inputs=tuple(inputs)), Cursor(inputs_ns=LONG_AGO_NS)
    handed: set[str] = set()
    for _ in range(20):
        keys = changes(everything, cursor, ()).inputs
        handed |= set(keys[:50])
        cursor = Cursor.read(next_cursor(everything, cursor, [], keys[50:]).write())
        assert len(cursor.changed_inputs) <= MAX_WAITING
    assert handed == {each.key for each in inputs}
    assert changes(everything, cursor, ()).inputs == []


def test_an_input_whose_name_is_not_utf8_is_no_input(storage: DirectoryStorage) -> None:
    spaced = {"ラジオ\u3000第1回/show.toml", "My\u00a0Show/talk.srt"}
    for key in spaced:
        storage.put_bytes(key, b"")
    (Path(storage.root) / os.fsdecode(b"\xff.toml")).write_bytes(b"")
    assert {each.key for each in listing_of(storage).inputs} == spaced


def test_a_clock_that_was_ahead_hides_no_input_for_long() -> None:
    ahead = Cursor(inputs_ns=time.time_ns() + 10 * OVERLAP_NS)
    after = next_cursor(listing(), ahead, [], [])
    edited = upload("show.toml", time.time_ns())
    assert changes(listing(inputs=(edited,), digest="newer"), after, ()).inputs == ["show.toml"]


def test_a_cursor_of_an_earlier_release_is_taken_over() -> None:
    earlier = {"requested": {"done": "1", "replaced": "0"}, "settling": {"copied": "1"}, "gone": {"x": "1"}}
    cursor = Cursor.read(json.dumps(earlier))
    everything = listing(upload("done"), upload("replaced"), upload("copied"), upload("new"))
    assert looked_at(everything, cursor) == ["replaced", "copied", "new"]
    waiting = [upload(f"{number}.mp4") for number in range(MAX_WAITING + 5)]
    assert len(next_cursor(everything, cursor, waiting, []).waiting) == MAX_WAITING + 5


def test_a_cursor_round_trips_any_key() -> None:
    cursor = Cursor(
        listing="x", uploads_ns=1, inputs_ns=2, waiting={'日本語 "x"\n.mp4': "1"}, changed_inputs=["ü.toml"]
    )
    assert Cursor.read(cursor.write()) == cursor
    assert Cursor.read(None) == Cursor()
