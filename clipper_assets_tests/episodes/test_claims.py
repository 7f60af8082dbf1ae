from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import dagster as dg
import pytest

from clipper_assets.episodes import claims
from clipper_assets.episodes.claims import (
    ATTEMPT_TAG,
    STALE,
    Asker,
    Claim,
    Decision,
    Launch,
    Removed,
    Served,
    Wait,
    decide,
    look,
    release,
    run_tags,
    take,
)
from clipper_assets.storage.base import Storage, Stored

KEY = "test1/sample.mp4"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
NOT_STARTED = dg.DagsterRunStatus.NOT_STARTED
FAILED, SUCCESS = dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS
STARTED, CANCELED = dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELED


def run(status: dg.DagsterRunStatus, attempt: int | None = 1) -> dg.DagsterRun:
    return dg.DagsterRun("clip_episode", status=status, tags={} if attempt is None else {ATTEMPT_TAG: str(attempt)})


def claim(attempt: int, owner: str = "api", age: timedelta = timedelta(seconds=1)) -> Claim:
    return Claim(attempt=attempt, owner=owner, at=NOW - age)


@pytest.mark.parametrize(
    ("status", "asker"),
    [(STARTED, Asker.retry), *((status, each) for status in (STARTED, SUCCESS) for each in Asker if each != "retry")],
)
def test_a_run_that_goes_on_or_ended_well_serves(status: dg.DagsterRunStatus, asker: Asker) -> None:
    runs = [run(FAILED, 2), run(status)]
    assert decide(runs, claim(2), asker, NOW) == Served(runs[1])


@pytest.mark.parametrize("status", [FAILED, CANCELED])
def test_a_run_that_is_gone_is_tried_again_by_people_or_where_the_upload_came_back(
    status: dg.DagsterRunStatus,
) -> None:
    runs = [run(status)]
    for asker in (Asker.api, Asker.retry, Asker.returned):
        assert decide(runs, claim(1), asker, NOW) == Launch(2)
    assert decide(runs, claim(1), Asker.sensor, NOW) == Served(runs[0])


def test_after_a_run_that_ended_well_there_is_another_one_only_for_who_says_so() -> None:
    assert decide([run(FAILED, 2), run(SUCCESS)], claim(2), Asker.retry, NOW) == Launch(3)


@pytest.mark.parametrize(
    ("runs", "newest", "asker", "decision"),
    [
        ([], None, Asker.api, Launch(1)),
        ([], None, Asker.sensor, Launch(1)),
        ([], claim(1), Asker.api, Wait()),
        ([], claim(1), Asker.sensor, Wait()),
        ([], claim(1, age=STALE), Asker.api, Launch(2)),
        ([], claim(1, age=STALE), Asker.sensor, Launch(2)),
        ([], claim(1, "new_uploads"), Asker.api, Wait()),
        ([], claim(1, "new_uploads"), Asker.sensor, Launch(1)),
        ([], claim(1, "new_uploads", STALE), Asker.sensor, Launch(1)),
        ([run(FAILED, 1)], claim(2, "new_uploads, returned"), Asker.returned, Launch(2)),
        ([run(FAILED, 1)], claim(2), Asker.returned, Wait()),
        ([], claim(2, "removed"), Asker.sensor, Removed()),
        ([], claim(2, "removed", STALE), Asker.sensor, Removed()),
        ([], claim(2, "removed"), Asker.returned, Launch(3)),
        ([], claim(2, "removed"), Asker.api, Launch(3)),
        ([run(FAILED, None)], None, Asker.api, Launch(1)),
        ([run(FAILED, 1)], claim(2), Asker.api, Wait()),
        ([run(FAILED, 3)], claim(2), Asker.api, Launch(4)),
    ],
)
def test_without_a_run_the_newest_claim_decides(
    runs: list[dg.DagsterRun], newest: Claim | None, asker: Asker, decision: Decision
) -> None:
    assert decide(runs, newest, asker, NOW) == decision


@pytest.mark.parametrize(
    ("newest", "decision"),
    [
        (claim(1), Served(run(NOT_STARTED))),
        (claim(1, "new_uploads", STALE), Served(run(NOT_STARTED))),
        (claim(1, age=STALE), Launch(2)),
        (None, Launch(2)),
        (claim(2), Wait()),
    ],
)
def test_a_run_that_was_never_queued_serves_while_its_claim_holds(newest: Claim | None, decision: Decision) -> None:
    found = decide([run(NOT_STARTED)], newest, Asker.api, NOW)
    assert type(found) is type(decision)
    assert isinstance(found, Served) or found == decision


def test_a_run_that_is_just_being_made_is_not_taken_for_one_without_a_claim(
    any_storage: Storage, stored: Stored, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = claims._newest

    def made_meanwhile(*things: Any) -> Claim | None:
        """The other takes the claim and makes its run just after it was looked for."""
        seen = newest(*things)
        monkeypatch.setattr(claims, "_newest", newest)
        assert take(any_storage, instance, stored, Asker.api) == Launch(1)
        instance.add_run(dg.DagsterRun("clip_episode", tags=run_tags(stored, 1)))
        return seen

    monkeypatch.setattr(claims, "_newest", made_meanwhile)
    assert isinstance(take(any_storage, instance, stored, Asker.api), Served)


@pytest.fixture
def stored(any_storage: Storage) -> Stored:
    any_storage.put_bytes(KEY, b"video")
    found = any_storage.stat(KEY)
    assert found
    return found


@pytest.mark.parametrize("askers", [(Asker.api, Asker.api), (Asker.api, Asker.sensor)])
def test_of_two_who_ask_at_once_one_may_launch(
    any_storage: Storage,
    stored: Stored,
    instance: dg.DagsterInstance,
    askers: tuple[Asker, Asker],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked = Barrier(2)

    def decided(*things: Any) -> Decision:
        """Both have looked before either claims."""
        decision = decide(*things)
        looked.wait(10)
        return decision

    monkeypatch.setattr(claims, "decide", decided)
    for _ in range(3):
        with ThreadPoolExecutor(2) as pool:
            got = list(pool.map(lambda asker: take(any_storage, instance, stored, asker), askers))
        assert sorted(got, key=str) == [Launch(1), Wait()]
        release(any_storage, stored, 1)


def test_the_daemon_repeats_its_own_claim(any_storage: Storage, stored: Stored, instance: dg.DagsterInstance) -> None:
    for _ in range(2):
        assert take(any_storage, instance, stored, Asker.sensor) == Launch(1)
    assert take(any_storage, instance, stored, Asker.api) == Wait()


def test_a_claim_of_a_process_that_died_is_taken_over_once(
    any_storage: Storage, stored: Stored, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert take(any_storage, instance, stored, Asker.api) == Launch(1)
    with monkeypatch.context() as patch:
        patch.setattr(claims, "STALE", timedelta(0))
        assert look(any_storage, instance, stored, Asker.api) == Launch(2)
        assert take(any_storage, instance, stored, Asker.api) == Launch(2)
    assert take(any_storage, instance, stored, Asker.api) == Wait()


def test_the_run_that_was_launched_serves(any_storage: Storage, stored: Stored, instance: dg.DagsterInstance) -> None:
    assert take(any_storage, instance, stored, Asker.api) == Launch(1)
    tags = run_tags(stored, 1)
    launched = instance.add_run(dg.DagsterRun("clip_episode", status=STARTED, tags=tags))
    for asker in Asker:
        decision = take(any_storage, instance, stored, asker)
        assert isinstance(decision, Served)
        assert decision.run.run_id == launched.run_id


def test_another_version_is_claimed_by_itself(
    any_storage: Storage, stored: Stored, instance: dg.DagsterInstance
) -> None:
    assert take(any_storage, instance, stored, Asker.api) == Launch(1)
    assert take(any_storage, instance, Stored(KEY, 7, "another"), Asker.api) == Launch(1)


def test_a_claim_that_cannot_be_read_keeps_nobody_out(
    any_storage: Storage, stored: Stored, instance: dg.DagsterInstance
) -> None:
    assert take(any_storage, instance, stored, Asker.api) == Launch(1)
    (file,) = any_storage.list_objects("lake/run_claims")
    any_storage.put_bytes(file.key, b'{"attempt": "x"')
    assert take(any_storage, instance, stored, Asker.api) == Launch(2)
