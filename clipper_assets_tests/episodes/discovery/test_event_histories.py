"""Whatever happens to messages and uploads, each version of an upload gets one run."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

import dagster as dg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clipper_assets.episodes.discovery import queue as queues
from clipper_assets.episodes.discovery.upload_events import build_upload_events
from clipper_assets.job import clip_episode
from clipper_assets.runtime.errors import StorageError
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.episodes.discovery.ticks import Ticks, s3_notification
from clipper_assets_tests.support.sensors import observe_nothing

BUCKET, PREFIX = "bucket", "team/"
KEYS = ["a b.mp4", "show/ü+1.mp4", "show/c.mp3"]


class AsS3(DirectoryStorage):
    """A directory that says that it is in S3; no sensor that reads a queue may list it."""

    bucket: str = BUCKET
    prefix: str = PREFIX

    def list_objects(self, folder: str = "") -> Any:
        raise AssertionError("a tick of upload_events lists nothing")


@dataclass
class Sqs:
    """A queue as SQS promises it: at least once, in any order, and hidden after it was received."""

    random: Random
    messages: dict[str, str] = field(default_factory=dict)
    hidden: dict[str, str] = field(default_factory=dict)
    away: bool = False
    numbers: Iterable[int] = field(default_factory=count)

    def send(self, body: str) -> None:
        for _ in range(self.random.randint(1, 2)):
            self.messages[str(next(iter(self.numbers)))] = body

    def receive_message(self, **_: Any) -> dict[str, Any]:
        if self.away:
            raise ValueError("connection refused")
        some = self.random.sample(list(self.messages), min(len(self.messages), self.random.randint(1, 10)))
        self.hidden |= {receipt: self.messages.pop(receipt) for receipt in some}
        return {"Messages": [{"ReceiptHandle": receipt, "Body": self.hidden[receipt]} for receipt in some]}

    def delete_message_batch(self, Entries: list[dict[str, str]], **_: Any) -> None:  # noqa: N803  # boto3's spelling
        for entry in Entries:
            if self.random.random() < 0.8:
                self.hidden.pop(entry["ReceiptHandle"], None)

    def show_hidden(self) -> None:
        self.messages |= self.hidden
        self.hidden.clear()


ROUNDS = st.tuples(
    st.sampled_from(["upload", "delete", "nothing"]),
    st.sampled_from(KEYS),
    st.sampled_from(["tick", "lost tick", "crash", "away"]),
)
"""What happens to an upload, and what becomes of the tick after it."""


@given(rounds=st.lists(ROUNDS, min_size=2, max_size=8), seed=st.integers(0, 2**32))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_version_that_lasts_gets_one_run(
    rounds: list[tuple[str, str, str]],
    seed: int,
    tmp_path_factory: pytest.TempPathFactory,
    instance: dg.DagsterInstance,
) -> None:
    instance.wipe()
    storage = AsS3(root=str(tmp_path_factory.mktemp("storage")))
    queue, versions, sizes = Sqs(Random(seed)), set[str](), count(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("boto3.client", lambda *_, **__: queue)
        ticks = Ticks(build_upload_events(clip_episode, "url", 15, observe_nothing), storage, instance, queue)
        for event, key, tick in rounds:
            if event == "upload":
                storage.put_bytes(key, b"x" * next(sizes))
                versions.add(run_key(storage, key))
                queue.send(s3_notification(BUCKET, PREFIX + key))
            elif event == "delete":
                storage.delete(key)
                queue.send(s3_notification(BUCKET, PREFIX + key, "ObjectRemoved:Delete"))
            happen(tick, ticks, queue, patch)
        for _ in range(30):
            if queue.messages:
                happen("tick", ticks, queue, patch)
        assert queue.messages == {}
        tags = [run.tags["clipper/upload"] for run in instance.get_runs()]
        assert len(tags) == len(set(tags))
        assert set(tags) <= versions
        assert {run_key(storage, key) for key in KEYS if storage.exists(key)} <= set(tags)


def happen(tick: str, ticks: Ticks, queue: Sqs, patch: pytest.MonkeyPatch) -> None:
    """A tick: whole, with a result that is lost, with a crash before it deletes messages, or without a queue."""
    queue.away = tick == "away"
    if tick == "away":
        with pytest.raises(StorageError, match="connection refused"):
            ticks.tick()
    elif tick == "crash" and queue.messages:
        with patch.context() as crashing:
            crashing.setattr(queues.UploadQueue, "delete", crash)
            with pytest.raises(RuntimeError, match="crash"):
                ticks.tick()
        queue.show_hidden()
    else:
        ticks.tick(lost=tick == "lost tick")


def crash(*_: object) -> None:
    raise RuntimeError("crash")


def run_key(storage: DirectoryStorage, key: str) -> str:
    stored = storage.stat(key)
    assert stored
    return f"{key}@{stored.version}"
