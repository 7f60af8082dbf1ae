"""The API on a real Dagster instance with the real code location and one finished episode."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from clipper_assets.api.app import build_app
from clipper_assets.api.auth import Tokens
from clipper_assets.api.deps import Services
from clipper_assets.api.graphql.dagster import Dagster
from clipper_assets.api.metrics import Meter
from clipper_assets.api.repository.states import States
from clipper_assets.api.urls import Signer
from clipper_assets.runs.log import Runs
from clipper_assets.settings import Settings
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.conftest import clip_episode, shorten_clips

REPOSITORY = Path(__file__).parents[2]
KEY = "show/cut.mp4"
NEW = "show2/new.mp4"
TOKENS = Tokens.parse([SecretStr(token) for token in ("full-token", "read:read-token", "operator:operator-token")])
URL = "http://testserver"


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory, cut: Path) -> Iterator[Services]:
    """Services with the finished episode `show/cut.mp4` and the new upload `show2/new.mp4`; runs stay queued."""
    root = tmp_path_factory.mktemp("api")
    with pytest.MonkeyPatch.context() as monkeypatch:
        shorten_clips(monkeypatch)
        monkeypatch.setenv("DAGSTER_HOME", str(root / "home"))
        monkeypatch.chdir(REPOSITORY)
        (root / "home").mkdir()
        for name in ("data/show/cut", "data/show2/new"):
            (root / name).parent.mkdir(parents=True)
            shutil.copy(cut, root / f"{name}.mp4")
            shutil.copy(cut.with_suffix(".srt"), root / f"{name}.srt")
        settings, storage = Settings(), DirectoryStorage(root=str(root / "data"))
        with dg.DagsterInstance.get() as instance, Dagster(instance, settings.workspace) as dagster:
            meter = Meter(instance)
            _, result = clip_episode(storage, KEY, instance, max_clips=2)
            assert result.success
            runs = Runs(instance)
            signer, states = Signer(TOKENS.key, settings.api_url_expiry_s), States(storage, instance, runs)
            yield Services(settings, storage, instance, dagster, signer, runs, states, meter)


def client_of(services: Services, token: str | None) -> TestClient:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return TestClient(build_app(services, TOKENS), URL, headers=headers, raise_server_exceptions=False)


@pytest.fixture
def client(services: Services) -> TestClient:
    return client_of(services, "full-token")


@pytest.fixture
def operator(services: Services) -> TestClient:
    return client_of(services, "operator-token")


@pytest.fixture
def reader(services: Services) -> TestClient:
    return client_of(services, "read-token")


@pytest.fixture
def stranger(services: Services) -> TestClient:
    return client_of(services, None)


@pytest.fixture
def runs_of_new_removed(services: Services) -> Iterator[None]:
    """Removes the runs of `NEW` that a test started, and their claims."""
    yield
    for claim in list(services.storage.list_objects("lake/run_claims")):
        services.storage.delete(claim.key)
    run = services.runs.latest(NEW)
    while run:
        services.instance.delete_run(run.run_id)
        run = services.runs.latest(NEW)
    services.states.forget(NEW)
