"""Which runs start when, by the project's run coordinator and Dagster's real dequeuing."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

import dagster as dg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from clipper_assets.launch.coordinator import PARTITION, PRIORITY, REQUESTED_TAG, TENANT_TAGS, TURN_TAG
from clipper_assets_tests.support.queue import Queue, run_queue

SHOW = "clipper/show"
SENSOR = {PRIORITY: "-1"}


@dataclass
class Waiting:
    """A queued run: how many of its show wait before it, and which of equal priority have started since."""

    run: dg.DagsterRun
    before: int
    started_since: Counter[str] = field(default_factory=Counter)

    @property
    def show(self) -> str:
        return self.run.tags[SHOW]

    @property
    def requested(self) -> int:
        return int(self.run.tags[REQUESTED_TAG])


class Model:
    """Submits, starts and ends runs, and checks each start."""

    def __init__(self, queue: Queue, runs: int, per_show: int):
        self.queue, self.runs, self.per_show = queue, runs, per_show
        self.waiting: list[Waiting] = []
        self.running: list[dg.DagsterRun] = []
        self.numbers = count()

    def submit(self, show: str, tags: Mapping[str, str]) -> None:
        partition = f"{show}/{next(self.numbers)}.mp4"
        self.queue.instance.add_dynamic_partitions("episodes", [partition])
        new = Waiting(self.queue.submit({PARTITION: partition, **tags}), 0)
        assert new.show == show
        new.before = sum((each.show, each.requested) == (show, new.requested) for each in self.waiting)
        self.waiting.append(new)

    def start(self) -> int:
        started = self.queue.start()
        for run in started:
            (mine,) = (each for each in self.waiting if each.run.run_id == run.run_id)
            self.waiting.remove(mine)
            self.running.append(run)
            alike = [each for each in self.waiting if each.requested == mine.requested]
            assert not any(each.show == mine.show and each.before < mine.before for each in alike), "first come"
            for each in alike:
                each.before -= each.show == mine.show
                each.started_since[mine.show] += 1
            if self.per_show >= self.runs:
                others = {show: n for show, n in mine.started_since.items() if show != mine.show}
                ahead = mine.started_since[mine.show]
                assert all(n <= ahead + 2 for n in others.values()), f"{mine.show} waited for a backlog: {others}"
        self._check_limits([int(run.tags[REQUESTED_TAG]) for run in started])
        return len(started)

    def _check_limits(self, started: list[int]) -> None:
        of_show = Counter(run.tags[SHOW] for run in self.running)
        assert len(self.running) <= self.runs
        assert max(of_show.values(), default=0) <= self.per_show
        could_start = [each for each in self.waiting if of_show[each.show] < self.per_show]
        assert not could_start or len(self.running) == self.runs, "a place stays empty"
        assert all(each.requested <= min(started, default=each.requested) for each in could_start), "priority"

    def end(self, index: int) -> None:
        if self.running:
            self.queue.end(self.running.pop(index % len(self.running)))


submissions = st.tuples(st.sampled_from("ABCD"), st.sampled_from([{}, SENSOR, SENSOR]), st.integers(1, 5))
ends = st.integers(0, 7)


@settings(
    max_examples=5, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow]
)  # an example takes half a second, so that shrinking one would take minutes
@given(
    steps=st.lists(st.one_of(submissions, ends), min_size=4, max_size=12),
    runs=st.integers(1, 4),
    per_show=st.integers(1, 4),
)
def test_no_show_waits_for_the_backlog_of_another(steps: list[object], runs: int, per_show: int) -> None:
    with run_queue(runs, per_show) as queue:
        model = Model(queue, runs, per_show)
        for step in steps:
            if isinstance(step, tuple):
                show, tags, number = step
                for _ in range(number):
                    model.submit(show, tags)
            else:
                model.end(int(str(step)))
                model.start()
        while model.waiting:
            model.end(0)
            assert model.start() or model.running, "nobody starves"


@pytest.fixture
def queue() -> Iterator[Queue]:
    with run_queue(runs=4, per_show=3) as queue:
        queue.instance.add_dynamic_partitions("shows", ["S", "team/show"])
        episodes = [*(f"{show}/{number}.mp4" for show in "AB" for number in range(8)), "root.mp4", "a%2Cb/1.mp4"]
        queue.instance.add_dynamic_partitions("episodes", episodes)
        yield queue


@pytest.fixture
def submit(queue: Queue) -> Callable[..., Mapping[str, str]]:
    """Submits a run with these tags, and returns those that it is queued with."""

    def submit(partition: str | None = None, **tags: str) -> Mapping[str, str]:
        named = {name.replace("__", "/"): value for name, value in tags.items()}
        return queue.submit({**({PARTITION: partition} if partition else {}), **named}).tags

    return submit


@pytest.mark.parametrize(
    ("tags", "show"),
    [
        ({PARTITION: "A/1.mp4"}, "A"),
        ({PARTITION: "root.mp4"}, "."),
        ({PARTITION: "a%2Cb/1.mp4"}, "a%2Cb"),
        ({PARTITION: "A/1.mp4", SHOW: "B"}, "A"),
        (
            {
                "dagster/partition/episodes": "A/1.mp4",
                "dagster/partition/looks": "square-marker",
                PARTITION: "A/1.mp4|square-marker",
            },
            "A",
        ),
        ({PARTITION: "team/show"}, "team/show"),
        ({PARTITION: "unknown/1.mp4"}, None),
        ({PARTITION: "unknown/1.mp4", SHOW: "unknown"}, "unknown"),
        ({}, None),
    ],
)
def test_a_run_gets_the_show_of_its_episode(queue: Queue, tags: Mapping[str, str], show: str | None) -> None:
    assert queue.submit(tags).tags.get(SHOW) == show


def test_another_show_starts_beside_a_backlog(queue: Queue, submit: Callable[..., Mapping[str, str]]) -> None:
    for number in range(8):
        submit(f"A/{number}.mp4")
    assert [run.tags[SHOW] for run in queue.start()] == ["A", "A", "A"]
    submit("B/0.mp4", **SENSOR)
    assert [run.tags[SHOW] for run in queue.start()] == ["B"]


def test_an_episode_has_one_run_at_a_time(queue: Queue, submit: Callable[..., Mapping[str, str]]) -> None:
    submit("A/1.mp4")
    submit("A/1.mp4")
    assert len(queue.start()) == 1


@pytest.mark.parametrize(
    ("priority", "requested"),
    [(None, "0"), ("-1", "-1"), ("7", "7"), ("-30", "-30"), ("soon", "0"), ("9" * 5000, "0"), ("9999999999", "2000")],
)
def test_a_requested_priority_is_kept(
    submit: Callable[..., Mapping[str, str]], priority: str | None, requested: str
) -> None:
    tags = submit("A/1.mp4", **({PRIORITY: priority} if priority else {}))
    assert (tags[REQUESTED_TAG], tags[PRIORITY]) == (requested, str(int(requested) * 1_000_000))


def test_a_retry_keeps_the_requested_priority_and_gets_a_new_turn(submit: Callable[..., Mapping[str, str]]) -> None:
    submit("A/1.mp4", **SENSOR)
    parent = submit("A/2.mp4", **SENSOR)
    assert (parent[TURN_TAG], parent[PRIORITY]) == ("1", "-1000001")
    retry = submit(**parent)
    assert (retry[REQUESTED_TAG], retry[TURN_TAG], retry[PRIORITY]) == ("-1", "2", "-1000002")
    assert submit(**{**parent, PRIORITY: "5"})[REQUESTED_TAG] == "5", "chosen by the person who runs it again"


def test_turns_begin_again_when_the_queue_is_empty(queue: Queue, submit: Callable[..., Mapping[str, str]]) -> None:
    for number in range(3):
        submit(f"A/{number}.mp4")
    for run in queue.start():
        queue.end(run)
    assert submit("A/4.mp4")[TURN_TAG] == "0"


def test_a_run_that_is_submitted_twice_keeps_its_turn(queue: Queue) -> None:
    run = queue.submit({PARTITION: "A/1.mp4"})
    queue.submit({PARTITION: "A/2.mp4"})
    context = dg.SubmitRunContext(run, queue.workspace.create_request_context())
    assert queue.instance.run_coordinator.submit_run(context).tags == run.tags


def test_shows_of_two_tenants_with_the_same_name_take_turns() -> None:
    with run_queue(1, 1) as queue:
        turns = []
        for tenant, episode in (("acme", "1"), ("acme", "2"), ("acme", "3"), ("globex", "1")):
            partition = f"test1/{episode}.mp4"
            queue.instance.add_dynamic_partitions(f"{tenant}/episodes", [partition])
            run = queue.submit({PARTITION: partition, "dagster/code_location": tenant})
            assert run.tags[SHOW] == "test1"
            turns.append((tenant, run.tags[TURN_TAG]))
        assert turns == [("acme", "0"), ("acme", "1"), ("acme", "2"), ("globex", "0")]


def test_tenants_with_an_episode_of_the_same_name_share_no_limit() -> None:
    with run_queue(4, 1, *TENANT_TAGS.values()) as queue:
        for tenant in ("acme", "globex"):
            queue.instance.add_dynamic_partitions(f"{tenant}/episodes", ["test1/1.mp4", "test1/2.mp4"])
            for partition in ("test1/1.mp4", "test1/2.mp4"):
                queue.submit({PARTITION: partition, "dagster/code_location": tenant})
        started = queue.start()
        assert sorted(run.tags["clipper/tenant_partition"] for run in started) == [
            "acme/test1/1.mp4",
            "globex/test1/1.mp4",
        ]
        assert {run.tags[SHOW] for run in started} == {"test1"}
        for run in started:
            queue.end(run)
        assert len(queue.start()) == 2


def test_a_run_without_a_tenant_has_no_tag_of_one(queue: Queue) -> None:
    tags = queue.submit({PARTITION: "A/1.mp4", "dagster/code_location": "clipper_assets"}).tags
    assert not set(TENANT_TAGS.values()) & set(tags)


def test_an_episode_of_another_tenant_gives_a_run_no_show() -> None:
    with run_queue(1, 1) as queue:
        queue.instance.add_dynamic_partitions("acme/episodes", ["test1/1.mp4"])
        assert SHOW not in queue.submit({PARTITION: "test1/1.mp4", "dagster/code_location": "globex"}).tags
