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
    Claim,
    Decision,
    Launch,
    Removed,
    Requester,
    Served,
    Wait,
    claim_run,
    current_decision,
    decide,
    release,
    run_tags,
)
from clipper_assets.storage.base import Storage
from clipper_assets.storage.stored import Stored

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
    ("status", "requester"),
    [
        (STARTED, Requester.retry),
        *((status, requester) for status in (STARTED, SUCCESS) for requester in Requester if requester != "retry"),
    ],
)
def test_a_run_in_progress_or_successful_prevents_another(status: dg.DagsterRunStatus, requester: Requester) -> None:
    runs = [run(FAILED, 2), run(status)]
    assert decide(runs, claim(2), requester, NOW) == Served(runs[1])


@pytest.mark.parametrize("status", [FAILED, CANCELED])
def test_a_failed_or_cancelled_run_is_repeated_for_people_and_for_returned_uploads(
    status: dg.DagsterRunStatus,
) -> None:
    runs = [run(status)]
    for requester in (Requester.api, Requester.retry, Requester.returned):
        assert decide(runs, claim(1), requester, NOW) == Launch(2)
    assert decide(runs, claim(1), Requester.sensor, NOW) == Served(runs[0])


def test_a_retry_starts_another_run_after_a_successful_one() -> None:
    assert decide([run(FAILED, 2), run(SUCCESS)], claim(2), Requester.retry, NOW) == Launch(3)


@pytest.mark.parametrize(
    ("runs", "newest", "requester", "decision"),
    [
        ([], None, Requester.api, Launch(1)),
        ([], None, Requester.sensor, Launch(1)),
        ([], claim(1), Requester.api, Wait()),
        ([], claim(1), Requester.sensor, Wait()),
        ([], claim(1, age=STALE), Requester.api, Launch(2)),
        ([], claim(1, age=STALE), Requester.sensor, Launch(2)),
        ([], claim(1, "new_uploads"), Requester.api, Wait()),
        ([], claim(1, "new_uploads"), Requester.sensor, Launch(1)),
        ([], claim(1, "new_uploads", STALE), Requester.sensor, Launch(1)),
        ([run(FAILED, 1)], claim(2, "new_uploads, returned"), Requester.returned, Launch(2)),
        ([run(FAILED, 1)], claim(2), Requester.returned, Wait()),
        ([], claim(2, "removed"), Requester.sensor, Removed()),
        ([], claim(2, "removed", STALE), Requester.sensor, Removed()),
        ([], claim(2, "removed"), Requester.returned, Launch(3)),
        ([], claim(2, "removed"), Requester.api, Launch(3)),
        ([run(FAILED, None)], None, Requester.api, Launch(1)),
        ([run(FAILED, 1)], claim(2), Requester.api, Wait()),
        ([run(FAILED, 3)], claim(2), Requester.api, Launch(4)),
    ],
)
def test_without_a_run_the_newest_claim_decides(
    runs: list[dg.DagsterRun], newest: Claim | None, requester: Requester, decision: Decision
) -> None:
    assert decide(runs, newest, requester, NOW) == decision


@pytest.mark.parametrize(
    ("newest", "expected"),
    [
        (claim(1), Served(run(NOT_STARTED))),
        (claim(1, "new_uploads", STALE), Served(run(NOT_STARTED))),
        (claim(1, age=STALE), Launch(2)),
        (None, Launch(2)),
        (claim(2), Wait()),
    ],
)
def test_a_run_that_was_never_queued_counts_while_its_claim_is_valid(newest: Claim | None, expected: Decision) -> None:
    decision = decide([run(NOT_STARTED)], newest, Requester.api, NOW)
    assert type(decision) is type(expected)
    assert isinstance(decision, Served) or decision == expected


def test_a_run_created_between_reading_claim_and_runs_is_not_taken_for_stranded(
    any_storage: Storage, stored: Stored, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = claims._newest

    def read_claim_before_another_process_starts(*arguments: Any) -> Claim | None:
        """Read the newest claim; right afterwards, another process creates a claim and its run."""
        claim = newest(*arguments)
        monkeypatch.setattr(claims, "_newest", newest)
        assert claim_run(any_storage, instance, stored, Requester.api) == Launch(1)
        instance.add_run(dg.DagsterRun("clip_episode", tags=run_tags(stored, 1)))
        return claim

    monkeypatch.setattr(claims, "_newest", read_claim_before_another_process_starts)
    assert isinstance(claim_run(any_storage, instance, stored, Requester.api), Served)


@pytest.fixture
def stored(any_storage: Storage) -> Stored:
    any_storage.put_bytes(KEY, b"video")
    stored = any_storage.stat(KEY)
    assert stored
    return stored


@pytest.mark.parametrize("requesters", [(Requester.api, Requester.api), (Requester.api, Requester.sensor)])
def test_of_two_simultaneous_requests_only_one_may_launch(
    any_storage: Storage,
    stored: Stored,
    instance: dg.DagsterInstance,
    requesters: tuple[Requester, Requester],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both_decided = Barrier(2)

    def decide_together(*arguments: Any) -> Decision:
        """Return only when both have decided, so that neither has claimed yet."""
        decision = decide(*arguments)
        both_decided.wait(10)
        return decision

    monkeypatch.setattr(claims, "decide", decide_together)
    for _ in range(3):
        with ThreadPoolExecutor(2) as pool:
            decisions = list(
                pool.map(lambda requester: claim_run(any_storage, instance, stored, requester), requesters)
            )
        assert sorted(decisions, key=str) == [Launch(1), Wait()]
        release(any_storage, stored, 1)


def test_the_sensor_may_repeat_its_own_claim(
    any_storage: Storage, stored: Stored, instance: dg.DagsterInstance
) -> None:
    for _ in range(2):
        assert claim_run(any_storage, instance, stored, Requester.sensor) == Launch(1)
    assert claim_run(any_storage, instance, stored, Requester.api) == Wait()


def test_a_stale_claim_is_replaced_once(
    any_storage: Storage, stored: Stored, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert claim_run(any_storage, instance, stored, Requester.api) == Launch(1)
    with monkeypatch.context() as patch:
        patch.setattr(claims, "STALE", timedelta(0))
        assert current_decision(any_storage, instance, stored, Requester.api) == Launch(2)
        assert claim_run(any_storage, instance, stored, Requester.api) == Launch(2)
    assert claim_run(any_storage, instance, stored, Requester.api) == Wait()


def test_a_launched_run_serves_all_requests(any_storage: Storage, stored: Stored, instance: dg.DagsterInstance) -> None:
    assert claim_run(any_storage, instance, stored, Requester.api) == Launch(1)
    tags = run_tags(stored, 1)
    launched = instance.add_run(dg.DagsterRun("clip_episode", status=STARTED, tags=tags))
    for requester in Requester:
        decision = claim_run(any_storage, instance, stored, requester)
        assert isinstance(decision, Served)
        assert decision.run.run_id == launched.run_id


def test_another_version_of_the_upload_is_claimed_separately(
    any_storage: Storage, stored: Stored, instance: dg.DagsterInstance
) -> None:
    assert claim_run(any_storage, instance, stored, Requester.api) == Launch(1)
    assert claim_run(any_storage, instance, Stored(KEY, 7, "another"), Requester.api) == Launch(1)


def test_an_unreadable_claim_blocks_no_run(any_storage: Storage, stored: Stored, instance: dg.DagsterInstance) -> None:
    assert claim_run(any_storage, instance, stored, Requester.api) == Launch(1)
    (file,) = any_storage.list_objects("lake/run_claims")
    any_storage.put_bytes(file.key, b'{"attempt": "x"')
    assert claim_run(any_storage, instance, stored, Requester.api) == Launch(2)
