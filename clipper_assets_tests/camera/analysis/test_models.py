"""Model files from a real server on loopback."""

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
    """What the server answers with, and where it is."""

    url: str
    body: bytes = CONTENT
    status: int = 200
    promised_bytes: int = len(CONTENT)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """A server that gives the model `NAME`, which the table takes to be `CONTENT` for the length of the test."""

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
    known = hashlib.sha256(CONTENT).hexdigest()
    model = replace(MODELS[NAME], url=answer.url, sha256=known, size_bytes=len(CONTENT))
    monkeypatch.setitem(models.MODELS, NAME, model)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield answer
    http.shutdown()
    http.server_close()
    thread.join()


def refusal(models_dir: Path) -> str:
    """The sentence with which a fetch ends that leaves no file behind."""
    with pytest.raises(ModelFileError) as refused:
        fetch(NAME, models_dir, lambda _: None)
    assert [path for path in models_dir.rglob("*") if path.is_file()] == []
    return str(refused.value)


def test_a_fetched_model_is_whole_and_reports_its_progress(server: Server, tmp_path: Path) -> None:
    shares: list[float] = []
    file = fetch(NAME, tmp_path / "models", shares.append)
    assert file == tmp_path / "models/lr_asd/lr-asd-backend.onnx"
    assert file.read_bytes() == CONTENT
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert shares == sorted(shares)
    assert len(shares) > 2
    assert shares[-1] == 1
    assert verify(NAME, tmp_path / "models") == file


def test_without_a_models_directory_it_goes_to_the_cache_and_is_found_there(server: Server, tmp_path: Path) -> None:
    assert model_file(NAME, tmp_path) is None
    file = fetch(NAME, None, lambda _: None)
    assert file == tmp_path / "cache/clipper_assets/models/lr_asd/lr-asd-backend.onnx"
    assert model_file(NAME, None) == model_file(NAME, tmp_path) == file


def test_the_models_directory_comes_before_the_cache(server: Server, tmp_path: Path) -> None:
    fetch(NAME, None, lambda _: None)
    file = fetch(NAME, tmp_path, lambda _: None)
    assert model_file(NAME, tmp_path) == file


def test_another_file_than_the_models_is_refused(server: Server, tmp_path: Path) -> None:
    server.body = CONTENT[::-1]
    said = refusal(tmp_path)
    assert said.startswith(f"{server.url} gave {len(CONTENT)} bytes of SHA-256 ")
    assert "try again later" in said


def test_a_transfer_that_breaks_off_leaves_nothing(server: Server, tmp_path: Path) -> None:
    server.body = CONTENT[:100_000]
    assert f"gave 100000 bytes of SHA-256 {hashlib.sha256(server.body).hexdigest()[:12]}" in refusal(tmp_path)


def test_a_broken_transfer_keeps_the_file_that_was_there(server: Server, tmp_path: Path) -> None:
    file = fetch(NAME, tmp_path, lambda _: None)
    server.body = CONTENT[:10]
    with pytest.raises(ModelFileError):
        fetch(NAME, tmp_path, lambda _: None)
    assert file.read_bytes() == CONTENT


def test_a_missing_address_is_named(server: Server, tmp_path: Path) -> None:
    server.status = 404
    place = tmp_path / MODELS[NAME].path
    assert refusal(tmp_path) == f"{server.url} answered 404; put {NAME} at {place} by hand"


def test_a_server_that_is_not_there(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(models.MODELS, NAME, replace(MODELS[NAME], url="http://127.0.0.1:1/x.onnx"))
    assert "cannot be fetched from http://127.0.0.1:1/x.onnx" in refusal(tmp_path)


def test_a_place_that_cannot_be_written(server: Server, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file, not a directory")
    with pytest.raises(ModelFileError, match=r"cannot be fetched .* to .*lr-asd-backend\.onnx .*; try again"):
        fetch(NAME, tmp_path / "models", lambda _: None)


def test_a_damaged_file_is_told_from_a_missing_one(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="is not on this machine; `clipper models fetch lr-asd-backend`"):
        verify(NAME, tmp_path)
    fetch(NAME, tmp_path, lambda _: None).write_bytes(b"damaged")
    with pytest.raises(ModelFileError, match="is not lr-asd-backend: its SHA-256 begins with"):
        verify(NAME, tmp_path)


def test_every_model_is_pinned_to_a_commit_and_a_checksum() -> None:
    for model in MODELS.values():
        assert model.url.startswith("https://")
        assert any(len(part) == 40 and set(part) <= set("0123456789abcdef") for part in model.url.split("/"))
        assert len(bytes.fromhex(model.sha256)) == 32
        assert model.licence.startswith("MIT, ")
