import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from pydantic import SecretStr

from clipper_assets.clips.manifest import Manifest, Source
from clipper_assets.episodes.partitions import episodes
from clipper_assets.runs.model import REPORTED_TAG
from clipper_assets.settings import Settings
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.webhooks import sensor
from clipper_assets.webhooks.sensor import build_webhooks
from clipper_assets_tests.clips.card_clip import clip_in
from clipper_assets_tests.support.receiver import SECRET, Receiver, receiving

KEY = "show/a.mp4"
MANIFEST = "show/clips/manifest.json"
PATIENCE_S = 10.0


@dg.asset(partitions_def=episodes)
def rendered_clips(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Fails if its run has the tag `fail`; otherwise reports a manifest, as the real asset does."""
    if "fail" in context.run.tags:
        raise dg.Failure("the upload cannot be read; upload it again")
    return dg.MaterializeResult(metadata={"manifest": MANIFEST})


@dg.asset(partitions_def=episodes)
def raw_video() -> None:
    """An asset that makes no clips."""


def run(instance: dg.DagsterInstance, asset: str | None = None, **tags: str) -> str:
    """Runs the job, or one of its assets; returns the run id."""
    instance.add_dynamic_partitions("episodes", [KEY])
    job = dg.define_asset_job("clip_episode", selection=[asset] if asset else [rendered_clips, raw_video])
    resolved = dg.Definitions([rendered_clips, raw_video], jobs=[job]).resolve_job_def("clip_episode")
    selection = [dg.AssetKey(asset)] if asset else None
    result = resolved.execute_in_process(
        instance=instance, partition_key=KEY, tags=tags, raise_on_error=False, asset_selection=selection
    )
    return result.run_id


class Ticks:
    """Evaluates the sensor tick by tick and keeps its cursor."""

    def __init__(self, instance: dg.DagsterInstance, storage: DirectoryStorage, settings: Settings):
        (self.sensor,) = build_webhooks(settings, first_wait_s=0.01)
        self.instance, self.storage = instance, storage
        self.cursor: str | None = None

    def tick(self) -> list[dict[str, Any]]:
        """Evaluates one tick; returns the pending deliveries."""
        context = dg.build_sensor_context(instance=self.instance, cursor=self.cursor)
        result = self.sensor(context, storage=self.storage)
        assert isinstance(result, dg.SensorResult)
        assert result.cursor
        self.cursor = result.cursor
        pending: list[dict[str, Any]] = json.loads(self.cursor)["pending"]
        return pending

    def until_nothing_is_pending(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while self.tick():
            assert time.monotonic() < deadline, self.cursor


@pytest.fixture
def receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with receiving(tmp_path) as receiver:
        monkeypatch.setenv("SSL_CERT_FILE", str(receiver.authority))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield receiver


def settings_for(*urls: str) -> Settings:
    return Settings(webhook_urls=urls, webhook_secret=SecretStr(SECRET))


@pytest.fixture
def ticks(receiver: Receiver, instance: dg.DagsterInstance, storage: DirectoryStorage) -> Ticks:
    """The sensor after its first tick."""
    ticks = Ticks(instance, storage, settings_for(receiver.url))
    assert ticks.tick() == []
    return ticks


def test_an_event_is_delivered_again_until_the_receiver_accepts_it(
    receiver: Receiver, ticks: Ticks, storage: DirectoryStorage
) -> None:
    clip = clip_in(storage)
    manifest = Manifest(
        episode=KEY, status="done", source=Source(key=KEY, etag="0", duration=5.0), created_at=datetime.now(UTC),
        run_id="r", clips=[clip], degraded=[],
    )  # fmt: skip
    storage.put_bytes(MANIFEST, manifest.to_bytes())
    good, bad = run(ticks.instance), run(ticks.instance, fail="yes")
    receiver.answers = [500, 503]
    ticks.until_nothing_is_pending()
    accepted = dict(receiver.received[2:])
    assert len(receiver.received) == 4
    assert accepted.keys() == {f"{good}.episode.succeeded", f"{bad}.episode.failed"}
    event = accepted[f"{good}.episode.succeeded"]
    assert event["type"] == "episode.succeeded"
    assert datetime.fromisoformat(event["timestamp"]) <= datetime.now(UTC)
    assert event["data"] == {
        "key": KEY, "run_id": good, "error": None, "manifest_key": MANIFEST,
        "clips": [{
            "clip_index": 0, "key": clip.key, "publishable": clip.publishable, "hook": clip.hook, "title": clip.title,
            "start_time": clip.start_time, "end_time": clip.end_time, "duration": clip.duration,
        }],
    }  # fmt: skip
    event = accepted[f"{bad}.episode.failed"]
    assert event["data"] == {
        "key": KEY, "run_id": bad, "error": "the upload cannot be read; upload it again", "manifest_key": None,
        "clips": [],
    }  # fmt: skip
    ticks.tick()
    assert len(receiver.received) == 4
    assert all(REPORTED_TAG in each.tags for each in ticks.instance.get_runs())


def test_a_retry_sends_the_same_body(receiver: Receiver, ticks: Ticks) -> None:
    run(ticks.instance, fail="yes")
    receiver.answers = [500]
    ticks.until_nothing_is_pending()
    first, second = receiver.received
    assert first == second


def test_runs_that_ended_before_the_first_tick_are_not_reported(
    receiver: Receiver, instance: dg.DagsterInstance, storage: DirectoryStorage
) -> None:
    run(instance, fail="yes")
    ticks = Ticks(instance, storage, settings_for(receiver.url))
    ticks.tick()
    new = run(instance, fail="yes")
    ticks.until_nothing_is_pending()
    assert [name for name, _ in receiver.received] == [f"{new}.episode.failed"]


def test_only_runs_that_make_clips_are_reported(receiver: Receiver, ticks: Ticks) -> None:
    run(ticks.instance, "raw_video")
    rendered = run(ticks.instance, "rendered_clips", fail="yes")
    ticks.until_nothing_is_pending()
    assert [name for name, _ in receiver.received] == [f"{rendered}.episode.failed"]


def test_a_failure_that_dagster_retries_is_not_reported(
    receiver: Receiver, storage: DirectoryStorage, tmp_path: Path
) -> None:
    with dg.instance_for_test(overrides={"run_retries": {"enabled": True, "max_retries": 1}}) as instance:
        ticks = Ticks(instance, storage, settings_for(receiver.url))
        ticks.tick()
        run(instance, fail="yes")
        last = run(instance, fail="yes", **{"dagster/max_retries": "0"})
        ticks.until_nothing_is_pending()
    assert [name for name, _ in receiver.received] == [f"{last}.episode.failed"]


def test_each_receiver_has_its_own_delivery(
    receiver: Receiver, instance: dg.DagsterInstance, storage: DirectoryStorage, tmp_path: Path
) -> None:
    unreachable = "https://127.0.0.1:1/hook?token=hidden"
    ticks = Ticks(instance, storage, settings_for(unreachable, receiver.url))
    ticks.tick()
    run(instance, fail="yes")
    (pending,) = ticks.tick()
    assert pending["attempt"] == 1
    assert len(receiver.received) == 1
    assert "hidden" not in str(ticks.cursor)
    remaining = Ticks(instance, storage, settings_for(receiver.url))
    remaining.cursor = ticks.cursor
    assert remaining.tick() == []
    assert len(receiver.received) == 1


@pytest.mark.parametrize("status", [301, 307, 400, 429])
def test_any_status_but_2xx_is_a_failure_and_redirects_are_not_followed(
    receiver: Receiver, ticks: Ticks, status: int
) -> None:
    run(ticks.instance, fail="yes")
    receiver.answers = [status]
    (pending,) = ticks.tick()
    assert pending["attempt"] == 1
    assert pending["due"] > 0
    assert len(receiver.received) == 1


def test_a_certificate_of_an_unknown_authority_is_rejected(
    receiver: Receiver, ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    run(ticks.instance, fail="yes")
    assert [pending["attempt"] for pending in ticks.tick()] == [1]
    assert receiver.received == []


def test_a_silent_receiver_does_not_block_a_tick(
    receiver: Receiver, ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sensor, "TIMEOUT_S", 0.3)
    receiver.silent.set()
    run(ticks.instance, fail="yes")
    assert [pending["attempt"] for pending in ticks.tick()] == [1]
    assert len(receiver.received) == 1


def test_deliveries_beyond_the_time_of_a_tick_stay_due(
    receiver: Receiver, ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sensor, "TICK_S", 0.0)
    run(ticks.instance, fail="yes")
    assert [(pending["attempt"], pending["due"]) for pending in ticks.tick()] == [(0, 0.0)]
    assert receiver.received == []


@pytest.mark.parametrize(("answers", "attempts"), [([410], 1), ([500] * 3, 3)])
def test_a_delivery_is_given_up_with_an_error(
    receiver: Receiver,
    ticks: Ticks,
    answers: list[int],
    attempts: int,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sensor, "ATTEMPTS", 3)
    failed = run(ticks.instance, fail="yes")
    receiver.answers = list(answers)
    ticks.until_nothing_is_pending()
    assert len(receiver.received) == attempts
    assert (
        f"gave up delivering episode.failed of run {failed} to webhook URL 1: {answers[-1]}" in capfd.readouterr().err
    )


def test_a_missing_manifest_is_reported_in_the_event_and_blocks_no_other(receiver: Receiver, ticks: Ticks) -> None:
    good, bad = run(ticks.instance), run(ticks.instance, fail="yes")
    assert ticks.tick() == []
    data_by_id = {name: body["data"] for name, body in receiver.received}
    assert set(data_by_id) == {f"{good}.episode.succeeded", f"{bad}.episode.failed"}
    data = data_by_id[f"{good}.episode.succeeded"]
    assert (data["clips"], data["manifest_key"]) == ([], None)
    assert data["error"] == f"{MANIFEST} is missing; materialize rendered_clips of the episode again"


def test_attempts_span_about_a_day() -> None:
    waits = [min(sensor.FIRST_WAIT_S * 2**attempt, sensor.LONGEST_WAIT_S) for attempt in range(sensor.ATTEMPTS - 1)]
    assert 20 * 3600 < sum(waits) < 28 * 3600


def test_there_is_no_sensor_without_a_url() -> None:
    assert build_webhooks(Settings()) == []


@pytest.mark.parametrize(
    ("urls", "secret", "reason"),
    [
        ("http://example.com/hook", SECRET, "URL 1 of CLIPPER_WEBHOOK_URLS is not https://host/path"),
        ("https://example.com/hook, ftp://b/x", SECRET, "URL 2 of"),
        ("https://user:a-password@example.com/hook", SECRET, "URL 1 of"),
        ("https:///hook", SECRET, "URL 1 of"),
        ("https://[::1/hook", SECRET, "URL 1 of"),
        ("https://example.com/hook", None, "CLIPPER_WEBHOOK_SECRET is not; set both"),
        ("https://example.com/hook", "whsec_", "CLIPPER_WEBHOOK_SECRET is invalid"),
        ("https://example.com/hook", "whsec_abcde", "CLIPPER_WEBHOOK_SECRET is invalid"),
    ],
)
def test_invalid_settings_are_refused_in_one_sentence(urls: str, secret: str | None, reason: str) -> None:
    settings = Settings(webhook_urls=tuple(urls.split(", ")), webhook_secret=SecretStr(secret) if secret else None)
    with pytest.raises(ValueError, match=reason) as caught:
        build_webhooks(settings)
    assert "password" not in str(caught.value)
