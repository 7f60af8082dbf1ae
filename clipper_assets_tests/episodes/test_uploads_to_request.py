"""Which uploads the sensor requests, decided from listings alone."""

from collections import Counter
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.episodes.sensors import MAX_GONE, Seen, uploads_to_request
from clipper_assets.storage.stored import Stored


def listing(**versions: str) -> list[Stored]:
    return [Stored(key, 1, version) for key, version in versions.items()]


def versions_of(uploads: list[Stored]) -> list[tuple[str, str]]:
    return [(stored.key, stored.version) for stored in uploads]


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, str]]:
    """The listings of a few ticks: uploads appear, stay, are replaced (never by an older version) and disappear."""
    new_versions = count()
    versions: dict[str, str] = {}
    ticks = []
    for _ in range(draw(st.integers(1, 12))):
        for key in "abcd":
            event = draw(st.sampled_from(["stays", "changes", "goes"]))
            if event == "changes":
                versions[key] = str(next(new_versions))
            elif event == "goes":
                versions.pop(key, None)
        ticks.append(dict(versions))
    return ticks


@given(histories(), st.booleans(), st.integers(1, 3))
def test_each_version_that_lasts_is_requested_once(history: list[dict[str, str]], settle: bool, limit: int) -> None:
    requests: Counter[tuple[str, str]] = Counter()
    seen = Seen()
    # The last listing is repeated for as many ticks as the limit needs, and one more to settle.
    for versions in [*history, *[history[-1]] * 5]:
        uploads, seen = uploads_to_request(listing(**versions), seen, settle=settle, limit=limit)
        seen = Seen.from_cursor(seen.to_cursor())
        assert len(uploads) <= limit
        assert set(versions_of(uploads)) <= set(versions.items())
        assert {**seen.requested, **seen.settling} == versions
        requests.update(versions_of(uploads))
    assert all(times == 1 for times in requests.values())
    assert set(history[-1].items()) <= set(requests)


@given(histories())
def test_with_settle_a_version_is_requested_only_after_two_ticks_in_a_row(history: list[dict[str, str]]) -> None:
    seen, previous = Seen(), dict[str, str]()
    for versions in history:
        uploads, seen = uploads_to_request(listing(**versions), seen, settle=True, limit=100)
        assert all(previous.get(stored.key) == stored.version for stored in uploads)
        previous = versions


def test_without_settle_an_upload_is_requested_at_once() -> None:
    uploads, seen = uploads_to_request(listing(a="1", b="1"), Seen(), settle=False, limit=100)
    assert versions_of(uploads) == [("a", "1"), ("b", "1")]
    assert uploads_to_request(listing(a="1", b="2"), seen, settle=False, limit=100)[0] == listing(b="2")


def test_an_upload_that_was_deleted_and_came_back_is_requested_again() -> None:
    _, seen = uploads_to_request(listing(a="1"), Seen(), settle=False, limit=100)
    _, seen = uploads_to_request([], seen, settle=False, limit=100)
    assert seen == Seen(gone={"a": "1"})
    assert uploads_to_request(listing(a="1"), seen, settle=False, limit=100)[0] == listing(a="1")


def test_only_the_most_recently_deleted_uploads_are_remembered() -> None:
    many = {str(number): "1" for number in range(MAX_GONE + 1)}
    _, seen = uploads_to_request([], Seen(requested=many), settle=False, limit=100)
    assert list(seen.gone) == list(many)[1:]
    _, seen = uploads_to_request([], Seen(requested={"2": "2"}, gone=seen.gone), settle=False, limit=100)
    assert list(seen.gone.items())[-1] == ("2", "2")


def test_a_cursor_round_trips_any_key() -> None:
    seen = Seen({'日本語 "x"\n.mp4': "1"}, {"b": "2"}, {"c": "3"})
    assert Seen.from_cursor(seen.to_cursor()) == seen
    assert Seen.from_cursor(None) == Seen()
