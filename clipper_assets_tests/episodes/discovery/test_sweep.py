"""The daily sweep for uploads that no event announced."""

import time
from typing import Any

import dagster as dg
import pytest

from clipper_assets.episodes.discovery import requests, sweep
from clipper_assets.episodes.discovery.sweep import EVERY_S, OVERLAP_S, Cursor, build_sweep_uploads
from clipper_assets.job import clip_episode
from clipper_assets.storage.s3 import S3Storage
from clipper_assets_tests.episodes.discovery.ticks import Observer, Ticks


@pytest.fixture
def observer() -> Observer:
    return Observer()


@pytest.fixture
def ticks(s3_storage: S3Storage, instance: dg.DagsterInstance, observer: Observer) -> Ticks:
    return Ticks(build_sweep_uploads(clip_episode, observer), s3_storage, instance)


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Pages of two keys, and one of them a tick; returns the keys that pages begin behind."""
    starts: list[str] = []
    pages = S3Storage.walk_pages

    def two(storage: S3Storage, *arguments: Any) -> Any:
        starts.append(arguments[-1])
        storage.client.meta.events.register(
            "provide-client-params.s3.ListObjectsV2", lambda params, **_: params.update(MaxKeys=2)
        )
        return pages(storage, *arguments)

    monkeypatch.setattr(S3Storage, "walk_pages", two)
    monkeypatch.setattr(sweep, "LISTING_S", -1.0)
    return starts


def key_of(run_key: str) -> str:
    return run_key.partition("@")[0]


def day_later(ticks: Ticks) -> None:
    cursor = Cursor.model_validate_json(ticks.cursor or "{}")
    ticks.cursor = cursor.model_copy(update={"began_s": cursor.began_s - EVERY_S}).model_dump_json()


def test_a_sweep_finds_missed_uploads_once_a_day(ticks: Ticks) -> None:
    for key in ("show/a.mp4", "show/clips/clip_0.mp4", "show/a.wav", "lake/b.mp4"):
        ticks.storage.put_bytes(key, b"x")
    assert [key_of(each) for each in ticks.tick()] == ["show/a.mp4"]
    ticks.storage.put_bytes("show/c.mp4", b"x")
    assert ticks.tick() == []
    day_later(ticks)
    assert [key_of(each) for each in ticks.tick()] == ["show/c.mp4"]
    day_later(ticks)
    assert ticks.tick() == []


def test_a_sweep_goes_on_where_the_tick_before_stopped(ticks: Ticks, small_pages: list[str]) -> None:
    keys = [f"{number}.mp4" for number in range(5)]
    for key in keys:
        ticks.storage.put_bytes(key, b"x")
    assert [[key_of(each) for each in ticks.tick()] for _ in range(4)] == [keys[:2], keys[2:4], keys[4:], []]
    assert small_pages[:3] == ["", "1.mp4", "3.mp4"]


def test_a_lost_tick_is_repeated(ticks: Ticks, small_pages: list[str]) -> None:
    ticks.storage.put_bytes("a.mp4", b"x")
    assert ticks.tick(lost=True) == []
    assert [key_of(each) for each in ticks.tick()] == ["a.mp4"]


def test_a_page_with_more_uploads_than_a_tick_may_request_is_finished_first(
    ticks: Ticks, small_pages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (sweep, requests):
        monkeypatch.setattr(module, "REQUESTS_PER_TICK", 1)
    for key in ("a.mp4", "b.mp4", "c.mp4"):
        ticks.storage.put_bytes(key, b"x")
    requested = [[key_of(each) for each in ticks.tick()] for _ in range(5)]
    assert sorted(key for each in requested for key in each) == ["a.mp4", "b.mp4", "c.mp4"]
    assert max(len(each) for each in requested) == 1


def test_later_sweeps_look_at_a_week_and_a_cursor_stays_small(ticks: Ticks) -> None:
    assert Cursor().due(1e9) == Cursor(began_s=1e9, since_s=0.0, after="")
    done = Cursor(began_s=1e9)
    assert done.due(1e9 + EVERY_S - 1) == done
    assert done.due(1e9 + EVERY_S).since_s == 1e9 - OVERLAP_S
    swept = Cursor(began_s=1e9, after="show/a.mp4")
    assert swept.due(1e9 + 2 * EVERY_S) == swept
    for number in range(30):
        ticks.storage.put_bytes(f"{number}.mp4", b"x")
    ticks.tick()
    assert ticks.cursor
    assert len(ticks.cursor) < 100


def test_a_clock_that_was_ahead_delays_no_sweep_and_hides_no_upload(ticks: Ticks) -> None:
    ticks.storage.put_bytes("show/missed.mp4", b"x")
    ticks.cursor = Cursor(began_s=time.time() + 365 * EVERY_S).model_dump_json()
    assert [key_of(each) for each in ticks.tick()] == ["show/missed.mp4"]
    assert ticks.tick() == []


def test_only_later_sweeps_observe_inputs(ticks: Ticks, observer: Observer) -> None:
    ticks.storage.put_bytes("show/show.toml", b"x")
    ticks.tick()
    assert observer.calls == []
    day_later(ticks)
    ticks.tick()
    assert observer.calls == [["show/show.toml"]]
    ticks.tick()
    assert len(observer.calls) == 1
