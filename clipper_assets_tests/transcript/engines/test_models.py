import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import faster_whisper.utils
import pytest

from clipper_assets.transcript.engines import models
from clipper_assets.transcript.engines.base import EngineUnavailableError
from clipper_assets.transcript.engines.models import find_whisper

NOWHERE = "nobody/no-such-model"


def model_in(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "model.bin").touch()
    return folder


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def hub() -> Iterator[str]:
    """A hub that has every model whose name ends in `-here`."""

    class Hub(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path.endswith("-here") else 404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_directories_come_before_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "ENDPOINT", "http://127.0.0.1:9")
    direct = model_in(tmp_path / "mine")
    assert find_whisper(str(direct), None) == direct
    prefixed = model_in(tmp_path / "models" / "faster-whisper-small")
    assert find_whisper("small", tmp_path / "models") == prefixed
    plain = model_in(tmp_path / "models" / "small")
    assert find_whisper("small", tmp_path / "models") == plain


def test_a_model_of_no_known_name_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError, match=str(tmp_path / "faster-whisper-smal")):
        find_whisper("smal", tmp_path)


def test_a_directory_that_is_not_there_is_no_repository(tmp_path: Path) -> None:
    for name in (str(tmp_path / "gone"), "./gone/model"):
        with pytest.raises(EngineUnavailableError, match=r"no model\.bin"):
            find_whisper(name, None)


def test_an_unreachable_hub_costs_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "HUB_TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        for port in (mute.getsockname()[1], 9):
            monkeypatch.setattr(models, "ENDPOINT", f"http://127.0.0.1:{port}")
            began = time.monotonic()
            with pytest.raises(EngineUnavailableError, match=r"cannot be reached.*CLIPPER_MODELS_DIR"):
                find_whisper(NOWHERE, None)
            assert time.monotonic() - began < 2


def test_an_offline_hub_is_not_asked(monkeypatch: pytest.MonkeyPatch, hub: str) -> None:
    monkeypatch.setattr(models, "ENDPOINT", hub)
    monkeypatch.setattr(models, "HF_HUB_OFFLINE", True)
    with pytest.raises(EngineUnavailableError, match="HF_HUB_OFFLINE"):
        find_whisper("nobody/model-here", None)


def test_the_hub_is_used_where_it_has_the_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, hub: str) -> None:
    asked: list[tuple[str, bool]] = []

    def download(repository: str, local_files_only: bool = False) -> str:
        asked.append((repository, local_files_only))
        if local_files_only:
            raise FileNotFoundError
        return str(tmp_path)

    monkeypatch.setattr(models, "ENDPOINT", hub)
    monkeypatch.setattr(faster_whisper.utils, "download_model", download)
    assert find_whisper("nobody/model-here", None) == tmp_path
    assert asked == [("nobody/model-here", True), ("nobody/model-here", False)]
    with pytest.raises(EngineUnavailableError, match="404"):
        find_whisper(NOWHERE, None)
