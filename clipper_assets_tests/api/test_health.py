"""`/health` and `/ready`, which names the parts that do not answer."""

import asyncio
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from threading import Event

import pytest
from dagster._daemon.types import DaemonHeartbeat
from fastapi.testclient import TestClient

from clipper_assets.api import health
from clipper_assets.api.deps import Services
from clipper_assets.api.health import REMEDIES, Readiness
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.api.conftest import client_of


def test_health_has_no_rate_limit(services: Services) -> None:
    settings = services.settings.model_copy(update={"api_rate": "1/minute"})
    stranger = client_of(replace(services, settings=settings), None)
    assert {stranger.get("/review/").status_code for _ in range(3)} == {200, 429}
    assert {stranger.get(path).status_code for path in ("/health", "/health", "/health")} == {200}


@pytest.fixture
def healthy_daemons(services: Services) -> Iterator[None]:
    for daemon in services.instance.get_required_daemon_types():
        services.instance.add_daemon_heartbeat(DaemonHeartbeat(time.time(), daemon, "id", []))
    yield
    services.instance.wipe_daemon_heartbeats()


def test_ready_reports_each_part(stranger: TestClient, healthy_daemons: None) -> None:
    answer = stranger.get("/ready")
    assert (answer.status_code, answer.json()) == (200, dict.fromkeys(REMEDIES, "ok"))


def test_ready_names_a_daemon_without_heartbeat_and_a_missing_storage(
    services: Services, tmp_path_factory: pytest.TempPathFactory
) -> None:
    gone = tmp_path_factory.mktemp("gone")
    shutil.rmtree(gone)
    answer = client_of(replace(services, storage=DirectoryStorage(root=str(gone))), None).get("/ready")
    assert answer.status_code == 503
    failing = {"daemon": REMEDIES["daemon"], "storage": REMEDIES["storage"]}
    assert answer.json() == {**dict.fromkeys(REMEDIES, "ok"), **failing}


def test_a_part_that_hangs_is_checked_once_and_does_not_block_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "ANSWER_S", 0.05)
    monkeypatch.setattr(health, "FRESH_S", 0.0)
    release, checks = Event(), []

    def hang() -> None:
        checks.append(1)
        release.wait()

    readiness = Readiness({"storage": hang, "database": lambda: None})

    async def ask() -> list[dict[str, str]]:
        return list(await asyncio.gather(*(readiness.states() for _ in range(5))))

    try:
        answers = asyncio.run(ask())
    finally:
        release.set()
    assert len(checks) == 1
    assert {answer["database"] for answer in answers} == {"ok"}
    assert {answer["storage"][:20] for answer in answers} == {"no answer within 0.0"}
