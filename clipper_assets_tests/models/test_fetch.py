"""Downloading and verifying model files, with a real HTTP server on loopback."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from clipper_assets.models.fetch import fetch
from clipper_assets.models.store import ModelFileError, model_path, used_models, verify
from clipper_assets.models.table import HUB, MODELS, Kind, ModelFile

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
            with suppress(ConnectionError):  # the client may have read enough
                self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    answer = Server(f"http://127.0.0.1:{http.server_port}/{NAME}.onnx")
    serve_from(answer.url, monkeypatch)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield answer
    http.shutdown()
    http.server_close()
    thread.join()


def serve_from(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file = ModelFile(hashlib.sha256(CONTENT).hexdigest(), len(CONTENT), url)
    monkeypatch.setitem(MODELS, NAME, replace(MODELS[NAME], files=(file,)))


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
    assert model_path(NAME, tmp_path) is None
    file = fetch(NAME, None, lambda _: None)
    assert file == tmp_path / "cache/clipper_assets/models/lr_asd/lr-asd-backend.onnx"
    assert model_path(NAME, None) == model_path(NAME, tmp_path) == file


def test_the_models_directory_takes_precedence_over_the_cache(server: Server, tmp_path: Path) -> None:
    fetch(NAME, None, lambda _: None)
    file = fetch(NAME, tmp_path, lambda _: None)
    assert model_path(NAME, tmp_path) == file


def test_a_file_with_another_checksum_is_rejected(server: Server, tmp_path: Path) -> None:
    server.body = CONTENT[::-1]
    message = error_of_fetch(tmp_path)
    assert message.startswith(f"model {NAME} cannot be fetched: {server.url} gave {len(CONTENT)} bytes with SHA-256 ")
    assert f"run `clipper models fetch {NAME}` on a connected machine" in message


def test_a_file_that_is_too_long_is_not_read_to_its_end(server: Server, tmp_path: Path) -> None:
    server.body = CONTENT * 20
    server.promised_bytes = len(server.body)
    assert f"{server.url} has more than the {len(CONTENT)} bytes of" in error_of_fetch(tmp_path)


def test_an_interrupted_download_leaves_no_file(server: Server, tmp_path: Path) -> None:
    server.body = CONTENT[:100_000]
    assert f"gave 100000 bytes with SHA-256 {hashlib.sha256(server.body).hexdigest()[:12]}" in error_of_fetch(tmp_path)


def test_an_interrupted_download_keeps_the_previous_file(server: Server, tmp_path: Path) -> None:
    file = fetch(NAME, tmp_path, lambda _: None)
    file.write_bytes(b"another version")
    server.body = CONTENT[:10]
    with pytest.raises(ModelFileError):
        fetch(NAME, tmp_path, lambda _: None)
    assert file.read_bytes() == b"another version"


def test_a_model_is_not_used_where_there_is_a_better_one(tmp_path: Path) -> None:
    used = []
    for name in ("ultraface-rfb-320", "yunet-2023mar"):
        file = tmp_path / "models" / MODELS[name].path
        file.parent.mkdir(parents=True)
        file.write_bytes(b"")
        used.append(used_models(Kind.camera, tmp_path / "models"))
    assert used == [["ultraface-rfb-320"], ["yunet-2023mar"]]


def test_an_intact_file_is_not_downloaded_again(server: Server, tmp_path: Path) -> None:
    file = fetch(NAME, tmp_path, lambda _: None)
    server.status = 500
    assert fetch(NAME, tmp_path, lambda _: None) == file


def test_an_http_error_is_reported_with_the_url(server: Server, tmp_path: Path) -> None:
    server.status = 404
    place = tmp_path / MODELS[NAME].path
    assert error_of_fetch(tmp_path) == (
        f"model {NAME} cannot be fetched: {server.url} answered 404; run `clipper models fetch {NAME}` on a connected "
        f"machine and copy the result to {place}"
    )


def test_an_unreachable_server_is_reported_with_the_url(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve_from("http://127.0.0.1:1/x.onnx", monkeypatch)
    assert "http://127.0.0.1:1/x.onnx cannot be downloaded: [Errno 111]" in error_of_fetch(tmp_path)


def test_an_unwritable_folder_is_reported(server: Server, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file, not a directory")
    with pytest.raises(ModelFileError, match=r"lr-asd-backend\.onnx cannot be written .*; make that folder writable"):
        fetch(NAME, tmp_path / "models", lambda _: None)


def test_a_missing_and_a_damaged_file_have_different_errors(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="is missing; download it with `clipper models fetch lr-asd-backend`"):
        verify(NAME, tmp_path)
    fetch(NAME, tmp_path, lambda _: None).write_bytes(b"damaged")
    with pytest.raises(ModelFileError, match="is damaged or not the model lr-asd-backend: its SHA-256 begins with"):
        verify(NAME, tmp_path)


def test_every_model_is_pinned_to_a_commit_or_a_wheel_and_to_checksums() -> None:
    for name, model in MODELS.items():
        for file in model.files:
            commits = [
                part for part in file.url.split("/") if len(part) == 40 and not set(part) - {*"0123456789abcdef"}
            ]
            assert file.url.startswith(("https://", HUB)) if file.url else file.members, name
            assert len(commits) == bool(file.url), name
            assert len(bytes.fromhex(file.sha256)) == 32
            assert bool(file.name) == (len(model.files) > 1), name
        assert all(wheel.version and wheel.size_bytes for wheel in model.wheels)
        assert model.licence.startswith(("MIT, ", "SIL Open Font License"))


def test_a_whisper_folder_is_complete_once_its_last_file_is_there() -> None:
    folders = [model for model in MODELS.values() if len(model.files) > 1]
    assert len(folders) == 4
    assert {model.files[-1].name for model in folders} == {"model.bin"}
