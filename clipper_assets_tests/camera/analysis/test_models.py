"""Downloading and verifying model files, with a real HTTP server on loopback."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from clipper_assets.camera.analysis import models
from clipper_assets.camera.analysis.models import MODELS, ModelFileError, fetch, model_file, verify

NAME = "lr-asd-backend"
CONTENT = bytes(range(256)) * 1000


@dataclass
class Server:
    """The server's URL and its answer."""

    url: str
    body: bytes = CONTENT
    status: int = 200
    promised_bytes: int = len(CONTENT)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """A server that sends `CONTENT` as the model `NAME`; `MODELS` is patched to expect that during the test."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answer.status)
            self.send_header("Content-Length", str(answer.promised_bytes))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    answer = Server(f"http://127.0.0.1:{http.server_port}/{NAME}.onnx")
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    model = replace(MODELS[NAME], url=answer.url, sha256=sha256, size_bytes=len(CONTENT))
    monkeypatch.setitem(models.MODELS, NAME, model)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield answer
    http.shutdown()
    http.server_close()
    thread.join()


def error_of_fetch(models_dir: Path) -> str:
    """The error message of a failed download, which must leave no file behind."""
    with pytest.raises(ModelFileError) as error:
        fetch(NAME, models_dir, lambda _: None)
    assert [path for path in models_dir.rglob("*") if path.is_file()] == []
    return str(error.value)


def test_a_downloaded_model_is_complete_and_progress_is_reported(server: Server, tmp_path: Path) -> None:
    shares: list[float] = []
    file = fetch(NAME, tmp_path / "models", shares.append)
    assert file == tmp_path / "models/lr_asd/lr-asd-backend.onnx"
    assert file.read_bytes() == CONTENT
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert shares == sorted(shares)
    assert len(shares) > 2
    assert shares[-1] == 1
    assert verify(NAME, tmp_path / "models") == file


def test_without_a_models_directory_the_cache_is_used(server: Server, tmp_path: Path) -> None:
    assert model_file(NAME, tmp_path) is None
    file = fetch(NAME, None, lambda _: None)
    assert file == tmp_path / "cache/clipper_assets/models/lr_asd/lr-asd-backend.onnx"
    assert model_file(NAME, None) == model_file(NAME, tmp_path) == file


def test_the_models_directory_takes_precedence_over_the_cache(server: Server, tmp_path: Path) -> None:
    fetch(NAME, None, lambda _: None)
    file = fetch(NAME, tmp_path, lambda _: None)
    assert model_file(NAME, tmp_path) == file


def test_a_file_with_another_checksum_is_rejected(server: Server, tmp_path: Path) -> None:
    server.body = CONTENT[::-1]
    message = error_of_fetch(tmp_path)
    assert message.startswith(f"{server.url} sent {len(CONTENT)} bytes with SHA-256 ")
    assert "try again later" in message


def test_an_interrupted_download_leaves_no_file(server: Server, tmp_path: Path) -> None:
    server.body = CONTENT[:100_000]
    assert f"sent 100000 bytes with SHA-256 {hashlib.sha256(server.body).hexdigest()[:12]}" in error_of_fetch(tmp_path)


def test_an_interrupted_download_keeps_the_previous_file(server: Server, tmp_path: Path) -> None:
    file = fetch(NAME, tmp_path, lambda _: None)
    server.body = CONTENT[:10]
    with pytest.raises(ModelFileError):
        fetch(NAME, tmp_path, lambda _: None)
    assert file.read_bytes() == CONTENT


def test_an_http_error_is_reported_with_the_url(server: Server, tmp_path: Path) -> None:
    server.status = 404
    place = tmp_path / MODELS[NAME].path
    assert error_of_fetch(tmp_path) == f"{server.url} answered 404; copy {NAME} to {place} yourself"


def test_an_unreachable_server_is_reported_with_the_url(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(models.MODELS, NAME, replace(MODELS[NAME], url="http://127.0.0.1:1/x.onnx"))
    assert "cannot download lr-asd-backend from http://127.0.0.1:1/x.onnx" in error_of_fetch(tmp_path)


def test_an_unwritable_folder_is_reported(server: Server, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file, not a directory")
    with pytest.raises(ModelFileError, match=r"cannot download .* to .*lr-asd-backend\.onnx .*; try again"):
        fetch(NAME, tmp_path / "models", lambda _: None)


def test_a_missing_and_a_damaged_file_have_different_errors(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="is missing; download it with `clipper models fetch lr-asd-backend`"):
        verify(NAME, tmp_path)
    fetch(NAME, tmp_path, lambda _: None).write_bytes(b"damaged")
    with pytest.raises(ModelFileError, match="is damaged or not the model lr-asd-backend: its SHA-256 begins with"):
        verify(NAME, tmp_path)


def test_every_model_is_pinned_to_a_commit_and_a_checksum() -> None:
    for model in MODELS.values():
        assert model.url.startswith("https://")
        assert any(len(part) == 40 and set(part) <= set("0123456789abcdef") for part in model.url.split("/"))
        assert len(bytes.fromhex(model.sha256)) == 32
        assert model.licence.startswith("MIT, ")
