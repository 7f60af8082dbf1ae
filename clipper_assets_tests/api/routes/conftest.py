"""The episode that tests edit."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from clipper_assets.api.deps import Services
from clipper_assets_tests.api.routes.edited import KEY, process
from clipper_assets_tests.conftest import shorten_clips


@pytest.fixture(scope="session")
def edited_episode(services: Services, cut: Path) -> None:
    """The episode `edited.KEY` with its clips."""
    services.storage.put_file(KEY, cut)
    services.storage.put_file(KEY.replace(".mp4", ".srt"), cut.with_suffix(".srt"))
    with pytest.MonkeyPatch.context() as monkeypatch:
        shorten_clips(monkeypatch)
        process(services)


@pytest.fixture
def edits_discarded(services: Services, client: TestClient) -> Iterator[None]:
    """Discards all edits after the test and renders the episode again."""
    yield
    version = client.get(f"/episodes/{KEY}").json()["edits"]["version"]
    assert client.request("DELETE", f"/episodes/{KEY}/edits", json={"base_version": version}).status_code == 200
    process(services)
