import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from clipper_assets.settings import Device
from clipper_assets.transcript import models
from clipper_assets.transcript.models import ModelMissingError, ctranslate2_device, find_whisper, hub_model
from clipper_assets_tests.transcript.hub import serve

NOWHERE = "nobody/no-such-model"


def model_in(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "model.bin").touch()
    return folder


@pytest.fixture(autouse=True)
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def test_directories_are_searched_before_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "ENDPOINT", "http://127.0.0.1:9")
    direct = model_in(tmp_path / "mine")
    assert find_whisper(str(direct), None) == direct
    prefixed = model_in(tmp_path / "models" / "faster-whisper-small")
    assert find_whisper("small", tmp_path / "models") == prefixed
    plain = model_in(tmp_path / "models" / "small")
    assert find_whisper("small", tmp_path / "models") == plain
    repository = model_in(tmp_path / "models" / "their-model")
    assert find_whisper("somebody/their-model", tmp_path / "models") == repository


def test_the_error_for_an_unknown_model_lists_the_searched_folders(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match=str(tmp_path / "faster-whisper-smal")):
        find_whisper("smal", tmp_path)


def test_a_missing_directory_is_not_taken_for_a_repository(tmp_path: Path) -> None:
    for name in (str(tmp_path / "gone"), "./gone/model"):
        with pytest.raises(ModelMissingError, match=r"no model\.bin"):
            find_whisper(name, None)


def test_a_hub_that_does_not_answer_raises_after_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "HUB_TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as unresponsive:
        for port in (unresponsive.getsockname()[1], 9):
            monkeypatch.setattr(models, "ENDPOINT", f"http://127.0.0.1:{port}")
            with pytest.raises(ModelMissingError, match=r"cannot be reached.*CLIPPER_MODELS_DIR"):
                find_whisper(NOWHERE, None)


def test_the_hub_is_not_contacted_when_offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(models, "HF_HUB_OFFLINE", True)
    with serve({"nobody/model": model_in(tmp_path / "model")}) as hub:
        monkeypatch.setattr(models, "ENDPOINT", hub)
        with pytest.raises(ModelMissingError, match="HF_HUB_OFFLINE"):
            find_whisper("nobody/model", None)


def test_a_model_is_downloaded_from_the_hub_only_once(whisper_model: Path, tmp_path: Path) -> None:
    """Runs in subprocesses, because huggingface_hub reads the addresses of hub and cache at import."""
    code = "from clipper_assets.transcript.models import find_whisper\nprint(find_whisper('nobody/tiny', None))\n"
    environment = {name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"}
    environment |= {"HF_HOME": str(tmp_path), "NO_PROXY": "127.0.0.1"}

    def fetch(endpoint: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code],
            env={**environment, "HF_ENDPOINT": endpoint},
            capture_output=True,
            text=True,
            check=False,
        )

    with serve({"nobody/tiny": whisper_model}) as hub:
        first = fetch(hub)
    assert first.returncode == 0, first.stderr
    folder = Path(first.stdout.strip())
    assert (folder / "model.bin").read_bytes() == (whisper_model / "model.bin").read_bytes()
    again = fetch("http://127.0.0.1:9")
    assert again.stdout == first.stdout, again.stderr


def test_a_read_only_cache_raises_with_the_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def read_only(*_: object, **__: object) -> str:
        raise OSError(30, "Read-only file system", "/models")

    monkeypatch.setattr("huggingface_hub.snapshot_download", read_only)
    with serve({"nobody/model": model_in(tmp_path / "model")}) as hub:
        monkeypatch.setattr(models, "ENDPOINT", hub)
        with pytest.raises(
            ModelMissingError, match=r"cannot be downloaded into .*Read-only.*make that folder writable"
        ):
            find_whisper("nobody/model", None)


def test_a_model_missing_on_the_hub_raises_with_the_status(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve({}) as hub:
        monkeypatch.setattr(models, "ENDPOINT", hub)
        with pytest.raises(ModelMissingError, match="404"):
            find_whisper(NOWHERE, None)


def test_a_model_behind_a_licence_needs_a_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    model = hub_model("diarization model", "them/gated", "model.bin")
    with serve({"them/gated": model_in(tmp_path / "gated")}, token="t0ken") as hub:
        monkeypatch.setattr(models, "ENDPOINT", hub)
        with pytest.raises(ModelMissingError, match="401"):
            model.refuse_if_unreachable(None)
        assert model.refuse_if_unreachable(None, "t0ken") == "them/gated"


def test_device_and_compute_type_follow_the_settings() -> None:
    assert ctranslate2_device(Device.cpu, None) == ("cpu", "int8")
    assert ctranslate2_device(Device.cpu, "float32") == ("cpu", "float32")
    assert ctranslate2_device(Device.cuda, "int8_float16") == ("cuda", "int8_float16")
